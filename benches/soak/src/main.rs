//! What each release of glommio does where a runtime leans on it:
//! `cargo run --release --manifest-path benches/soak/Cargo.toml`.
//!
//! Each case runs in a process of its own, with a limit, because some of them hang or abort. A case
//! says in one line what it saw; the table is what `docs/design/glommio.md` quotes. One case of one
//! release is run by naming both: `.. -- released sleep-1ms`.
//!
//! `.. -- pong ng 7312` serves what `shard/examples/pong.rs` does, until it is killed;
//! `.. -- append /var/tmp` holds durable writes past the page cache against those through it.

#![forbid(unsafe_code)]

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

mod append;
mod cases;
mod pong;

/// The longest a case may take. The slowest that ends takes a few seconds.
const LIMIT: Duration = Duration::from_secs(30);

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match &args[..] {
        [append, dir] if append == "append" => append::run(dir.as_ref()),
        [pong, release, port] if pong == "pong" => {
            let port = port.parse().expect("a port");
            match release.as_str() {
                "released" => pong::released(port),
                "ng" => pong::ng(port),
                other => panic!("no release {other}: released or ng"),
            }
        }
        [release, case] => match release.as_str() {
            "released" => cases::released::run(case),
            "ng" => cases::ng::run(case),
            other => panic!("no release {other}: released or ng"),
        },
        _ => table(),
    }
}

fn table() {
    for case in cases::CASES {
        for release in ["released", "ng"] {
            println!("{case:<18} {release:<9} {}", run_alone(release, case));
        }
    }
}

/// Runs a case in a process of its own; returns what it said, or how it ended.
fn run_alone(release: &str, case: &str) -> String {
    let program = std::env::current_exe().expect("this program has a path");
    let child = Command::new(program)
        .args([release, case])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let mut child = child.expect("this program can be run again");
    let began = Instant::now();
    loop {
        if child.try_wait().expect("a child can be waited for").is_some() {
            break;
        }
        if began.elapsed() > LIMIT {
            child.kill().expect("a child can be killed");
            child.wait().expect("a child can be waited for");
            return format!("HANGS (killed after {LIMIT:?})");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let output = child.wait_with_output().expect("a child can be waited for");
    match String::from_utf8_lossy(&output.stdout).trim() {
        "" => format!("ends without a word: {}", output.status),
        said if output.status.success() => said.to_string(),
        said => format!("{said}; {}", output.status),
    }
}
