//! `bytes_idle` and `bytes_after_message`: what an actor weighs.

use super::Outcome;
use crate::alloc::{live_bytes, start_counting};
use crate::probe::{HANDLED, STARTED};
use crate::rivals::Rival;

/// Actors spawned, or sent a message, before the client waits for them: few, so that the runtime's
/// run queue does not grow to the size of the population and weigh on it.
const BATCH: usize = 1_000;
/// Yields granted after the last actor has run its hook or handler, for what follows it in the same
/// task.
const YIELDS_TO_SETTLE: usize = 1_000;

/// The population of one measurement.
struct Population<R: Rival> {
    actors: Vec<R::Idle>,
    bytes_before: i64,
}

pub(super) async fn idle<R: Rival>(rival: R) -> Outcome {
    let population = Population::spawn(&rival).await?;
    Ok(population.bytes_each())
}

pub(super) async fn after_message<R: Rival>(rival: R) -> Outcome {
    let population = Population::spawn(&rival).await?;
    population.send_to_all().await?;
    Ok(population.bytes_each())
}

impl<R: Rival> Population<R> {
    async fn spawn(rival: &R) -> Result<Self, String> {
        let mut actors = Vec::with_capacity(R::IDLE_ACTORS);
        start_counting();
        let bytes_before = live_bytes();
        while actors.len() < R::IDLE_ACTORS {
            for _ in 0..BATCH {
                actors.push(rival.idle().await);
            }
            STARTED.wait_for(actors.len() as u64, "actors have started").await?;
        }
        settle().await;
        Ok(Self { actors, bytes_before })
    }

    async fn send_to_all(&self) -> Result<(), String> {
        let mut sent = 0;
        for batch in self.actors.chunks(BATCH) {
            for actor in batch {
                R::poke(actor, 1).await;
            }
            sent += batch.len() as u64;
            HANDLED.wait_for(sent, "messages were handled").await?;
        }
        settle().await;
        Ok(())
    }

    fn bytes_each(&self) -> f64 {
        (live_bytes() - self.bytes_before) as f64 / self.actors.len() as f64
    }
}

async fn settle() {
    for _ in 0..YIELDS_TO_SETTLE {
        tokio::task::yield_now().await;
    }
}
