//! The subscriber's side.

use std::cell::RefCell;
use std::fmt;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Context, Poll};

use super::crossing::{Subscribe, Unsubscribe};
use super::letter::{Backlog, DeadLetter, LetterBound};
use crate::handle::System;
use crate::mesh::Packet;
use crate::pid::{ShardId, ShardSerial};
use crate::shard::{Shard, current};
use crate::task::waker::StoredWaker;

/// Where the letters for a subscriber arrive.
#[derive(Debug)]
pub(super) struct Inbox {
    bound: LetterBound,
    backlog: RefCell<Backlog>,
    /// Who waits for a letter.
    waker: RefCell<StoredWaker>,
}

impl Inbox {
    /// Keeps letters, as many as there is room for. Returns whom to wake.
    pub(super) fn put(
        &self,
        letters: impl IntoIterator<Item = DeadLetter>,
        lost: u64,
    ) -> StoredWaker {
        let mut backlog = self.backlog.borrow_mut();
        letters.into_iter().for_each(|letter| backlog.push(letter, self.bound));
        backlog.add_lost(lost);
        self.waker.replace(StoredWaker::NONE)
    }
}

/// A subscription to the dead letters of a system; see [`System::dead_letters`]. Dropping it ends
/// it.
///
/// # Shard
///
/// Lives on the shard it was made on. Moved to another one (which only a simulation can do) it reads
/// what had arrived.
pub struct DeadLetters {
    inbox: Rc<Inbox>,
    number: u64,
    home: ShardSerial,
}

impl System {
    /// Subscribes to the dead letters of all shards: messages that were accepted and not handled,
    /// and those that were given back to their senders. `None` outside this system.
    ///
    /// Of this shard, letters come from now on; of another, from when it hears of the subscription,
    /// which is before any message that is sent there later. Letters of one shard come in order. A
    /// subscriber that reads too slowly loses letters, as `bound` says, and is told how many; nothing
    /// ever waits for it. One that answers letters with messages that become letters answers for
    /// ever.
    #[must_use]
    pub fn dead_letters(&self, bound: LetterBound) -> Option<DeadLetters> {
        self.here(|shard| {
            let inbox =
                Rc::new(Inbox { bound, backlog: RefCell::default(), waker: RefCell::default() });
            let number = shard.letters.enter(&inbox);
            tell_others(shard, || Packet::system(0, Subscribe { number, bound }));
            DeadLetters { inbox, number, home: shard.serial() }
        })
    }
}

fn tell_others(shard: &Shard, packet: impl Fn() -> Packet) {
    let others = (0..shard.shards()).map(ShardId).filter(|id| *id != shard.id());
    others.for_each(|id| shard.push_system(id, packet()));
}

impl DeadLetters {
    /// The next letter.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses no letter.
    pub async fn next(&mut self) -> DeadLetter {
        poll_fn(|cx| self.poll_next(cx)).await
    }

    /// The same without a future of its own: whoever was polled last is woken.
    pub fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<DeadLetter> {
        if let Some(letter) = self.try_next() {
            return Poll::Ready(letter);
        }
        // Both may be anybody's: made and dropped with nothing borrowed.
        let waker = StoredWaker::of(cx.waker());
        drop(self.inbox.waker.replace(waker));
        Poll::Pending
    }

    /// A letter that has arrived.
    pub fn try_next(&mut self) -> Option<DeadLetter> {
        self.inbox.backlog.borrow_mut().pop()
    }

    /// Letters for which there was no room, as far as it is known here: another shard tells with its
    /// next batch.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.inbox.backlog.borrow().lost()
    }
}

impl Drop for DeadLetters {
    fn drop(&mut self) {
        current::with(|shard| {
            // On another shard nothing can be done; home forgets an inbox that is gone by itself.
            if shard.serial() == self.home {
                let number = self.number;
                shard.letters.leave(number);
                tell_others(shard, || Packet::system(0, Unsubscribe { number }));
            }
        });
    }
}

impl fmt::Debug for DeadLetters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeadLetters").field("number", &self.number).finish_non_exhaustive()
    }
}
