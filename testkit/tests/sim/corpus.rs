//! Logs that are kept in the tree and run before any seed.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use greenroom_core::{Placement, System};
use greenroom_testkit::{Campaign, DecisionLog, Failure, Plant, TestRuntime};

use super::actors::{Note, Notebook, in_order, is_whole};

/// What has become of a program since the log was kept.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Since {
    Nothing,
    /// An actor more, with messages of its own.
    Refactored,
    /// Another program altogether.
    Rewritten,
}

/// Notes from one shard to another, which must arrive in order.
async fn notes(system: System, since: Since, count: u32) -> Vec<(u32, u32)> {
    if since == Since::Rewritten {
        greenroom_core::sleep(Duration::from_secs(1)).await;
        return (0..count).map(|number| (0, number)).collect();
    }
    let ledger = system.spawn(Placement::Shard(1), Notebook::default).await.unwrap();
    if since == Since::Refactored {
        let index = system.spawn(Placement::Shard(0), Notebook::default).await.unwrap();
        index.send(Note::Write(0, 0)).await.unwrap();
        ledger.call(|reply| Note::Confirm(1, 0, reply)).await.unwrap();
    }
    for number in 0..count {
        ledger.send(Note::Write(0, number)).await.unwrap();
        if number % 6 == 0 {
            greenroom_core::sleep(Duration::from_micros(5)).await;
        }
    }
    let seen = ledger.call(Note::Read).within(Duration::MAX).await.unwrap();
    seen.into_iter().filter(|(from, _)| *from == 0).collect()
}

fn body(since: Since) -> impl Fn(&mut TestRuntime) + Sync {
    move |sim| {
        let count = sim.extent(60) as u32;
        let seen = sim.run(async move |system| notes(system, since, count).await);
        assert!(in_order(&seen, 1, count), "out of order: {seen:?}");
    }
}

/// A campaign of no seeds at all: what it runs it has from its corpus.
fn campaign(name: &str, plant: Option<Plant>) -> Campaign {
    Campaign::new(format!("sim::corpus::{name}")).seeds(0).runtime(move |builder, _| {
        plant.into_iter().fold(builder, |builder, plant| builder.plant(plant))
    })
}

/// A run in which the planted bug shows.
fn found() -> &'static Failure {
    static FOUND: OnceLock<Failure> = OnceLock::new();
    FOUND.get_or_init(|| {
        let campaign = campaign("failing", Some(Plant::Reordering)).seeds(100);
        campaign.search(body(Since::Nothing)).expect("the planted bug")
    })
}

/// The log of a smaller one.
fn failing() -> &'static DecisionLog {
    static LOG: OnceLock<DecisionLog> = OnceLock::new();
    LOG.get_or_init(|| {
        let campaign = campaign("failing", Some(Plant::Reordering)).seeds(100);
        campaign.shrink(found(), body(Since::Nothing)).expect("a failing run").log
    })
}

/// A folder with logs, for as long as it lives.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str, text: &str) -> Self {
        let folder = format!("greenroom-corpus-{}-{name}", std::process::id());
        let folder = std::env::temp_dir().join(folder);
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("kept.dec"), text).unwrap();
        Self(folder)
    }

    /// With the failing log, as one of that test.
    fn kept(name: &str) -> Self {
        let log = DecisionLog { test: format!("sim::corpus::{name}"), ..failing().clone() };
        Self::new(name, &log.to_string())
    }

    fn log(&self) -> PathBuf {
        self.0.join("kept.dec")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// What a campaign says when it fails.
fn failure_of(campaign: &Campaign, since: Since) -> Option<String> {
    let caught = catch_unwind(AssertUnwindSafe(|| campaign.run(body(since))));
    caught.err().map(|payload| payload.downcast_ref::<String>().cloned().unwrap_or_default())
}

#[test]
fn a_kept_log_fails_again_without_any_seed() {
    if !is_whole(0) {
        return;
    }
    let name = "a_kept_log_fails_again_without_any_seed";
    let folder = Folder::kept(name);
    let broken = campaign(name, Some(Plant::Reordering)).corpus(&folder.0);
    let said = failure_of(&broken, Since::Nothing).expect("the bug is back");
    assert!(said.contains("out of order"), "{said}");
    assert!(said.contains("0 choices were not recorded, 0 were among"), "{said}");
    let line = format!("SIM_REPLAY={} cargo test", folder.log().display());
    assert!(said.contains(&line), "{said}");
    let keep = format!("to keep it: mkdir -p {}", folder.0.display());
    assert!(said.contains(&keep), "{said}");
    let traces = said.lines().filter_map(|line| line.split_once("its events are in "));
    let failed = |path: &str| {
        let bytes = std::fs::read(path).unwrap();
        bytes.windows(8).any(|line| line == b"\nfailed ")
    };
    assert!(traces.clone().count() > 0, "{said}");
    assert!(traces.clone().all(|(_, path)| failed(path)), "a trace of another run: {said}");
    // Without the bug, and without its log, nothing fails.
    assert_eq!(failure_of(&campaign(name, None).corpus(&folder.0), Since::Nothing), None);
    std::fs::remove_file(folder.log()).unwrap();
    assert_eq!(failure_of(&broken, Since::Nothing), None);
}

#[test]
fn a_kept_log_survives_an_actor_and_messages_more() {
    if !is_whole(0) {
        return;
    }
    let name = "a_kept_log_survives_an_actor_and_messages_more";
    let folder = Folder::kept(name);
    let broken = campaign(name, Some(Plant::Reordering)).corpus(&folder.0);
    let said = failure_of(&broken, Since::Refactored).expect("the bug is still found");
    assert!(said.contains("out of order"), "{said}");
    assert!(!said.contains("0 choices were not recorded"), "nothing has changed: {said}");
}

#[test]
fn a_log_that_no_longer_applies_fails_and_says_how_it_is_recorded_anew() {
    if !is_whole(0) {
        return;
    }
    let name = "a_log_that_no_longer_applies_fails_and_says_how_it_is_recorded_anew";
    // Of a smaller run most choices are the simulator's own parameters, which any program asks for.
    let log = DecisionLog { test: format!("sim::corpus::{name}"), ..found().log.clone() };
    let folder = Folder::new(name, &log.to_string());
    // How actors are ended is much the same for all programs, so a log applies to that.
    let rewritten = campaign(name, None).runtime(|builder, _| builder.checks_end(false));
    let rewritten = rewritten.corpus(&folder.0);
    let said = failure_of(&rewritten, Since::Rewritten).expect("the log tests nothing");
    assert!(said.contains("no longer applies"), "{said}");
    assert!(said.contains("re-record what is left with: SIM_RECORD=1 cargo test -p "), "{said}");
}

#[test]
fn a_log_of_other_shards_or_another_test_is_refused() {
    if !is_whole(0) {
        return;
    }
    let name = "a_log_of_other_shards_or_another_test_is_refused";
    let folder = Folder::kept(name);
    let other = campaign(name, None).corpus(&folder.0).runtime(|builder, _| builder.shards(3));
    let said = failure_of(&other, Since::Nothing).expect("three shards are not two");
    assert!(said.contains("is of nodes with [2] shards, not [3]"), "{said}");
    let other = campaign("another", None).corpus(&folder.0);
    let said = failure_of(&other, Since::Nothing).expect("it is another's");
    assert!(said.contains("the log is of the test sim::corpus::a_log_of_other"), "{said}");
}

/// Set in the process that is to write its log anew.
const CORPUS: &str = "GREENROOM_SIM_CORPUS";

static RUNS: AtomicU64 = AtomicU64::new(0);

/// Runs the kept log of the test below, where that asks for it.
#[test]
fn recorder() {
    if let Some(folder) = std::env::var_os(CORPUS) {
        campaign("recorder", None).corpus(folder).run(|sim| {
            RUNS.fetch_add(1, Ordering::Relaxed);
            body(Since::Refactored)(sim);
        });
        assert_eq!(RUNS.load(Ordering::Relaxed), 1);
    }
}

fn run_recorder(folder: &Path, records: bool) -> String {
    let mut command = std::process::Command::new(std::env::current_exe().unwrap());
    command.args(["sim::corpus::recorder", "--exact", "--nocapture"]).env(CORPUS, folder);
    command.env("CARGO_PKG_NAME", "some-package").env_remove("SIM_RECORD");
    if records {
        command.env("SIM_RECORD", "1");
    }
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_log_that_has_drifted_is_told_of_and_recorded_anew_where_asked() {
    if !is_whole(0) {
        return;
    }
    let mut log = DecisionLog { test: "sim::corpus::recorder".into(), ..failing().clone() };
    // A choice that nobody asks for any more.
    let mut gone = log.decisions[0];
    gone.ordinal = 1_000_000;
    log.decisions.push(gone);
    let text = log.to_string().replacen("seed", "# The lost note.\nseed", 1);
    let folder = Folder::new("recorder", &text);
    let told = run_recorder(&folder.0, false);
    assert!(told.contains("warning: ") && told.contains("has drifted: "), "{told}");
    assert!(
        told.contains("SIM_RECORD=1 cargo test -p some-package sim::corpus::recorder"),
        "{told}"
    );
    let told = run_recorder(&folder.0, true);
    assert!(told.contains("is recorded anew"), "{told}");
    let anew = std::fs::read_to_string(folder.log()).unwrap();
    assert!(anew.contains("# The lost note.\n"), "{anew}");
    let told = run_recorder(&folder.0, false);
    assert!(!told.contains("warning: "), "{told}");
}

/// Its log is in the tree: see `corpus/sim.corpus.the_log_in_the_tree_is_run`.
#[test]
fn the_log_in_the_tree_is_run() {
    if !is_whole(0) {
        return;
    }
    let runs = AtomicU64::new(0);
    campaign("the_log_in_the_tree_is_run", None).run(|sim| {
        runs.fetch_add(1, Ordering::Relaxed);
        body(Since::Nothing)(sim);
    });
    assert_eq!(runs.into_inner(), 1);
}
