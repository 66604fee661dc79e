//! Many seeds: what a failure says, and that a run which does not repeat is found.

use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};

use greenroom_core::Placement;
use greenroom_core::hash::DetHashMap;
use greenroom_testkit::{Campaign, DecisionLog, Site, TestRuntime, seeds};

use super::actors::{Note, Notebook};

/// Fails under one seed in eight.
fn fails_sometimes(sim: &mut TestRuntime) {
    let unlucky = sim.draw(8) == 0;
    sim.run(async move |system| {
        let notebook = system.spawn(Placement::Shard(1), Notebook::default).await.unwrap();
        notebook.send(Note::Write(0, 0)).await.unwrap();
        assert!(!unlucky, "an unlucky seed");
    });
}

#[test]
fn a_failure_names_its_seed_and_repeats() {
    let name = "sim::campaigns::a_failure_names_its_seed_and_repeats";
    let found = Campaign::new(name).search(fails_sometimes).expect("one in eight");
    assert!(found.message.contains("an unlucky seed"), "{found}");
    assert!(found.log.decisions.iter().any(|decision| decision.site == Site::Test), "no decisions");
    // The same seed again, by hand.
    let mut sim = TestRuntime::builder().seed(found.seed).build();
    let again = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        fails_sometimes(&mut sim);
    }));
    assert!(again.is_err(), "the seed did not fail again");
}

/// What was drawn of the world itself.
fn knobs(log: &DecisionLog) -> Vec<(u32, u64)> {
    let drawn = log.decisions.iter().filter(|decision| decision.site == Site::Swarm);
    drawn.map(|decision| (decision.place, decision.chosen)).collect()
}

#[test]
fn a_failure_that_needs_no_odd_world_is_shrunk_to_a_tame_one() {
    let name = "sim::campaigns::a_failure_that_needs_no_odd_world_is_shrunk_to_a_tame_one";
    let campaign = Campaign::new(name);
    let found = campaign.search(fails_sometimes).expect("one in eight");
    let shrunk = campaign.shrink(&found, fails_sometimes).expect("it fails again");
    let nothing = DecisionLog { decisions: Vec::new(), ..shrunk.log.clone() };
    let tame = TestRuntime::builder().replay(nothing).build().decision_log();
    assert_eq!(knobs(&shrunk.log), knobs(&tame));
    assert_ne!(knobs(&shrunk.log), knobs(&found.log));
}

#[test]
fn one_of_24_seeds_in_a_row_is_run_twice_wherever_a_campaign_begins() {
    for number in 0..30 {
        let runs = |campaign: Campaign| {
            let runs = AtomicU64::new(0);
            let found = campaign.search(|_| {
                runs.fetch_add(1, Ordering::Relaxed);
            });
            assert!(found.is_none());
            runs.into_inner()
        };
        let campaign = || Campaign::new(format!("begins at {number}")).seeds(48);
        assert_eq!(runs(campaign()), 50);
        assert_eq!(runs(campaign().repeat_every(3)), 64);
        assert_eq!(runs(campaign().repeat_every(0)), 48);
    }
}

#[test]
fn a_run_that_depends_on_more_than_its_seed_is_found() {
    let name = "sim::campaigns::a_run_that_depends_on_more_than_its_seed_is_found";
    let runs = AtomicU64::new(0);
    let found = Campaign::new(name).seeds(200).search(|sim| {
        let run = runs.fetch_add(1, Ordering::Relaxed);
        sim.run(async move |system| {
            let notebook = system.spawn(Placement::Shard(1), Notebook::default).await.unwrap();
            for number in 0..400 + (run % 7) as u32 {
                notebook.send(Note::Write(0, number)).await.unwrap();
            }
        });
    });
    let found = found.expect("one seed in 24 is run twice");
    assert!(found.message.contains("two runs of one seed differ"), "{found}");
    assert!(found.message.contains("the second run went on with"), "{found}");
}

#[test]
#[expect(clippy::disallowed_types, reason = "it is what must be found")]
fn an_order_that_comes_from_the_standard_librarys_maps_is_found() {
    let name = "sim::campaigns::an_order_that_comes_from_the_standard_librarys_maps_is_found";
    let found = Campaign::new(name).seeds(200).search(|sim| {
        sim.run(async |system| {
            let mut notebooks = std::collections::HashMap::new();
            for number in 0..8 {
                let placed = Placement::Shard(number % 2);
                notebooks.insert(number, system.spawn(placed, Notebook::default).await.unwrap());
            }
            for notebook in notebooks.values() {
                notebook.send(Note::Write(0, 0)).await.unwrap();
            }
        });
    });
    let found = found.expect("maps of two threads have two orders");
    assert!(found.message.contains("two runs of one seed differ"), "{found}");
}

#[test]
fn an_order_that_comes_from_seeded_maps_repeats() {
    let name = "sim::campaigns::an_order_that_comes_from_seeded_maps_repeats";
    Campaign::new(name).seeds(100).run(|sim| {
        sim.run(async |system| {
            let mut notebooks = DetHashMap::default();
            for number in 0..8 {
                let placed = Placement::Shard(number % 2);
                let notebook = system.spawn(placed, Notebook::default).await.unwrap();
                notebooks.insert(notebook.pid(), notebook);
            }
            for notebook in notebooks.values() {
                notebook.send(Note::Write(0, 0)).await.unwrap();
            }
        });
    });
}

/// Set in the processes in which the victim is to fail.
const VICTIM: &str = "GREENROOM_SIM_VICTIM";

/// Fails on purpose in the processes that the tests below start, and does nothing elsewhere.
#[test]
fn victim() {
    if std::env::var_os(VICTIM).is_none() {
        return;
    }
    seeds("sim::campaigns::victim", 50, fails_sometimes);
}

/// What steers a campaign.
const VARIABLES: [&str; 9] = [
    "SIM_SEED",
    "SIM_SEEDS",
    "SIM_BASE",
    "SIM_TIME",
    "SIM_POLICY",
    "SIM_REPLAY",
    "SIM_CHECK",
    "SIM_JOBS",
    "SIM_HASHES",
];

/// Runs the victim with these variables; returns what it printed.
fn run_victim(variables: &[(&str, &str)]) -> String {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["sim::campaigns::victim", "--exact", "--nocapture"]).env(VICTIM, "1");
    command.env("CARGO_PKG_NAME", "some-package");
    for variable in VARIABLES {
        command.env_remove(variable);
    }
    let output = command.envs(variables.iter().copied()).output().unwrap();
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn the_line_that_repeats_a_failure_does() {
    let said = run_victim(&[]);
    let lines: Vec<&str> = said.lines().filter(|line| line.starts_with("SIM_SEED=0x")).collect();
    let [line] = lines.as_slice() else { panic!("not one line to copy: {said}") };
    let (seed, command) = line.split_once(' ').unwrap();
    assert_eq!(command, "cargo test -p some-package sim::campaigns::victim");
    let seed = seed.trim_start_matches("SIM_SEED=");
    let again = run_victim(&[("SIM_SEED", seed)]);
    assert!(again.contains(line), "{again}");
    assert!(again.contains("after 0 that passed"), "another seed ran first: {again}");
}

/// The lines of what a victim said that begin with `SIM_`.
fn lines_to_copy(said: &str) -> Vec<&str> {
    said.lines().filter(|line| line.starts_with("SIM_")).collect()
}

#[test]
fn the_logs_of_a_failure_and_of_a_smaller_one_make_them_again() {
    let said = run_victim(&[]);
    assert!(said.contains("of them preemptions"), "{said}");
    assert!(said.contains("and stands like this:"), "{said}");
    let paths = said.lines().filter_map(|line| line.split_once("its choices are in "));
    let paths: Vec<&str> = paths.map(|(_, path)| path).collect();
    let [path, smaller] = paths[..] else { panic!("not two logs: {said}") };
    assert!(smaller.ends_with(".min.dec"), "{smaller}");
    for path in [path, smaller] {
        let again = run_victim(&[("SIM_REPLAY", path)]);
        assert!(again.contains("an unlucky seed"), "{again}");
        assert!(again.contains("drift: 0 choices were not recorded, 0 were among"), "{again}");
        let [line] = lines_to_copy(&again)[..] else { panic!("not one line: {again}") };
        assert!(line.starts_with(&format!("SIM_REPLAY={path} cargo test")), "{line}");
    }
}

/// The files that a victim's events are in, each with the line that shows it.
fn traces(said: &str) -> Vec<&str> {
    let mut lines = said.lines();
    let mut found = Vec::new();
    while let Some(line) = lines.next() {
        if let Some((_, path)) = line.split_once("its events are in ") {
            let page = path.replace(".trace", ".html");
            let shows = format!("  and for a browser: file://{page}");
            assert_eq!(lines.next(), Some(shows.as_str()));
            let page = std::fs::read_to_string(page).unwrap();
            assert!(page.starts_with("<!doctype html>") && page.trim_end().ends_with("</html>"));
            assert!(page.contains("sim::campaigns::victim"));
            found.push(path);
        }
    }
    found
}

/// The lines above the records of a trace.
fn head_of_trace(path: &str) -> String {
    let bytes = std::fs::read(path).unwrap();
    let end = bytes.windows(2).position(|two| two == b"\n\n").expect("no empty line");
    String::from_utf8(bytes[..end].to_vec()).unwrap()
}

#[test]
fn the_events_of_a_failure_and_of_a_smaller_one_are_kept() {
    let said = run_victim(&[]);
    let [whole, smaller] = traces(&said)[..] else { panic!("not two traces: {said}") };
    assert!(smaller.ends_with(".min.trace"), "{smaller}");
    for path in [whole, smaller] {
        let head = head_of_trace(path);
        assert!(head.contains("\ntest sim::campaigns::victim\n"), "{head}");
        let failed = head.lines().find_map(|line| line.strip_prefix("failed "));
        let (at, message) = failed.and_then(|rest| rest.split_once(' ')).expect("no failure");
        assert!(message.contains("an unlucky seed"), "{head}");
        let events = head.lines().find_map(|line| line.strip_prefix("events "));
        let (at, events): (u64, u64) = (at.parse().unwrap(), events.unwrap().parse().unwrap());
        assert!(at < events, "{head}");
    }
}

#[test]
fn the_events_of_one_seed_are_kept_also_where_it_passes() {
    let passing = (0u64..).find(|seed| TestRuntime::builder().seed(*seed).build().draw(8) != 0);
    let said = run_victim(&[("SIM_SEED", &passing.unwrap().to_string())]);
    let [path] = traces(&said)[..] else { panic!("not one trace: {said}") };
    let head = head_of_trace(path);
    assert!(!head.contains("\nfailed "), "{head}");
    assert!(traces(&run_victim(&[("SIM_SEEDS", "1")])).len() != 1, "a trace of any seed is kept");
}

#[test]
fn a_log_of_another_test_is_refused() {
    let file = std::env::temp_dir().join(format!("greenroom-log-{}.dec", std::process::id()));
    std::fs::write(&file, "greenroom decisions 1\ntest another\nseed 0x1\nshards 2\n").unwrap();
    let said = run_victim(&[("SIM_REPLAY", file.to_str().unwrap())]);
    std::fs::remove_file(&file).unwrap();
    assert!(said.contains("the log is of the test another"), "{said}");
}

#[test]
fn the_first_failure_is_the_same_however_many_run_side_by_side() {
    let alone = run_victim(&[]);
    let together = run_victim(&[("SIM_JOBS", "3")]);
    assert_eq!(lines_to_copy(&alone), lines_to_copy(&together));
    assert_eq!(lines_to_copy(&alone).len(), 1);
}

#[test]
fn a_policy_from_outside_is_in_the_line_to_copy() {
    let said = run_victim(&[("SIM_POLICY", "pct3"), ("SIM_TIME", "1h")]);
    let [line] = lines_to_copy(&said)[..] else { panic!("not one line: {said}") };
    assert!(line.contains(" SIM_POLICY=pct3 cargo test"), "{line}");
    assert!(said.contains("policy pct3"), "{said}");
}

#[test]
fn a_base_from_outside_makes_other_seeds() {
    let line = |variables: &[(&str, &str)]| {
        let said = run_victim(variables);
        let [line] = lines_to_copy(&said)[..] else { panic!("not one line: {said}") };
        line.to_owned()
    };
    let based = line(&[("SIM_BASE", "a commit")]);
    assert_eq!(based, line(&[("SIM_BASE", "a commit")]));
    assert_ne!(based, line(&[]));
    assert!(!based.contains("SIM_BASE"), "the seed says it all: {based}");
}

#[test]
fn a_seed_that_was_found_under_other_settings_is_refused() {
    let said = run_victim(&[]);
    let [line] = lines_to_copy(&said)[..] else { panic!("not one line: {said}") };
    let (seed, _) = line.trim_start_matches("SIM_SEED=").split_once(' ').unwrap();
    let (seed, tag) = seed.split_once('@').expect("a tag");
    let settings = u16::from_str_radix(&tag[4..], 16).unwrap() ^ 1;
    let again = run_victim(&[("SIM_SEED", &format!("{seed}@{}{settings:04x}", &tag[..4]))]);
    assert!(again.contains("was found under other settings"), "{again}");
    assert!(!again.contains("an unlucky seed"), "{again}");
}

#[test]
fn hashes_are_written_where_asked() {
    let file = std::env::temp_dir().join(format!("greenroom-hashes-{}", std::process::id()));
    let path = file.to_str().unwrap();
    let hashes = |count: &str| {
        run_victim(&[("SIM_HASHES", path), ("SIM_SEEDS", count)]);
        let text = std::fs::read_to_string(&file).unwrap();
        std::fs::remove_file(&file).unwrap();
        text
    };
    let (first, second) = (hashes("3"), hashes("3"));
    assert_eq!(first, second, "the same seeds gave other hashes in another process");
    let fields: Vec<Vec<&str>> = first.lines().map(|line| line.split(' ').collect()).collect();
    assert!(!fields.is_empty() && fields.len() <= 3);
    for line in fields {
        let [name, seed, hash] = line.as_slice() else { panic!("{first}") };
        assert_eq!(*name, "sim::campaigns::victim");
        assert!(seed.starts_with("0x") && hash.starts_with("0x"), "{first}");
    }
}
