//! How the shards of a system go through its end together.
//!
//! # The problem
//!
//! No shard can tell alone when it is finished: an actor that ends on one shard still sends to
//! another, and the other's answer may be what a task on the first waits for. So the shards walk
//! through common phases. Shard 0 leads them through the shutdown proper, whose steps are core's
//! ([`greenroom_core::Shard::begin_shutdown`]) and end with no actor anywhere; from there on the
//! last shard to finish a phase begins the next for all:
//!
//! ```text
//! Starting  -> Running    every shard is built
//!           -> Stopping   somebody shuts the system down: hooks, trees, actors, hooks
//!           -> Killing    shard 0 is stuck or gone: every actor that is left is killed
//!           -> Leaving    no shard has an actor any more: outboxes are emptied into the rings
//!           -> Draining   every outbox is empty: the rings are emptied, the last answers read
//!           -> Abandoning a shard is stuck: nothing is waited for
//! ```
//!
//! A shard counts itself in once per phase, and counts never go back, because a shard that closes
//! takes no new actor. Nobody sleeps to wait for anybody: a shard that waits for a phase goes on
//! pumping, and who moves the phase rings every shard's bell.

use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use greenroom_core::limits::SHUTDOWN_GRACE;
use greenroom_core::{ShardId, ShardReport};

use crate::driver::{Bell, Doorbell};

/// Where a system is in its life. Only ever grows.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[repr(u8)]
pub(crate) enum Phase {
    /// Some shards are not built yet. Those that are do not spin: building one asks the kernel for
    /// work on every core, which a thread that spins with real-time priority never lets run.
    Starting,
    Running,
    Stopping,
    Killing,
    Leaving,
    Draining,
    Abandoning,
}

impl Phase {
    const ALL: [Self; 7] = [
        Self::Starting,
        Self::Running,
        Self::Stopping,
        Self::Killing,
        Self::Leaving,
        Self::Draining,
        Self::Abandoning,
    ];
}

/// What the shards of one system share about its end.
#[derive(Debug)]
pub(crate) struct Stage {
    phase: AtomicU8,
    shards: usize,
    /// How long actors have to stop, once that is said; else `limit_default`.
    limit: OnceLock<Duration>,
    limit_default: Duration,
    /// Shards without actors.
    quiet: AtomicUsize,
    /// Shards with empty outboxes, after all were quiet.
    flushed: AtomicUsize,
    bells: OnceLock<Vec<Doorbell<Bell>>>,
    /// One place per shard, empty while its thread runs.
    ends: Mutex<Vec<Option<ShardReport>>>,
    /// A shard has ended, or the shutdown has begun.
    ended: Condvar,
}

impl Stage {
    /// `limit`: how long actors have to stop where whoever begins the shutdown does not say.
    pub(crate) fn new(shards: u16, limit: Duration) -> Self {
        let shards = usize::from(shards);
        Self {
            phase: AtomicU8::new(Phase::Starting as u8),
            shards,
            limit: OnceLock::new(),
            limit_default: limit,
            quiet: AtomicUsize::new(0),
            flushed: AtomicUsize::new(0),
            bells: OnceLock::new(),
            ends: Mutex::new(vec![None; shards]),
            ended: Condvar::new(),
        }
    }

    /// Gives the stage the bells it rings. Called once, before any shard runs.
    pub(crate) fn set_bells(&self, bells: Vec<Doorbell<Bell>>) {
        let set = self.bells.set(bells);
        debug_assert!(set.is_ok(), "a stage has one set of bells");
    }

    #[inline]
    pub(crate) fn phase(&self) -> Phase {
        // Acquire: who sees a phase sees what was set for it, such as the limit.
        Phase::ALL[usize::from(self.phase.load(Ordering::Acquire))]
    }

    /// Moves on to `phase`, unless the system is there or further.
    pub(crate) fn advance(&self, phase: Phase) {
        let before = self.phase.fetch_max(phase as u8, Ordering::Release);
        if before < phase as u8 {
            for bell in self.bells.get().into_iter().flatten() {
                bell.notify();
            }
        }
    }

    /// Begins the shutdown, unless somebody has; who was first decides how long actors have.
    pub(crate) fn begin(&self, limit: Duration) {
        self.limit.get_or_init(|| limit);
        self.advance(Phase::Stopping);
        // Whoever looked before holds the lock until it waits.
        drop(self.lock());
        self.ended.notify_all();
    }

    /// How long actors have to stop.
    pub(crate) fn limit(&self) -> Duration {
        *self.limit.get().unwrap_or(&self.limit_default)
    }

    /// Sees a shutdown through that has begun: where shard 0 does not lead it to its end in time,
    /// from outside. Returns when every shard has ended, or is stuck.
    pub(crate) fn see_through(&self) {
        // For what was killed, for the last hooks, and for what shards say in between.
        let limit = self.limit().saturating_add(3 * SHUTDOWN_GRACE);
        if !self.wait(limit) {
            self.advance(Phase::Killing);
        }
        if !self.wait(SHUTDOWN_GRACE) {
            self.advance(Phase::Abandoning);
        }
        self.wait(SHUTDOWN_GRACE);
    }

    /// Waits until somebody has begun the shutdown.
    pub(crate) fn wait_for_begin(&self) {
        let waits = |_: &mut Vec<Option<ShardReport>>| self.phase() < Phase::Stopping;
        drop(self.ended.wait_while(self.lock(), waits));
    }

    /// Takes a shard's seat.
    pub(crate) fn seat(self: &Arc<Self>, shard: ShardId) -> Seat {
        let end = ShardReport::new(shard);
        Seat { stage: self.clone(), shard, quiet: false, flushed: false, end }
    }

    /// Waits until every shard has ended, or for `limit`. Tells whether every shard has.
    pub(crate) fn wait(&self, limit: Duration) -> bool {
        let running = |ends: &mut Vec<Option<ShardReport>>| ends.iter().any(Option::is_none);
        let waited = self.ended.wait_timeout_while(self.lock(), limit, running);
        !waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }

    /// How each shard ended; `None` for one that has not.
    pub(crate) fn ends(&self) -> Vec<Option<ShardReport>> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Option<ShardReport>>> {
        self.ends.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A shard's part in the phases. Dropping it, however the thread ends, counts the shard in
/// wherever it was still missing, so that no other shard waits for it.
#[derive(Debug)]
pub(crate) struct Seat {
    stage: Arc<Stage>,
    shard: ShardId,
    quiet: bool,
    flushed: bool,
    pub(crate) end: ShardReport,
}

impl Seat {
    #[inline]
    pub(crate) fn phase(&self) -> Phase {
        self.stage.phase()
    }

    /// How long actors have to stop.
    pub(crate) fn limit(&self) -> Duration {
        self.stage.limit()
    }

    /// Whether this is the shard that leads the shutdown.
    pub(crate) fn leads(&self) -> bool {
        self.shard == ShardId(0)
    }

    /// The shard that leads the shutdown has led it so far.
    pub(crate) fn lead_to(&self, phase: Phase) {
        debug_assert!(self.leads());
        self.stage.advance(phase);
    }

    /// The shard has no actors.
    pub(crate) fn arrive_quiet(&mut self) {
        if !std::mem::replace(&mut self.quiet, true) {
            self.count(&self.stage.quiet, Phase::Leaving);
        }
    }

    /// The shard's outboxes are empty.
    pub(crate) fn arrive_flushed(&mut self) {
        if !std::mem::replace(&mut self.flushed, true) {
            self.count(&self.stage.flushed, Phase::Draining);
        }
    }

    /// The runtime of this shard has panicked: the whole system comes to its end.
    pub(crate) fn fail(&mut self, message: Arc<str>) {
        self.end.failed = Some(message);
        self.stage.begin(self.stage.limit_default);
        if self.leads() {
            self.stage.advance(Phase::Killing);
        }
    }

    fn count(&self, counter: &AtomicUsize, next: Phase) {
        // Acquire and release: who counts last has seen what the others published before.
        if counter.fetch_add(1, Ordering::AcqRel) + 1 == self.stage.shards {
            self.stage.advance(next);
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.arrive_quiet();
        self.arrive_flushed();
        let end = std::mem::replace(&mut self.end, ShardReport::new(self.shard));
        self.stage.lock()[self.shard.index()] = Some(end);
        self.stage.ended.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_shard_of_a_phase_begins_the_next() {
        let stage = Arc::new(Stage::new(2, Duration::ZERO));
        let (mut first, mut second) = (stage.seat(ShardId(0)), stage.seat(ShardId(1)));
        stage.begin(Duration::MAX);
        assert_eq!((stage.phase(), stage.limit()), (Phase::Stopping, Duration::MAX));
        stage.begin(Duration::ZERO);
        assert_eq!(stage.limit(), Duration::MAX, "who was first decides");
        stage.wait_for_begin();
        stage.advance(Phase::Killing);
        first.arrive_quiet();
        first.arrive_quiet();
        assert_eq!(stage.phase(), Phase::Killing);
        second.arrive_quiet();
        assert_eq!(stage.phase(), Phase::Leaving);
        stage.advance(Phase::Killing);
        assert_eq!(stage.phase(), Phase::Leaving, "a phase never goes back");
        first.arrive_flushed();
        drop(second);
        assert_eq!(stage.phase(), Phase::Draining, "a shard that is gone is waited for by nobody");
        assert!(!stage.wait(Duration::ZERO));
        drop(first);
        assert!(stage.wait(Duration::ZERO));
        assert!(stage.ends().iter().all(Option::is_some));
    }

    #[test]
    fn every_phase_is_at_its_own_place() {
        for (index, phase) in Phase::ALL.into_iter().enumerate() {
            assert_eq!(phase as usize, index);
        }
    }
}
