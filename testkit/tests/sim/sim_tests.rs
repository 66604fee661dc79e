//! Tests that the attribute makes.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use greenroom_core::{Placement, System, sleep};
use greenroom_testkit::{TestRuntime, sim_test};

use super::actors::{Note, Notebook, is_whole};

/// With every setting.
#[sim_test(nodes = 2, shards = 3, seeds = 20, time = "60s")]
async fn a_task_is_given_its_system(system: System) {
    assert_eq!(system.shards(), 3);
    let notebook = system.spawn(Placement::Shard(2), Notebook::default).await.unwrap();
    notebook.send(Note::Write(0, 0)).await.unwrap();
    assert_eq!(notebook.call(Note::Read).await.unwrap(), [(0, 0)]);
}

#[sim_test(nodes = 2)]
fn a_plain_function_steps(sim: &mut TestRuntime) {
    assert_ne!(sim.system(0), sim.system(1));
    sim.run(async |_| sleep(Duration::from_secs(1)).await);
}

#[sim_test(seeds = 10)]
async fn an_async_function_may_step_too(sim: &mut TestRuntime) {
    assert_eq!(async { sim.run(async |system| system.shards()) }.await, 2);
}

#[sim_test(seeds = 3)]
#[should_panic(expected = "nobody steps the runtime meanwhile")]
async fn an_async_function_that_waits_for_its_own_steps_fails(sim: &mut TestRuntime) {
    sim.run_until_idle();
    std::future::pending::<()>().await;
}

#[sim_test(seeds = 3, time = Duration::from_millis(10))]
#[should_panic(expected = "cargo test -p")]
async fn a_run_that_outlasts_its_time_fails(_system: System) {
    // One seed starts no later than an hour.
    sleep(Duration::from_secs(1)).await;
}

#[sim_test(seeds = 3)]
async fn a_test_may_give_a_result(_system: System) -> Result<(), std::num::ParseIntError> {
    assert_eq!("7".parse::<u32>()?, 7);
    Ok(())
}

#[sim_test(seeds = 3)]
#[should_panic(expected = "the test gave an error: ParseIntError")]
fn an_error_fails_the_run(_sim: &mut TestRuntime) -> Result<(), std::num::ParseIntError> {
    "seven".parse::<u32>()?;
    Ok(())
}

static RUNS: AtomicU64 = AtomicU64::new(0);

#[sim_test(seeds = 40)]
fn seeds_are_counted(_sim: &mut TestRuntime) {
    RUNS.fetch_add(1, Ordering::Relaxed);
}

#[test]
fn as_many_seeds_run_as_are_asked_for() {
    if is_whole(40) {
        let before = RUNS.load(Ordering::Relaxed);
        seeds_are_counted();
        assert!(RUNS.load(Ordering::Relaxed) >= before + 40);
    }
}
