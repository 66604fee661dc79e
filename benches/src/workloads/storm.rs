//! Actors that are linked, one of whom is killed: how long it takes until nobody is left.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use greenroom_core::{
    Actor, ActorConfig, ActorRef, Context, Flow, Placement, Reply, System, sleep,
};

use super::messages::FOR_EVER;
use crate::meter::Extent;

/// Actors of a storm.
pub(crate) const ACTORS: usize = 100_000;

/// Who is linked to whom. Each shard has every other actor, so that a link of a chain or a ring is
/// always one between shards.
#[derive(Clone, Copy)]
pub(crate) enum Shape {
    /// All to the first, which is killed.
    Star,
    /// Each to the next; the first is killed.
    Chain,
    /// The same, and the last to the first.
    Ring,
}

/// Members of one shard that are gone. Only that shard writes it: a plain load and store.
#[repr(align(128))]
struct Gone(AtomicU64);

static GONE: [Gone; 2] = [Gone(AtomicU64::new(0)), Gone(AtomicU64::new(0))];

fn gone() -> u64 {
    GONE.iter().map(|part| part.0.load(Ordering::Relaxed)).sum()
}

/// Linked to others, and counted when it is gone.
struct Member {
    place: usize,
}

impl Drop for Member {
    fn drop(&mut self) {
        let part = &GONE[self.place % 2].0;
        part.store(part.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
    }
}

enum Grow {
    /// Start so many that are linked to you.
    Star(usize, Reply<()>),
    /// Start the next, which is to start its next, and so on; the last links itself to `closes`.
    On { left: usize, closes: Option<ActorRef<Member>>, done: Reply<()> },
}

impl Member {
    async fn spawn_link(ctx: &Context<Self>, place: usize) -> ActorRef<Self> {
        let shard = Placement::Shard((place % 2) as u16);
        let member = ctx.spawn_link(ActorConfig::default(), shard, move || Self { place });
        member.await.expect("a member")
    }
}

impl Actor for Member {
    type Message = Grow;

    async fn handle(&mut self, message: Grow, ctx: &Context<Self>) -> Flow {
        match message {
            Grow::Star(others, done) => {
                for place in 1..=others {
                    Self::spawn_link(ctx, self.place + place).await;
                }
                done.send(());
            }
            Grow::On { left: 0, closes, done } => {
                if let Some(first) = closes {
                    ctx.link(first.pid());
                }
                done.send(());
            }
            Grow::On { left, closes, done } => {
                let next = Self::spawn_link(ctx, self.place + 1).await;
                next.cast(Grow::On { left: left - 1, closes, done }).expect("room");
            }
        }
        Flow::Continue
    }
}

async fn grow(system: &System, shape: Shape, actors: usize) -> ActorRef<Member> {
    let first = system.spawn(Placement::Shard(0), || Member { place: 0 }).await.expect("a member");
    let others = actors - 1;
    let grown = first.call(|done| match shape {
        Shape::Star => Grow::Star(others, done),
        Shape::Chain => Grow::On { left: others, closes: None, done },
        Shape::Ring => Grow::On { left: others, closes: Some(first), done },
    });
    grown.within(FOR_EVER).await.expect("grown");
    first
}

/// How often the survivors are counted. The rivals' are counted as often.
const LOOK_EVERY: Duration = Duration::from_millis(1);
/// Longer than any storm: what is left then is left for ever.
const STORM_LIMIT: Duration = Duration::from_secs(30);

/// Kills the first, and takes the time until all are gone.
async fn storm(first: ActorRef<Member>, all_gone: u64) -> Duration {
    let begun = Instant::now();
    first.kill();
    while gone() < all_gone {
        assert!(begun.elapsed() < STORM_LIMIT, "{} actors are left", all_gone - gone());
        sleep(LOOK_EVERY).await;
    }
    begun.elapsed()
}

/// Nanoseconds each of so many actors takes to go. Growing them is not counted, and the first storm
/// is not either.
pub(crate) async fn measure(system: System, shape: Shape, actors: usize, extent: Extent) -> f64 {
    let (begun, mut spent, mut storms) = (Instant::now(), Duration::ZERO, 0);
    loop {
        let all_gone = gone() + actors as u64;
        let first = grow(&system, shape, actors).await;
        let took = storm(first, all_gone).await;
        assert_eq!(gone(), all_gone, "an actor went twice");
        if storms > 0 {
            spent += took;
        }
        storms += 1;
        let enough = match extent {
            Extent::Secs(secs) => begun.elapsed().as_secs_f64() >= secs,
            Extent::Units(units) => storms * actors as u64 > units,
        };
        if enough && storms > 1 {
            return spent.as_nanos() as f64 / ((storms - 1) * actors as u64) as f64;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mesh;

    #[test]
    fn nobody_is_left_of_any_shape() {
        for shape in [Shape::Star, Shape::Chain, Shape::Ring] {
            let root = async move |s| measure(s, shape, 1001, Extent::Units(2002)).await;
            assert!(mesh::run_two(root) > 0.0);
        }
    }
}
