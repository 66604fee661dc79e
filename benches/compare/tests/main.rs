//! The binary, run as a user runs it. No test looks at a figure beyond its form: what a rival did is
//! checked by each measurement itself, which fails if a message got lost.

mod compare;
mod run;
mod serve;

use std::process::{Command, Output};

/// Runs the binary to its end.
fn greenroom_compare(line: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_greenroom-compare"))
        .args(line.split_whitespace())
        .output()
        .expect("the binary starts")
}

/// The lines of JSON in its output.
fn lines(output: &Output) -> Vec<serde_json::Value> {
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines().map(|line| serde_json::from_str(line).expect("each line is JSON")).collect()
}

/// What it said on standard error.
fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
