//! The end of a shard.

use super::Shard;
use super::ledger::Ledger;
use crate::actor::ExitReason;

/// How often tasks that were spawned by the drop of others are dropped in turn.
const ABANDON_PASSES: u32 = 64;

impl Shard {
    /// Begins the shutdown: nothing new is spawned, every actor is asked to stop after the message
    /// it handles, with [`ExitReason::Shutdown`]. The driver goes on pumping until
    /// [`Shard::is_quiet`].
    pub fn close(&self) {
        if self.closing.replace(true) {
            return;
        }
        for actor in self.tasks.actors() {
            self.ask_to_stop(&*actor, 0);
        }
    }

    /// Kills every actor that is left.
    pub fn kill_all(&self) {
        self.closing.set(true);
        self.shutdown.note_killed(self.actors());
        let actors = self.tasks.actors();
        for door in actors.iter().filter_map(|actor| actor.door()) {
            if door.kill(ExitReason::Shutdown.into()) {
                self.schedule(door.pid().slot());
            }
        }
    }

    /// Whether every actor has ended and nothing waits to leave.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.actors() == 0 && self.outboxes.is_empty()
    }

    /// Drops all that is left: tasks where they stand, timers, packets that never left. Ports in
    /// them reach their callers; messages are counted as undelivered. The shard is of no use
    /// afterwards.
    pub fn abandon_all(&self) {
        self.closing.set(true);
        // What is dropped may spawn tasks; one that always does is not humoured for ever.
        for _ in 0..ABANDON_PASSES {
            let occupied = self.tasks.occupied();
            if occupied.is_empty() {
                break;
            }
            occupied.into_iter().for_each(|slot| self.remove_task(slot));
        }
        for fire in self.timers.take_all() {
            self.guarded("a timer's drop", || drop(fire));
        }
        for packet in self.outboxes.take_all() {
            self.guarded("a message's drop", || drop(packet));
        }
    }

    /// Actors alive.
    #[must_use]
    pub fn actors(&self) -> usize {
        self.tasks.actors_len()
    }

    /// Tells whoever waits for it that there is no actor any more, if so.
    #[cold]
    pub(crate) fn look_for_quiet(&self) {
        if self.actors() == 0 {
            self.shutdown.tell_quiet();
        }
    }

    /// From here on no message leaves this shard: casts to other shards are refused as to an actor
    /// that has ended, and so are the senders that wait for room. For a system without actors, in
    /// which what has left is still to be counted.
    pub fn seal(&self) {
        for waker in self.outboxes.seal() {
            self.guarded("a sender's waker", || waker.wake());
        }
    }

    /// Messages handled in this shard's turns so far: of [`Shard::ledger`] those that were not handled
    /// elsewhere, as a [`crate::Courier`] has them.
    #[inline]
    #[must_use]
    pub fn handled(&self) -> u64 {
        self.configs.kinds.handled() - self.ledger.carried()
    }

    /// What became of every message this shard accepted.
    #[must_use]
    pub fn ledger(&self) -> Ledger {
        self.ledger.read(&self.work, self.configs.kinds.handled())
    }
}

impl Drop for Shard {
    fn drop(&mut self) {
        // User code that is dropped with the shard finds it as it always was: entered, and whole.
        self.enter(|| self.abandon_all());
    }
}
