//! `spawn` and `spawn_link`: the life of an actor that has nothing to do.

use super::{Outcome, meter::Meter};
use crate::probe::GONE;
use crate::rivals::Rival;
use crate::rivals::supervision::Links;

/// Actors between two looks at the clock.
const SPAWNS_PER_CHUNK: u64 = 100;

pub(super) async fn spawn_and_stop<R: Rival>(rival: R, secs: f64) -> Outcome {
    let mut meter = Meter::start(secs);
    let mut spawned = 0;
    while meter.more() {
        for _ in 0..SPAWNS_PER_CHUNK {
            rival.spawn_and_stop().await;
        }
        spawned += SPAWNS_PER_CHUNK;
        meter.count(SPAWNS_PER_CHUNK);
    }
    // A framework may report an actor as gone just before it drops the state of the last one.
    GONE.wait_for(spawned, "actors are gone").await?;
    Ok(meter.ns_each())
}

pub(super) async fn spawn_link_and_stop<R: Links>(rival: R, secs: f64) -> Outcome {
    let parent = rival.member().await;
    let mut meter = Meter::start(secs);
    let mut spawned = 0;
    while meter.more() {
        for _ in 0..SPAWNS_PER_CHUNK {
            rival.spawn_link_and_stop(&parent).await;
        }
        spawned += SPAWNS_PER_CHUNK;
        meter.count(SPAWNS_PER_CHUNK);
    }
    GONE.wait_for(spawned, "actors are gone").await?;
    Ok(meter.ns_each())
}
