//! An hour in which hardly anything happens.

use std::time::{Duration, Instant};

use greenroom_core::{Placement, sleep};
use greenroom_testkit::TestRuntime;

const NODES: u16 = 3;
const SHARDS: u16 = 4;
const HOUR: Duration = Duration::from_secs(3600);

/// An actor that does nothing.
struct Idler;

impl greenroom_core::Actor for Idler {
    type Message = ();

    async fn handle(&mut self, (): (), _: &greenroom_core::Context<Self>) -> greenroom_core::Flow {
        greenroom_core::Flow::Continue
    }
}

/// Milliseconds that a simulated hour takes, of three nodes of four shards on each of which ten
/// actors wait for messages, and on each node a task that looks up once a minute.
pub(crate) fn measure_hour() -> f64 {
    let mut sim = TestRuntime::builder().nodes(NODES).shards(SHARDS).build();
    for node in 0..NODES {
        drop(sim.start_on(node, async |system| {
            for shard in 0..SHARDS {
                for _ in 0..10 {
                    system.spawn(Placement::Shard(shard), || Idler).await.expect("an actor");
                }
            }
            loop {
                sleep(Duration::from_secs(60)).await;
            }
        }));
    }
    sim.run_until_idle();
    let (begun, now) = (Instant::now(), sim.now());
    sim.advance(HOUR);
    let took = begun.elapsed();
    assert!(sim.now() - now >= HOUR, "an hour that is none");
    took.as_secs_f64() * 1000.0
}
