//! `run`: one measurement.

use crate::{errors, greenroom_compare, lines};

const RIVALS: [&str; 7] = ["tokio", "spawned", "ractor", "kameo", "actix", "xtra", "coerce"];

/// Every rival does the whole work of `workload`.
fn all_at(workload: &str, unit: &str) {
    for rival in RIVALS {
        one_at(rival, workload, unit);
    }
}

fn one_at(rival: &str, workload: &str, unit: &str) {
    let output = greenroom_compare(&format!("run {rival} {workload} --secs 0.01"));
    assert!(output.status.success(), "{rival}: {}", errors(&output));
    let [line] = &lines(&output)[..] else { panic!("{rival}: not one line") };
    assert_eq!(line["rival"], rival);
    assert_eq!(line["workload"], workload);
    assert_eq!(line["unit"], unit);
    assert!(line["value"].as_f64().is_some_and(|value| value > 0.0), "{line}");
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
fn all_ping_at_random_on_two_cores() {
    all_at("big", "M/s");
}

#[test]
fn all_ask_few_from_many() {
    all_at("fan", "M/s");
}

#[test]
fn those_who_restart_do_and_so_does_the_next_incarnation() {
    for rival in ["ractor", "kameo", "actix", "coerce"] {
        one_at(rival, "restart_stop", "k/s");
    }
    for rival in ["ractor", "kameo", "coerce"] {
        one_at(rival, "restart", "k/s");
    }
    let output = greenroom_compare("run actix spawn_link --secs 0.01");
    assert_eq!(output.status.code(), Some(1));
    assert!(errors(&output).starts_with("it has nothing that spawn_link"), "{}", errors(&output));
}

#[test]
fn those_who_link_end_together() {
    for rival in ["ractor", "kameo"] {
        for workload in ["spawn_link", "exit_storm", "exit_chain"] {
            one_at(rival, workload, "ns");
        }
    }
}

#[test]
fn who_has_no_such_thing_has_no_row() {
    let output =
        greenroom_compare("tokio actix coerce xtra restart_stop --secs 0.01 --repeat 1 --json");
    assert!(output.status.success(), "{}", errors(&output));
    let lines = lines(&output);
    let names: Vec<_> = lines.iter().map(|line| line["rival"].as_str()).collect();
    assert_eq!(names, [Some("actix"), Some("coerce")]);
}

/// The others' trees take as many seconds as they do less than these two.
#[test]
fn a_tree_of_a_million_adds_up() {
    for rival in ["tokio", "xtra"] {
        one_at(rival, "skynet", "ms");
    }
}

/// Left out where it is not installed: this is about the module's form, not its figures.
#[test]
fn erlang_does_the_whole_work_where_it_is_installed() {
    let erl = std::process::Command::new("erlc").arg("-help").output();
    if erl.is_err() {
        let output = greenroom_compare("erlang ring --secs 0.01");
        assert!(errors(&output).contains("erlang is left out"), "{}", errors(&output));
        return;
    }
    let table = [("ask_local", "ns"), ("cast_local", "ns"), ("ring", "ns"), ("spawn", "ns")];
    let cross = [("ask_cross", "ns"), ("cast_cross", "M/s"), ("big", "M/s"), ("fan", "M/s")];
    let bonds = [("spawn_link", "ns"), ("restart", "k/s"), ("restart_stop", "k/s")];
    let storms = [("exit_storm", "ns"), ("exit_chain", "ns")];
    for (workload, unit) in table.into_iter().chain(cross).chain(bonds).chain(storms) {
        one_at("erlang", workload, unit);
    }
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
