//! `run`: one measurement.

use crate::{errors, greenroom_compare, lines};

const RIVALS: [&str; 7] = ["tokio", "spawned", "ractor", "kameo", "actix", "xtra", "coerce"];

/// Every rival does the whole work of `workload`.
fn all_at(workload: &str, unit: &str) {
    for rival in RIVALS {
        let output = greenroom_compare(&format!("run {rival} {workload} --secs 0.01"));
        assert!(output.status.success(), "{rival}: {}", errors(&output));
        let [line] = &lines(&output)[..] else { panic!("{rival}: not one line") };
        assert_eq!(line["rival"], rival);
        assert_eq!(line["workload"], workload);
        assert_eq!(line["unit"], unit);
        assert!(line["value"].as_f64().is_some_and(|value| value > 0.0), "{line}");
    }
}

#[test]
fn all_answer_asks() {
    all_at("ask_local", "ns");
}

#[test]
fn all_count_one_way_messages() {
    all_at("cast_local", "ns");
}

#[test]
fn all_pass_the_token() {
    all_at("ring", "ns");
}

#[test]
fn all_spawn_and_stop() {
    all_at("spawn", "ns");
}

#[test]
fn all_answer_asks_from_another_core() {
    all_at("ask_cross", "ns");
}

#[test]
fn all_count_one_way_messages_from_another_core() {
    all_at("cast_cross", "M/s");
}

#[test]
fn actors_are_weighed_before_and_after_a_message() {
    let weigh = |workload| {
        let output = greenroom_compare(&format!("run kameo {workload}"));
        lines(&output)[0]["value"].as_f64().expect("a figure")
    };
    let (idle, after_message) = (weigh("bytes_idle"), weigh("bytes_after_message"));
    assert!(idle > 0.0 && after_message >= idle, "{idle} and {after_message}");
}

#[test]
fn names_that_do_not_exist_are_refused() {
    let output = greenroom_compare("run nobody ring");
    assert_eq!(output.status.code(), Some(2));
    assert!(errors(&output).starts_with("nobody is no option"), "{}", errors(&output));
    assert!(output.stdout.is_empty());
}
