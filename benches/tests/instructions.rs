//! Instructions per message, held from then on.
//!
//! Time is noise on a shared machine; instructions are not. callgrind counts those of two runs of
//! different length in the bare loop; their difference is what one message costs. The bounds are
//! what was measured when they were set (`callgrind` on the release build), with a little room for
//! other compilers; raise one only together with the reason.
//!
//! The same of the simulator, where a message costs what its events cost: there the runs differ by
//! some seeds, of which each is another world, and a bound has room for other choices in them.

use std::path::PathBuf;
use std::process::Command;

/// Most instructions one unit of a workload may take.
const BOUNDS: [(&str, u64); 3] = [("ask_local", 385), ("cast_local", 128), ("ring", 313)];

fn release_binary() -> PathBuf {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf();
    let built = Command::new(env!("CARGO"))
        .args(["build", "--release", "--package", "greenroom-benches", "--message-format=json"])
        .current_dir(root)
        .output()
        .unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    let text = String::from_utf8(built.stdout).unwrap();
    let line = text.lines().rfind(|line| line.contains("\"executable\":\"")).unwrap();
    let path = line.split("\"executable\":\"").nth(1).unwrap();
    path.split('"').next().unwrap().into()
}

fn instructions(binary: &PathBuf, workload: &str, variant: &str, units: u64) -> u64 {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(binary)
        .args([workload, "--variant", variant, "--count", &units.to_string()])
        .output()
        .expect("valgrind is installed: `cargo x test` sees to it");
    let report = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{report}");
    let line = report.lines().find(|line| line.contains("Collected :")).unwrap();
    line.rsplit(':').next().unwrap().trim().parse().unwrap()
}

const FEW: u64 = 200_000;
const MANY: u64 = 400_000;
/// Units that two runs differ by.
const UNITS: u64 = MANY - FEW;

/// What [`UNITS`] units take.
fn spent(binary: &PathBuf, workload: &str, variant: &str) -> u64 {
    let run = |units| instructions(binary, workload, variant, units);
    run(MANY) - run(FEW)
}

#[test]
fn a_message_takes_no_more_instructions_than_it_did() {
    let binary = release_binary();
    for (workload, bound) in BOUNDS {
        let each = spent(&binary, workload, "bare") / UNITS;
        eprintln!("{workload}: {each} instructions each, at most {bound}");
        assert!(each > 0 && each <= bound, "{workload}: {each} instructions each, bound {bound}");
    }
}

/// Most instructions of a message in the simulator, by variant of `sim_ping_pong`. They are of the
/// first few seeds, whose runs become others when one more thing is drawn.
const SIM_BOUNDS: [(&str, u64); 4] = [
    ("in_node", 850),
    ("in_node_2_shards", 3_850),
    ("2_nodes", 13_600),
    ("2_nodes, datagrams", 9_000),
];

#[test]
fn a_simulated_message_takes_no_more_instructions_than_it_did() {
    let binary = release_binary();
    for (variant, bound) in SIM_BOUNDS {
        // Whole runs: of 20,000 messages in a node, of 1,200 between nodes.
        let (few, many) = (20_000, 100_000);
        let run = |units| instructions(&binary, "sim_ping_pong", variant, units);
        let each = (run(many) - run(few)) / (many - few);
        eprintln!("sim_ping_pong {variant}: {each} instructions each, at most {bound}");
        assert!(each > 0 && each <= bound, "{variant}: {each} instructions each, bound {bound}");
    }
}

/// Whoever waits for the end of an actor is asked at its end, and at no message: all three counts
/// were the same to the last instruction when this was written. A tenth of one for each message
/// is room for a map that is laid out otherwise.
#[test]
fn a_message_to_an_actor_with_a_supervisor_links_and_monitors_takes_what_it_takes_to_any() {
    let binary = release_binary();
    for workload in ["ask_local", "cast_local"] {
        let plain = spent(&binary, workload, "bare");
        for variant in ["bare, supervised", "bare, linked"] {
            let bound = spent(&binary, workload, variant);
            eprintln!("{workload}: {bound} instructions `{variant}`, {plain} plain");
            assert!(
                bound.abs_diff(plain) <= UNITS / 10,
                "{workload}: `{variant}` {bound}, {plain}"
            );
        }
    }
}
