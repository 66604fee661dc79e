//! The command line.

use std::process::{Command, Output};

fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_greenroom-benches"));
    command.args(arguments);
    command
}

fn run(arguments: &[&str]) -> Output {
    program(arguments).output().unwrap()
}

/// Runs a workload for a moment; the name and the median of each variant.
fn moment(workload: &str) -> Vec<(String, f64)> {
    let output = run(&[workload, "--json", "--secs", "0.02", "--repeats", "1"]);
    assert!(output.status.success(), "{workload}: {output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let variant = |line: &str| {
        assert!(line.contains(&format!("\"workload\":\"{workload}\"")), "{line}");
        let after = |key: &str| line.split_once(&format!("\"{key}\":")).unwrap().1;
        let name = after("variant").split('"').nth(1).unwrap();
        let median = after("median").split(',').next().unwrap();
        (name.to_owned(), median.parse().unwrap())
    };
    text.lines().map(variant).collect()
}

#[test]
fn a_wrong_command_line_is_told_apart() {
    for arguments in [&["--secs"][..], &["--secs", "0"], &["--secs", "x"], &["--no"], &["nothing"]]
    {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("usage:"));
    }
}

/// Each workload of messages runs, checks its own results, and prints a line for each variant. Left
/// out are those that weigh a million actors or simulate for long, which take their time.
#[test]
fn every_workload_of_messages_runs() {
    let table: [(_, &[&str]); 16] = [
        ("ask_local", &["full", "bare", "bare, supervised", "bare, linked"]),
        ("cast_local", &["full", "bare", "bare, supervised", "bare, linked"]),
        ("ring", &["full", "bare"]),
        ("spawn", &["full", "bare"]),
        ("spawn_link", &["full", "full, no link", "bare"]),
        ("restart", &["full", "bare"]),
        ("restart_stop", &["full", "bare"]),
        ("exit_storm", &["full", "full, ring"]),
        ("exit_chain", &["full"]),
        ("ask_cross", &["full", "spin", "park", "floor, two lines", "bare"]),
        ("cast_cross", &["full", "floor, rtrb chunks of 32", "bare"]),
        ("big", &["full", "bare"]),
        ("fan", &["full", "bare"]),
        (
            "sim_ping_pong",
            &[
                "in_node",
                "in_node_2_shards",
                "2_nodes",
                "10_nodes",
                "2_nodes, datagrams",
                "10_nodes, datagrams",
            ],
        ),
        ("idle", &["full", "park", "spin"]),
        ("latency", &["full, echo p50", "full, echo p99", "full, timer p50", "full, timer p99"]),
    ];
    for (workload, variants) in table {
        let measured = moment(workload);
        let names: Vec<_> = measured.iter().map(|(name, _)| &**name).collect();
        assert_eq!(names, variants, "{workload}");
        let positive = |median: f64| median > 0.0 && median.is_finite();
        assert!(measured.iter().all(|(_, median)| positive(*median)), "{workload}: {measured:?}");
        if workload == "idle" {
            // One sleeps and the other does not, whatever else the machine does.
            assert!(measured[2].1 > measured[1].1, "{measured:?}");
        }
    }
}

#[test]
fn the_table_tells_ratios_to_the_floor() {
    let output = run(&["cast_cross", "--secs", "0.02", "--repeats", "1"]);
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.len(), 3, "{text}");
    assert!(lines[0].ends_with(" times `floor, rtrb chunks of 32`"), "{text}");
    assert!(lines[1].ends_with(", n 1)"), "{text}");
}

#[test]
fn a_server_that_is_missing_is_named_with_the_way_to_build_it() {
    let output = run(&["kv", "--kv", "/nonexistent/kv"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(output.stdout.is_empty(), "{output:?}");
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("/nonexistent/kv is no program"), "{told}");
    assert!(told.contains("cargo build --release --example kv"), "{told}");
}

#[test]
fn an_echo_server_that_is_missing_or_none_is_named() {
    let output = run(&["echo", "--echo", "/nonexistent/echo"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("/nonexistent/echo is no program"), "{told}");
    assert!(told.contains("cargo build --release --example echo"), "{told}");
    // A program that ends, in place of a server; and one that serves as nobody.
    let program = env!("CARGO_BIN_EXE_greenroom-benches");
    for (arguments, expected) in [
        (&["echo", "--echo", program][..], "ended before it listened"),
        (&["echo", "--echo", program, "--rivals", program], "serves as nobody"),
    ] {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(told.contains(expected), "{told}");
    }
}

#[test]
fn a_client_that_is_missing_is_named_with_its_package() {
    let server = env!("CARGO_BIN_EXE_greenroom-benches");
    let output = program(&["kv", "--kv", server]).env("PATH", "/nonexistent").output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("redis-benchmark") && told.contains("redis-tools"), "{told}");
}

/// One workload that cannot be measured does not keep the others from it.
#[test]
fn what_comes_after_a_failure_is_measured() {
    let arguments = ["kv", "ring", "--kv", "/nonexistent/kv", "--json", "--secs", "0.02"];
    let output = run(&arguments);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.lines().count() == 2 && text.starts_with("{\"workload\":\"ring\""), "{text}");
    let output = run(&["ring", "--variant", "none"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("no variant `none`"), "{output:?}");
    let output = run(&["kv", "--count", "10"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("no units"), "{output:?}");
}
