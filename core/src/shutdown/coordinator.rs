//! The steps of a shutdown, as a task of shard 0.

use super::phase::ShutdownPhase;
use crate::handle::await_each;
use crate::limits::SHUTDOWN_GRACE;
use crate::mesh::Packet;
use crate::pid::ShardId;
use crate::reply::{Claim, Reply};
use crate::shard::deliver::Run;
use crate::shard::{Shard, current};
use crate::supervision::stop_roots;
use crate::task::spawn_local;
use crate::time::Instant;
use crate::timer::timeout;

/// How the shards of a system came through its shutdown.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ShutdownOutcome {
    /// No shard has an actor any more.
    Over,
    /// A shard did not answer after its actors were killed: nobody waits for it.
    Stuck,
}

/// What all shards are asked for.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// To go through a phase, until that time.
    Phase(ShutdownPhase, Instant),
    /// To ask every actor to stop, and tell when there is none.
    Close,
    /// To kill every actor, and tell when there is none.
    Kill,
}

impl Shard {
    /// Begins the shutdown of the system, once, with so much time until actors are killed. To be
    /// called on shard 0, inside it.
    pub fn begin_shutdown(&self, limit: std::time::Duration) {
        debug_assert!(self.id() == ShardId(0), "shard 0 leads");
        if self.shutdown.begun.replace(true) {
            return;
        }
        let deadline = self.now() + limit;
        let task = async move {
            let mut news = News(ShutdownOutcome::Stuck);
            news.0 = coordinate(deadline).await;
        };
        if self.spawn_task(Box::pin(task)).is_none() {
            // Sixteen million tasks leave none to end them: what there is ends where it stands.
            self.shutdown.outcome.set(Some(ShutdownOutcome::Stuck));
        }
    }

    /// How a shutdown that was begun on this shard came out; `None` until then.
    #[must_use]
    pub fn shutdown_outcome(&self) -> Option<ShutdownOutcome> {
        self.shutdown.outcome.get()
    }

    /// Does what is asked, and tells when it is done.
    fn take_step(&self, step: Step, done: Reply<()>) {
        match step {
            Step::Phase(phase, until) => self.begin_phase(phase, until, done),
            Step::Close | Step::Kill => {
                match step {
                    Step::Kill => self.kill_all(),
                    _ => self.close(),
                }
                self.shutdown.await_quiet(done);
                self.look_for_quiet();
            }
        }
    }

    fn begin_phase(&self, phase: ShutdownPhase, until: Instant, done: Reply<()>) {
        for waker in self.shutdown.reach(phase) {
            self.guarded("a waiter's waker", || waker.wake());
        }
        let mut parts = self.begin_hooks(phase, until);
        if phase == ShutdownPhase::Stop {
            let left = until - self.now();
            // What does not stop by then is asked again, with all others, and killed.
            parts.push(spawn_local(async move {
                let _in_time = timeout(left, stop_roots()).await;
            }));
        }
        if parts.is_empty() {
            return done.send(());
        }
        drop(spawn_local(async move {
            for part in parts {
                // Hooks tell of their failures themselves.
                drop(part.await);
            }
            done.send(());
        }));
    }
}

/// Tells how a shutdown came out, also where its coordinator is dropped or unwound.
struct News(ShutdownOutcome);

impl Drop for News {
    fn drop(&mut self) {
        current::with(|shard| shard.shutdown.outcome.set(Some(self.0)));
    }
}

async fn coordinate(deadline: Instant) -> ShutdownOutcome {
    let mut shards = Everyone::here();
    for phase in [ShutdownPhase::BeforeStop, ShutdownPhase::Stop] {
        shards.take(Step::Phase(phase, deadline), deadline).await;
    }
    if !shards.take(Step::Close, deadline).await {
        shards.take(Step::Kill, grace()).await;
        shards.forget_silent();
    }
    let until = deadline.max(grace());
    shards.take(Step::Phase(ShutdownPhase::AfterStop, until), until).await;
    if shards.all_there { ShutdownOutcome::Over } else { ShutdownOutcome::Stuck }
}

/// The end of the time that is given in any case.
fn grace() -> Instant {
    current::with(|shard| shard.now() + SHUTDOWN_GRACE).unwrap_or(Instant::ORIGIN)
}

/// The shards that are waited for.
struct Everyone {
    shards: Vec<ShardId>,
    /// Those that have done what was asked last.
    answered: Vec<ShardId>,
    all_there: bool,
}

impl Everyone {
    fn here() -> Self {
        let shards = current::with(Shard::shards).unwrap_or(0);
        let shards = (0..shards).map(ShardId).collect();
        Self { shards, answered: Vec::new(), all_there: true }
    }

    /// Asks all for a step and waits until all have taken it, or for the time given. Tells whether
    /// all have.
    async fn take(&mut self, step: Step, until: Instant) -> bool {
        self.answered.clear();
        let asked = current::with(|shard| {
            let ask = |&peer: &ShardId| shard.ask_step(peer, step);
            (self.shards.iter().map(ask).collect::<Vec<_>>(), until - shard.now())
        });
        let Some((asked, left)) = asked else { return false };
        let told = await_each(asked, left).await;
        // A port that is dropped went down with its shard, which nobody waits for.
        let there = self.shards.iter().zip(&told).filter(|(_, told)| told.is_some());
        self.answered.extend(there.map(|(&peer, _)| peer));
        self.answered.len() == self.shards.len()
    }

    /// Leaves out those that did not take the last step.
    fn forget_silent(&mut self) {
        self.all_there = self.answered.len() == self.shards.len();
        self.shards = std::mem::take(&mut self.answered);
    }
}

impl Shard {
    fn ask_step(&self, peer: ShardId, step: Step) -> Claim<()> {
        let (claim, done) = self.open_plain_reply::<()>();
        let run = move |shard: &Self| shard.take_step(step, done);
        self.push_system(peer, Packet::system(0, Run(Box::new(run))));
        claim
    }
}
