//! Actors that do not answer: seen by their shard, which looks at them now and then.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::time::Duration;

use super::Health;
use crate::limits::PROBE_BATCH;
use crate::pid::Pid;
use crate::shard::Shard;
use crate::time::Instant;
use crate::timer::Fire;

/// What a shard remembers of those that are in the middle of a message while others queue.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    /// How long is too long; `None` while nobody wants to know.
    limit: Cell<Option<Duration>>,
    /// A timer is set for the next look.
    armed: Cell<bool>,
    /// The slot to look at next.
    next: Cell<u32>,
    busy: RefCell<BTreeMap<Pid, Busy>>,
}

/// An actor that was in the middle of a message.
#[derive(Clone, Copy, Debug)]
struct Busy {
    /// How many messages it had taken by then, modulo 2^32: the same number, the same message.
    taken: u32,
    since: Instant,
    /// It was published.
    published: bool,
}

impl Answers {
    pub(super) fn forget(&self, pid: Pid) {
        if self.limit.get().is_some() {
            self.busy.borrow_mut().remove(&pid);
        }
    }
}

/// Looks at each actor in the time that is too long, at the least.
const LOOKS: u32 = 2;

impl Shard {
    /// From here on publishes actors that are in the middle of one message for longer than `limit`
    /// while others are queued; `None` ends that.
    pub(crate) fn watch_answers(&self, limit: Option<Duration>) {
        let limit = limit.map(|limit| limit.max(Duration::from_millis(1)));
        self.vitals.answers.limit.set(limit);
        if limit.is_some() && !self.vitals.answers.armed.get() {
            self.look_at_answers();
        }
        if limit.is_none() {
            let busy = std::mem::take(&mut *self.vitals.answers.busy.borrow_mut());
            for (pid, _) in busy.into_iter().filter(|(_, busy)| busy.published) {
                self.publish_seen(pid, None);
            }
        }
    }

    /// Looks at some slots, and comes back for the next: at once, or when all were looked at.
    fn look_at_answers(&self) {
        let limit = self.vitals.answers.limit.get();
        self.vitals.answers.armed.set(limit.is_some());
        let Some(limit) = limit else { return };
        let now = self.now();
        let first = self.vitals.answers.next.get();
        let (actors, next) = self.tasks.actors_from(first, PROBE_BATCH);
        for task in actors {
            let (Some(door), Some(share)) = (task.door(), task.share()) else { continue };
            let load = door.load();
            let queued = load.queued + load.overflow;
            let stands = share.in_hand && queued > 0;
            let taken = door.entered().wrapping_sub(queued as u32);
            self.note_answer(door.pid(), stands.then_some(taken), queued, limit);
        }
        self.vitals.answers.next.set(next.unwrap_or(0));
        let pause = if next.is_some() { Duration::ZERO } else { limit / LOOKS };
        let again = Box::new(|shard: &Self| shard.look_at_answers());
        self.timers.insert(now + pause, Fire::Run(again));
    }

    fn note_answer(&self, pid: Pid, taken: Option<u32>, queued: usize, limit: Duration) {
        let now = self.now();
        let mut busy = self.vitals.answers.busy.borrow_mut();
        let Some(taken) = taken else {
            if busy.remove(&pid).is_some_and(|known| known.published) {
                self.publish_seen(pid, None);
            }
            return;
        };
        let fresh = Busy { taken, since: now, published: false };
        let known = busy.entry(pid).or_insert(fresh);
        if known.taken != taken {
            if std::mem::replace(known, fresh).published {
                self.publish_seen(pid, None);
            }
        } else if now - known.since >= limit && !known.published {
            known.published = true;
            let why = format!("in one message for {:?}, {queued} queued", now - known.since);
            self.publish_seen(pid, Some(Health::Unhealthy(why.into())));
        }
    }
}
