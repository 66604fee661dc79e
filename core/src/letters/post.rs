//! A shard's part: who subscribes, and what is kept for them.

use std::any::type_name;
use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use super::crossing::{Batch, Taken, Unsubscribe};
use super::letter::{Backlog, DeadLetter, LetterBound, LetterReason};
use super::subscriber::Inbox;
use crate::mesh::Packet;
use crate::pid::{Pid, ShardId};
use crate::shard::{Addressee, Refused, Shard};

/// Names a subscription: its home, and its number there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Name {
    pub(super) home: ShardId,
    pub(super) number: u64,
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Letters {
    /// Whether anybody subscribes.
    wanted: Cell<bool>,
    /// The subscribers whose home this is.
    inboxes: RefCell<Vec<(u64, Weak<Inbox>)>>,
    /// Those whose home is another shard.
    away: RefCell<Vec<Away>>,
    number_next: Cell<u64>,
}

/// A subscriber on another shard.
#[derive(Debug)]
struct Away {
    name: Name,
    bound: LetterBound,
    backlog: Backlog,
    /// A batch is on its way, and home has not said that it came.
    under_way: bool,
}

impl Away {
    /// What is to be sent now.
    fn next_batch(&mut self) -> Option<Packet> {
        if self.under_way {
            return None;
        }
        let (letters, lost) = self.backlog.take()?;
        self.under_way = true;
        Some(Packet::system(0, Batch { number: self.name.number, letters, lost }))
    }
}

impl Letters {
    fn count(&self) {
        let none = self.inboxes.borrow().is_empty() && self.away.borrow().is_empty();
        self.wanted.set(!none);
    }

    /// Enters a subscriber of this shard. Returns its number.
    pub(super) fn enter(&self, inbox: &Rc<Inbox>) -> u64 {
        let number = self.number_next.get();
        self.number_next.set(number + 1);
        self.inboxes.borrow_mut().push((number, Rc::downgrade(inbox)));
        self.count();
        number
    }

    /// Takes out a subscriber of this shard.
    pub(super) fn leave(&self, number: u64) {
        self.inboxes.borrow_mut().retain(|(other, _)| *other != number);
        self.count();
    }

    /// Enters a subscriber of another shard.
    pub(super) fn enter_away(&self, name: Name, bound: LetterBound) {
        let backlog = Backlog::default();
        self.away.borrow_mut().push(Away { name, bound, backlog, under_way: false });
        self.count();
    }

    /// Takes out a subscriber of another shard.
    pub(super) fn leave_away(&self, name: Name) {
        self.away.borrow_mut().retain(|away| away.name != name);
        self.count();
    }
}

impl Shard {
    /// A message that was accepted will not be handled.
    #[inline]
    pub(crate) fn write_letter(&self, to: &Addressee<'_>, reason: LetterReason) {
        if self.letters.wanted.get() {
            self.post_letter(to.pid, to.kind.actor, to.message, reason);
        }
    }

    /// A message `M` is given back to its sender.
    #[cold]
    #[inline(never)]
    pub(crate) fn write_returned<M>(&self, to: Pid, refused: Refused) {
        if self.letters.wanted.get() {
            let reason = match refused {
                Refused::Full(_) => LetterReason::Full,
                Refused::Closed => LetterReason::Closed,
                Refused::WrongType | Refused::NotLocal => LetterReason::Unusable,
            };
            let kind = self.is(to.home()).then(|| self.kind_of(to.target()));
            let actor = kind.map_or("", |kind| kind.actor);
            self.post_letter(to, actor, type_name::<M>(), reason);
        }
    }

    #[cold]
    #[inline(never)]
    fn post_letter(
        &self,
        to: Pid,
        actor: &'static str,
        message: &'static str,
        reason: LetterReason,
    ) {
        let (at, seen_on) = (self.now(), self.id());
        let letter = DeadLetter { to, actor, message, reason, at, seen_on };
        let inboxes = self.letters.inboxes.borrow().clone();
        for (number, inbox) in inboxes {
            match inbox.upgrade() {
                Some(inbox) => self.wake_stored(inbox.put([letter], 0)),
                None => self.letters.leave(number),
            }
        }
        for away in &mut *self.letters.away.borrow_mut() {
            away.backlog.push(letter, away.bound);
            if let Some(packet) = away.next_batch() {
                self.push_system(away.name.home, packet);
            }
        }
    }

    /// A batch came from another shard for a subscriber of this one.
    pub(super) fn take_batch(&self, from: ShardId, batch: Batch) {
        let Batch { number, letters, lost } = batch;
        let inbox = self
            .letters
            .inboxes
            .borrow()
            .iter()
            .find_map(|(other, inbox)| if *other == number { inbox.upgrade() } else { None });
        match inbox {
            Some(inbox) => {
                self.wake_stored(inbox.put(letters, lost));
                self.push_system(from, Packet::system(0, Taken { number }));
            }
            None => {
                self.letters.leave(number);
                self.push_system(from, Packet::system(0, Unsubscribe { number }));
            }
        }
    }

    /// A subscriber's home took a batch.
    pub(super) fn batch_taken(&self, name: Name) {
        let packet = {
            let mut away = self.letters.away.borrow_mut();
            let found = away.iter_mut().find(|away| away.name == name);
            found.and_then(|away| {
                away.under_way = false;
                away.next_batch()
            })
        };
        if let Some(packet) = packet {
            self.push_system(name.home, packet);
        }
    }
}
