//! Who sees that a shard hangs.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::node::{NodeVitals, ShardVitals};
use super::pulse::Beat;
use crate::limits::{STALL_REPORTS, STALL_REPORTS_WINDOW};
use crate::pid::{Pid, ShardId};
use crate::time::Instant;

/// A shard is in a step that does not end: a handler blocks its thread, or loops for ever, or the
/// machine does not let the thread run.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Stall {
    /// The shard.
    pub shard: ShardId,
    /// For how long the watchdog has seen it stand still, at least.
    pub lasted: Duration,
    /// The task it was running, where it was running one.
    pub task: Option<Pid>,
    /// That task, where it is an actor.
    pub actor: Option<StalledActor>,
    /// Stalls since the last report that were counted and not reported, for there are reports
    /// enough.
    pub unreported: u64,
}

/// The actor in whose code a shard hangs.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct StalledActor {
    /// The name it was given, or its type's.
    pub name: Cow<'static, str>,
    /// The name of its type.
    pub actor: &'static str,
    /// The name of its messages' type.
    pub message: &'static str,
}

impl fmt::Display for Stall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { shard, lasted, task, actor, unreported } = self;
        write!(f, "shard {shard} hangs since {lasted:?}")?;
        match (actor, task) {
            (Some(StalledActor { name, actor, message }), Some(pid)) if **name == **actor => {
                write!(f, " in {name} {pid}, at a {message}")?;
            }
            (Some(StalledActor { name, actor, message }), Some(pid)) => {
                write!(f, " in {name} ({actor}) {pid}, at a {message}")?;
            }
            (_, Some(pid)) => write!(f, " in the task {pid}")?,
            (_, None) => f.write_str(" outside any task")?,
        }
        match unreported {
            0 => Ok(()),
            _ => write!(f, "; {unreported} more were not reported"),
        }
    }
}

/// Looks at the beats of a node's shards, now and then.
///
/// A state machine without a clock or a thread: whoever has them calls [`Watchdog::look`], often
/// enough that a stall lasts for several looks. A shard that is between two steps is never stalled,
/// however long it sleeps.
#[derive(Debug)]
pub struct Watchdog {
    vitals: Arc<NodeVitals>,
    limit: Duration,
    seen: Vec<Seen>,
    /// When stalls were reported, as far back as it matters.
    reported: VecDeque<Instant>,
    unreported: u64,
}

/// What the last looks saw of a shard.
#[derive(Clone, Copy, Debug)]
struct Seen {
    beat: Beat,
    /// When that beat was first seen.
    since: Instant,
    /// It was found to hang at that beat.
    sick: bool,
}

impl Watchdog {
    /// A watchdog that calls it a stall when a step lasts for `limit`.
    #[must_use]
    pub fn new(vitals: Arc<NodeVitals>, limit: Duration) -> Self {
        let seen = Seen { beat: Beat::NEVER, since: Instant::ORIGIN, sick: false };
        let seen = vec![seen; vitals.shards()];
        Self { vitals, limit, seen, reported: VecDeque::new(), unreported: 0 }
    }

    /// Looks at every shard. Marks those that hang, each once a stall, and returns the stalls that
    /// are to be reported: at most [`STALL_REPORTS`] in [`STALL_REPORTS_WINDOW`].
    pub fn look(&mut self, now: Instant) -> Vec<Stall> {
        let mut stalls = Vec::new();
        let vitals = self.vitals.clone();
        for ((shard, vitals), index) in vitals.iter().zip(0..) {
            let Some(lasted) = self.hangs(index, vitals, now) else { continue };
            if self.may_report(now) {
                let unreported = std::mem::take(&mut self.unreported);
                stalls.push(self.stall(shard, vitals, lasted, unreported));
            } else {
                self.unreported += 1;
            }
        }
        stalls
    }

    /// For how long a shard has stood still, where that is a stall that was not seen before.
    fn hangs(&mut self, index: usize, vitals: &ShardVitals, now: Instant) -> Option<Duration> {
        let beat = vitals.pulse.beat();
        let seen = &mut self.seen[index];
        if seen.beat != beat {
            *seen = Seen { beat, since: now, sick: false };
        }
        let lasted = now - seen.since;
        if seen.sick || !beat.in_step() || lasted < self.limit {
            return None;
        }
        seen.sick = true;
        vitals.fall_sick(beat);
        Some(lasted)
    }

    fn may_report(&mut self, now: Instant) -> bool {
        while self.reported.front().is_some_and(|at| now - *at >= STALL_REPORTS_WINDOW) {
            self.reported.pop_front();
        }
        let may = self.reported.len() < STALL_REPORTS;
        if may {
            self.reported.push_back(now);
        }
        may
    }

    fn stall(
        &self,
        shard: ShardId,
        vitals: &ShardVitals,
        lasted: Duration,
        unreported: u64,
    ) -> Stall {
        // A shard that goes on just now runs somebody else, who is not to blame.
        let task = self.vitals.running(shard, vitals).filter(|_| vitals.is_sick());
        let named = task.and_then(|pid| vitals.names.find(pid.target()));
        let actor = named.map(|named| StalledActor {
            name: named.name,
            actor: named.actor,
            message: named.message,
        });
        Stall { shard, lasted, task, actor, unreported }
    }
}
