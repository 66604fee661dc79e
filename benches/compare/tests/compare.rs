//! A comparison, with a stand-in for our own binary.

use crate::{greenroom_compare, lines};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

/// A bench binary of ours that prints what `script` says; named apart because tests run together.
fn ours(name: &str, script: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).expect("the test's folder is ours");
    let executable = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(&path, executable).expect("the file is ours");
    path
}

#[test]
fn ours_is_set_against_each_rival() {
    // The arguments are echoed into the line, so a wrong one makes it a line about something else.
    let script = r#"[ "$2 $3 $4" = "--json --secs 0.01" ] || exit 1
        echo '{"workload":"'$1'","variant":"full","unit":"ns","median":2,"min":1,"max":3,"n":5}'
        echo '{"workload":"'$1'","variant":"bare","unit":"ns","median":1,"min":1,"max":1,"n":5}'"#;
    let path = ours("ours_in_order", script);
    let line = format!("tokio actix ring --secs 0.01 --repeat 2 --json --ours {}", path.display());
    let output = greenroom_compare(&line);
    assert!(output.status.success());
    let lines = lines(&output);
    let names: Vec<_> = lines.iter().map(|line| line["rival"].as_str()).collect();
    assert_eq!(names, [Some("ours"), Some("tokio"), Some("actix")]);
    assert_eq!(lines[0]["version"], "full");
    assert_eq!(lines[0]["median"], 2.0);
    for rival in &lines[1..] {
        assert_eq!(rival["n"], 2);
        let median = rival["median"].as_f64().expect("a figure");
        assert_eq!(rival["ours_times_better"].as_f64(), Some(median / 2.0));
    }
}

#[test]
fn who_fails_is_named() {
    let path = ours("ours_broken", "echo 'no such workload' >&2; exit 7");
    let line = format!("tokio spawn --secs 0.01 --repeat 2 --ours {}", path.display());
    let output = greenroom_compare(&line);
    assert_eq!(output.status.code(), Some(1));
    let table = String::from_utf8_lossy(&output.stdout);
    let row = table.lines().find(|line| line.trim_start().starts_with("ours")).expect("a row");
    assert!(row.contains("FAILED: exit status: 7: no such workload"), "{row}");
    assert!(table.lines().any(|line| line.trim_start().starts_with("tokio")), "{table}");
}

#[test]
fn a_page_and_a_picture_are_written() {
    let script = r#"echo '{"workload":"'$1'","variant":"full","unit":"ns","median":2,"min":1,"max":3,"n":5}'"#;
    let path = ours("ours_written", script);
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("written/deep");
    let (ours, written) = (path.display(), folder.display());
    let line = format!("tokio ring --secs 0.01 --repeat 1 --ours {ours} --write {written}");
    assert!(greenroom_compare(&line).status.success());
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).expect("it was written");
    let (table, chart) = (read("table.md"), read("chart.svg"));
    assert!(table.contains("| workload | Greenroom | tokio "), "{table}");
    assert!(chart.contains(">tokio</text>"), "{chart}");
}
