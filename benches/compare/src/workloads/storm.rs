//! `exit_storm` and `exit_chain`: actors that are linked, one of whom is killed.

use super::Outcome;
use crate::probe::ENDED;
use crate::rivals::supervision::Links;
use std::time::{Duration, Instant};

/// The state of a linked actor, whose end is counted.
pub(crate) struct Member;

impl Drop for Member {
    fn drop(&mut self) {
        ENDED.add_one();
    }
}

/// Who is linked to whom.
#[derive(Clone, Copy, Debug)]
pub(super) enum Shape {
    /// All to the first, which is killed.
    Star,
    /// Each to the one before; the first is killed.
    Chain,
}

impl Shape {
    /// Actors of a storm of `R`.
    const fn actors<R: Links>(self) -> u64 {
        match self {
            Self::Star => R::STORM_ACTORS,
            Self::Chain => R::CHAIN_ACTORS,
        }
    }
}

/// All of them: a framework may end an actor that nobody has a reference to.
async fn grow<R: Links>(rival: &R, shape: Shape) -> Vec<R::Member> {
    let actors = shape.actors::<R>() as usize;
    let mut members = Vec::with_capacity(actors);
    members.push(rival.member().await);
    while members.len() < actors {
        let to = match shape {
            Shape::Star => 0,
            Shape::Chain => members.len() - 1,
        };
        members.push(rival.member_linked(&members[to]).await);
    }
    members
}

pub(super) async fn storms<R: Links>(rival: R, shape: Shape, secs: f64) -> Outcome {
    let actors = shape.actors::<R>();
    let (begun, mut spent, mut storms) = (Instant::now(), Duration::ZERO, 0);
    while storms < 2 || begun.elapsed().as_secs_f64() < secs {
        let members = grow(&rival, shape).await;
        let killed = Instant::now();
        R::kill(&members[0]);
        ENDED.wait_for((storms + 1) * actors, "actors are gone").await?;
        // The first one warms up.
        if storms > 0 {
            spent += killed.elapsed();
        }
        storms += 1;
    }
    Ok(spent.as_nanos() as f64 / ((storms - 1) * actors) as f64)
}
