//! What the attributes expand to, and where their errors point.

use proc_macro2::TokenStream;

use crate::error::Error;
use crate::expand::sim_test;
use crate::function::Function;
use crate::settings::Settings;
use crate::time::millis;

fn tokens(text: &str) -> TokenStream {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn expanded(settings: &str, function: &str) -> String {
    sim_test(tokens(settings), tokens(function)).to_string().replace(' ', "")
}

/// The text that an error points at, and what it says.
fn told(error: Error) -> (String, String) {
    (error.span.source_text().unwrap_or_default(), error.message)
}

fn of_settings(text: &str) -> (String, String) {
    told(Settings::parse(tokens(text)).expect_err(text))
}

fn of_function(text: &str) -> (String, String) {
    told(Function::parse(tokens(text)).expect_err(text))
}

const TASK: &str = "async fn a(system: System) { b(system).await }";

#[test]
fn every_setting_becomes_a_call() {
    let made = expanded("time = \"10m\", nodes = 3, shards = N + 1, seeds = 200,", TASK);
    for call in [
        ".nodes(3)",
        ".shards(N+1)",
        ".seeds(200)",
        ".time_max(::core::time::Duration::from_millis(600000u64))",
        "campaign.run(|sim|sim.run(a))",
        "#[test]fna()",
        "asyncfna(system:System){b(system).await}",
    ] {
        assert!(made.contains(call), "{call} is not in {made}");
    }
    assert!(!made.contains("exhaustive"), "{made}");
}

#[test]
fn what_is_left_out_is_the_campaigns_to_choose_but_for_the_time() {
    let made = expanded("", TASK);
    assert!(made.contains("builder.time_max(::core::time::Duration::from_secs(3600))"), "{made}");
    for setting in [".nodes", ".shards", ".seeds", ".exhaustive"] {
        assert!(!made.contains(setting), "{setting} is in {made}");
    }
}

#[test]
fn each_form_is_run_in_its_way() {
    let stepped = expanded("exhaustive = 2", "fn a(sim: &mut TestRuntime) {}");
    assert!(stepped.contains(".exhaustive(2)"), "{stepped}");
    assert!(stepped.contains("campaign.run(|sim|a(sim))"), "{stepped}");
    let at_once = expanded("", "async fn a(sim: &mut TestRuntime) {}");
    assert!(at_once.contains("::greenroom_testkit::at_once(a(sim))"), "{at_once}");
}

#[test]
fn attributes_and_visibility_stay() {
    let made = expanded("", "/// Docs.\n#[should_panic] pub(crate) async fn a(_: System) {}");
    let test = made.find("#[should_panic]#[test]pub(crate)fna()");
    assert!(test.is_some(), "{made}");
    assert_eq!(made.matches("should_panic").count(), 1, "{made}");
}

#[test]
fn an_error_of_a_test_that_has_a_result_fails_it() {
    let made = expanded("", "async fn a(b: System) -> Result<(), C> { d().await }");
    assert!(made.contains("asyncfna(b:System)->Result<(),C>{d().await}"), "{made}");
    assert!(made.contains("run(|sim|::greenroom_testkit::passed(sim.run(a)))"), "{made}");
    assert!(!expanded("", TASK).contains("passed"));
}

#[test]
fn an_error_is_all_that_is_left() {
    let made = expanded("sheds = 2", TASK);
    assert!(made.starts_with("::core::compile_error!{\"thereisnosetting`sheds`"), "{made}");
    assert!(!made.contains("fna"), "{made}");
}

#[test]
fn a_wrong_setting_is_pointed_at() {
    let cases = [
        ("sheds = 2", "sheds", "there is no setting `sheds`; there are nodes, shards"),
        ("seeds = 2, seeds = 3", "seeds", "`seeds` is set twice"),
        ("seeds", "seeds", "expected `seeds = value`"),
        ("seeds: 4", ":", "expected `seeds = value`"),
        ("seeds =", "seeds", "`seeds` has no value"),
        ("seeds = , nodes = 2", "seeds", "`seeds` has no value"),
        ("200", "200", "expected a setting"),
        ("seeds = \"many\"", "\"many\"", "`seeds` is a number"),
        ("nodes = 0", "0", "`nodes` is at least 1"),
        ("time = \"60\"", "\"60\"", "expected a time such as"),
        ("time = \"s\"", "\"s\"", "expected a time such as"),
        ("time = 60", "60", "expected a time such as"),
        ("seeds = 3, exhaustive = 2", "exhaustive", "has no `seeds`"),
    ];
    for (settings, at, says) in cases {
        let (pointed, message) = of_settings(settings);
        assert!(message.contains(says), "{settings}: {message}");
        assert_eq!(pointed, at, "{settings}: {message}");
    }
}

#[test]
fn a_wrong_function_is_pointed_at() {
    let cases = [
        ("struct A;", "struct", "a simulation test is a function"),
        ("unsafe fn a(b: C) {}", "unsafe", "a simulation test is a function"),
        ("fn a<T>(b: C) {}", "<", "has no type parameters"),
        ("async fn a(b: C);", ";", "has a body"),
        ("async fn a() {}", "()", "takes one thing"),
        ("async fn a(&self) {}", "(&self)", "takes one thing"),
        ("async fn a(b: C, d: E) {}", "d", "takes one thing"),
        ("fn a(system: System) {}", "System", "takes `&mut TestRuntime`"),
        ("#[test] async fn a(b: C) {}", "test", "makes a test of it already"),
    ];
    for (function, at, says) in cases {
        let (pointed, message) = of_function(function);
        assert!(message.contains(says), "{function}: {message}");
        assert_eq!(pointed, at, "{function}: {message}");
    }
}

#[test]
fn what_is_right_is_not_refused() {
    for function in [
        "async fn a(b: C<D, E>,) {}",
        "async fn a(_: System) {}",
        "async fn a(_: System) -> Result<(), Box<dyn Error>> {}",
        "#[cfg(test)] #[should_panic(expected = \"test\")] fn a(sim: &mut TestRuntime) {}",
    ] {
        assert!(Function::parse(tokens(function)).is_ok(), "{function}");
    }
}

#[test]
fn times_are_whole_numbers_with_a_unit() {
    let right = [("500ms", 500), ("60s", 60_000), ("10m", 600_000), ("2h", 7_200_000)];
    for (text, expected) in right {
        assert_eq!(millis(text), Some(expected), "{text}");
    }
    for text in ["", "60", "s", "1.5s", "-1s", "1d", "1 s", "99999999999999999999s"] {
        assert_eq!(millis(text), None, "{text}");
    }
}
