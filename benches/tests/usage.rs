//! The command line.

use std::process::{Command, Output};

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_greenroom-benches")).args(arguments).output().unwrap()
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

/// Each workload runs, checks its own results, and prints a line for each variant.
#[test]
fn every_workload_of_one_shard_runs() {
    for workload in ["ask_local", "cast_local", "ring", "spawn"] {
        let output = run(&[workload, "--json", "--secs", "0.02", "--repeats", "1"]);
        assert!(output.status.success(), "{workload}: {output:?}");
        let text = String::from_utf8(output.stdout).unwrap();
        let variants: Vec<_> = text.lines().collect();
        assert!(variants[0].contains("\"variant\":\"full\""), "{text}");
        assert!(variants[1].contains("\"variant\":\"bare\""), "{text}");
        assert!(variants.iter().all(|line| line.contains("\"median\":")), "{text}");
    }
}
