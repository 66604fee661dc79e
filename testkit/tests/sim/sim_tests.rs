//! Tests that the macro makes.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use greenroom_core::{Placement, sleep};

use super::actors::{Note, Notebook};

greenroom_testkit::sim_test! {
    nodes = 2, shards = 3, seeds = 20, time = Duration::from_secs(60);
    /// With every setting.
    async fn a_task_is_given_its_system(system) {
        assert_eq!(system.shards(), 3);
        let notebook = system.spawn(Placement::Shard(2), Notebook::default).await.unwrap();
        notebook.send(Note::Write(0, 0)).await.unwrap();
        assert_eq!(notebook.call(Note::Read).await.unwrap(), [(0, 0)]);
    }
}

greenroom_testkit::sim_test! {
    nodes = 2;
    fn a_plain_function_steps(sim) {
        assert_ne!(sim.system(0), sim.system(1));
        sim.run(async |_| sleep(Duration::from_secs(1)).await);
    }
}

greenroom_testkit::sim_test! {
    seeds = 3, time = Duration::from_millis(10);
    #[should_panic(expected = "cargo test -p")]
    async fn a_run_that_outlasts_its_time_fails(_system) {
        // One seed starts no later than an hour.
        sleep(Duration::from_secs(1)).await;
    }
}

static RUNS: AtomicU64 = AtomicU64::new(0);

greenroom_testkit::sim_test! {
    seeds = 40;
    fn seeds_are_counted(_sim) {
        RUNS.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn as_many_seeds_run_as_are_asked_for() {
    if std::env::vars_os().all(|(name, _)| !name.to_string_lossy().starts_with("SIM_")) {
        let before = RUNS.load(Ordering::Relaxed);
        seeds_are_counted();
        assert!(RUNS.load(Ordering::Relaxed) >= before + 40);
    }
}
