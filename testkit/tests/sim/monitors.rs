//! Monitors of a test, hot and cold.

use std::time::Duration;

use greenroom_core::trace::{Event, announce};
use greenroom_core::{Actor, Context, Flow, Placement, Reply, sleep};
use greenroom_testkit::{Campaign, Crash, Happening, Monitor, Seen, TestRuntime};

/// What the program says of its jobs.
#[derive(Clone, Copy)]
enum Job {
    Taken,
    Done,
}

#[derive(Default)]
struct EveryJobIsDone {
    open: u32,
}

impl Monitor for EveryJobIsDone {
    fn name(&self) -> &'static str {
        "every job is done"
    }

    fn see(&mut self, seen: &Seen<'_>) -> Result<(), String> {
        match seen.announced() {
            Some(Job::Taken) => self.open += 1,
            Some(Job::Done) => {
                let left = self.open.checked_sub(1);
                self.open = left.ok_or("a job was done that nobody took")?;
            }
            None => {}
        }
        Ok(())
    }

    fn is_hot(&self) -> bool {
        self.open > 0
    }
}

/// Takes jobs, each of which takes its time.
struct Worker;

struct Work {
    takes: Duration,
    done: Option<Reply<()>>,
}

impl Actor for Worker {
    type Message = Work;

    async fn handle(&mut self, Work { takes, done }: Work, ctx: &Context<Self>) -> Flow {
        announce(&Job::Taken);
        ctx.sleep(takes).await;
        announce(&Job::Done);
        done.into_iter().for_each(|done| done.send(()));
        Flow::Continue
    }
}

const SECOND: Duration = Duration::from_secs(1);

fn campaign(name: &str) -> Campaign {
    let campaign = Campaign::new(format!("sim::monitors::{name}")).seeds(30);
    campaign.monitor(EveryJobIsDone::default)
}

#[test]
fn a_monitor_that_cools_in_time_is_content() {
    campaign("a_monitor_that_cools_in_time_is_content").run(|sim| {
        sim.run(async |system| {
            let worker = system.spawn(Placement::Shard(1), || Worker).await.unwrap();
            for _ in 0..5 {
                worker.call(|done| Work { takes: SECOND, done: Some(done) }).await.unwrap();
            }
            // One that is not waited for: the campaign waits for it.
            worker.send(Work { takes: 30 * SECOND, done: None }).await.unwrap();
        });
    });
}

#[test]
fn a_monitor_that_stays_hot_fails_the_run() {
    let found = campaign("a_monitor_that_stays_hot_fails_the_run").search(|sim| {
        sim.run(async |system| {
            let worker = system.spawn(Placement::Shard(1), || Worker).await.unwrap();
            worker.send(Work { takes: 3600 * SECOND, done: None }).await.unwrap();
            // Somebody else keeps the run going.
            let end = system.now() + 7200 * SECOND;
            greenroom_core::spawn_local(async move {
                while greenroom_core::System::current().unwrap().now() < end {
                    sleep(SECOND).await;
                }
            });
            sleep(SECOND).await;
        });
    });
    let found = found.expect("liveness");
    assert!(found.message.starts_with("broken [monitor every job is done]: hot for "), "{found}");
}

#[test]
fn a_monitor_that_is_hot_at_the_end_fails_the_run() {
    let found = campaign("a_monitor_that_is_hot_at_the_end_fails_the_run").search(|sim| {
        sim.run(async |_| announce(&Job::Taken));
    });
    let message = found.expect("liveness").message;
    assert!(message.contains("[monitor every job is done]: hot when nothing is left"), "{message}");
}

#[test]
fn what_a_monitor_forbids_fails_the_run_where_it_happens() {
    let found = campaign("what_a_monitor_forbids_fails_the_run").search(|sim| {
        sim.run(async |_| {
            announce(&Job::Done);
            sleep(SECOND).await;
            unreachable!("the run has failed by then");
        });
    });
    let message = found.expect("safety").message;
    assert!(message.contains("[monitor every job is done]: a job was done"), "{message}");
}

/// Counts what it sees of the framework.
#[derive(Default)]
struct Census {
    polled: u64,
    crashes: u32,
    restarts: u32,
}

impl Monitor for Census {
    fn name(&self) -> &'static str {
        "census"
    }

    fn see(&mut self, seen: &Seen<'_>) -> Result<(), String> {
        match seen.happening {
            Happening::Core(Event::Polled { .. }) => self.polled += 1,
            Happening::Crashed(Crash::Power) if seen.node == 1 => self.crashes += 1,
            Happening::Restarted => self.restarts += 1,
            _ => {}
        }
        Ok(())
    }

    fn at_end(&mut self) -> Result<(), String> {
        Err(format!("{}, {}, {}", self.polled > 0, self.crashes, self.restarts))
    }
}

#[test]
fn a_monitor_sees_polls_and_crashes() {
    let mut sim = TestRuntime::builder().nodes(2).monitor(Census::default).build();
    sim.run(async |_| sleep(SECOND).await);
    sim.crash(1, Crash::Power);
    sim.restart(1);
    let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| sim.check_end()));
    let message = *ended.unwrap_err().downcast::<String>().unwrap();
    assert!(message.contains("[monitor census]: true, 1, 1"), "{message}");
}
