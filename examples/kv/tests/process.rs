//! The server in a process of its own, so that its memory and descriptors can be told from ours.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;

use super::cores::serve;

/// Set in the process that is to serve: how many shards, and how many clients at most.
const ROLE: &str = "KV_TEST_SERVER";

/// Says where it listens, behind whatever the test's harness prints before.
const MARK: &str = "listens on ";

/// A server in a process of its own; ends when dropped.
pub(super) struct ServerProcess {
    child: Child,
    pub(super) address: SocketAddr,
}

/// This is the program of that process. Run as a test like any other it serves nobody, and ends.
#[test]
fn serves_until_its_input_ends() {
    let Ok(role) = std::env::var(ROLE) else {
        let address = serve(1, 10, |address| address);
        assert!(std::net::TcpStream::connect(address).is_err(), "nobody listens afterwards");
        return;
    };
    let (shards, clients_max) = role.split_once(' ').unwrap();
    serve(shards.parse().unwrap(), clients_max.parse().unwrap(), |address| {
        let mut out = std::io::stdout();
        writeln!(out, "{MARK}{address}").unwrap();
        out.flush().unwrap();
        std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
    });
}

impl ServerProcess {
    /// Starts one with as many descriptors as it may have.
    pub(super) fn start(shards: u16, clients_max: usize) -> Self {
        let mut child = Command::new("sh")
            .args(["-c", "ulimit -n $(ulimit -Hn); exec \"$0\" \"$@\""])
            .arg(std::env::current_exe().unwrap())
            .args(["tests::process::serves_until_its_input_ends", "--exact", "--nocapture"])
            .env(ROLE, format!("{shards} {clients_max}"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a shell");
        let lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
        let (told, address) = mpsc::channel();
        // Reads to the end, so that the server never waits for somebody to read.
        #[expect(clippy::disallowed_methods, reason = "a thread of the test, beside any shard")]
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                if let Some((_, address)) = line.split_once(MARK) {
                    // The test may have failed meanwhile.
                    let _ = told.send(address.parse().unwrap());
                }
            }
        });
        let address = address.recv().expect("the server starts");
        Self { child, address }
    }

    /// Memory in bytes that is in use.
    pub(super) fn resident_bytes(&self) -> usize {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() * 1024
    }

    /// Descriptors that are open.
    pub(super) fn descriptors(&self) -> usize {
        fs::read_dir(format!("/proc/{}/fd", self.child.id())).unwrap().count()
    }

    /// Ends it, and says whether it ended well.
    pub(super) fn stop(mut self) {
        drop(self.child.stdin.take());
        assert!(self.child.wait().unwrap().success(), "the server ends well");
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        // Nothing to do about a failure: the test has its result.
        let _ = self.child.wait();
    }
}
