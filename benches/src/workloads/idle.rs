//! What a system costs in which nothing happens.

use std::time::{Duration, Instant};

use greenroom_core::{Actor, Context, Flow, Placement, Reply, System, sleep};
use rustix::time::{ClockId, clock_gettime};

/// Waits for the next question, of which there is one before and one after the measurement.
struct Waiting {
    asked: u32,
}

impl Actor for Waiting {
    type Message = Reply<u32>;

    async fn handle(&mut self, reply: Reply<u32>, _: &Context<Self>) -> Flow {
        self.asked += 1;
        reply.send(self.asked);
        Flow::Continue
    }
}

/// Actors on all shards together.
const ACTORS: usize = 1000;

/// Microseconds of CPU time that this process uses in a second while all actors wait for messages:
/// a million is one core kept busy. A fifth of `secs` goes by before counting begins.
///
/// The wait is a timer of shard 0, the only one there is.
pub(crate) async fn measure_cpu(system: System, secs: f64) -> f64 {
    let mut actors = Vec::with_capacity(ACTORS);
    for _ in 0..ACTORS {
        let actor = system.spawn(Placement::RoundRobin, || Waiting { asked: 0 }).await;
        actors.push(actor.expect("an actor"));
    }
    for actor in &actors {
        assert_eq!(actor.call(|reply| reply).await.expect("answered"), 1);
    }
    sleep(Duration::from_secs_f64(secs / 5.0)).await;
    let (since, used) = (Instant::now(), cpu_time());
    sleep(Duration::from_secs_f64(secs * 0.8)).await;
    let (elapsed, used) = (since.elapsed(), cpu_time() - used);
    for actor in &actors {
        assert_eq!(actor.call(|reply| reply).await.expect("answered"), 2, "it did not just wait");
    }
    used.as_secs_f64() / elapsed.as_secs_f64() * 1e6
}

/// What all threads of this process together have used so far, to the nanosecond; `times` and
/// `/proc` count in ticks of 10 ms.
fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.try_into().expect("CPU time is not negative")
}
