//! The types of actors that a shard has had, and the counts of each.
//!
//! What each message would have to count, nobody counts twice: a mailbox knows how many messages
//! went through its ring because that is where the ring's head is, and a type takes over the head
//! of a mailbox that closes. What is counted message by message is what was handled, in the place of
//! the shard's own count.

use std::any::{TypeId, type_name};
use std::cell::{Cell, RefCell};
use std::rc::Rc;

use super::ledger::increment;
use crate::actor::{Actor, Undelivered};

/// One type of actor on one shard.
#[derive(Debug)]
pub(crate) struct Kind {
    actor_type: TypeId,
    /// The type's name; empty for the kind of no actor.
    pub(crate) actor: &'static str,
    /// The name of its messages' type.
    pub(crate) message: &'static str,
    /// Its place among the shard's kinds; 0 for the kind of no actor.
    pub(crate) number: u16,
    /// Messages handled.
    pub(super) handled: Cell<u64>,
    /// Messages that went into mailboxes that have closed since, modulo 2^32.
    pub(super) entered: Cell<u32>,
    /// Accepted messages that never went into a mailbox.
    pub(super) aside: Cell<u64>,
    /// Messages taken out of mailboxes, but by a handler, whose end is still to come.
    pub(super) leaving: Cell<u64>,
    pub(super) refused: Cell<u64>,
    pub(super) undelivered: [Cell<u64>; Undelivered::ALL.len()],
}

impl Kind {
    const fn new(
        actor_type: TypeId,
        actor: &'static str,
        message: &'static str,
        number: u16,
    ) -> Self {
        Self {
            actor_type,
            actor,
            message,
            number,
            handled: Cell::new(0),
            entered: Cell::new(0),
            aside: Cell::new(0),
            leaving: Cell::new(0),
            refused: Cell::new(0),
            undelivered: [const { Cell::new(0) }; Undelivered::ALL.len()],
        }
    }

    /// Whether this is the kind of actors `A`.
    pub(super) fn is_of<A: Actor>(&self) -> bool {
        self.actor_type == TypeId::of::<A>()
    }

    /// A message was handled.
    #[inline(always)]
    pub(crate) fn handled(&self) {
        increment(&self.handled);
    }

    /// A mailbox closed after that many messages, modulo 2^32; so many of them are left.
    pub(crate) fn closed(&self, entered: u32, left: usize) {
        self.entered.set(self.entered.get().wrapping_add(entered));
        self.leaving.set(self.leaving.get() + left as u64);
    }

    /// A message was taken out of an open mailbox, and its end is still to come.
    pub(crate) fn taken(&self) {
        increment(&self.leaving);
    }

    /// A message that was left in a closed mailbox, or taken, comes to its end.
    pub(crate) fn left(&self) {
        self.leaving.set(self.leaving.get() - 1);
    }

    pub(super) fn refuse(&self) {
        increment(&self.refused);
    }

    pub(super) fn undeliver(&self, reason: Undelivered) {
        increment(&self.undelivered[reason as usize]);
    }
}

/// The kinds of one shard.
#[derive(Debug)]
pub(crate) struct Kinds {
    /// In the order in which they were first seen; at 0 the kind of no actor.
    kinds: RefCell<Vec<Rc<Kind>>>,
}

/// Marks the kind of no actor.
struct NoActor;

impl Default for Kinds {
    fn default() -> Self {
        let nobody = Kind::new(TypeId::of::<NoActor>(), "", "", 0);
        Self { kinds: RefCell::new(vec![Rc::new(nobody)]) }
    }
}

impl Kinds {
    /// The kind of actors `A`.
    pub(crate) fn of<A: Actor>(&self) -> Rc<Kind> {
        let mut kinds = self.kinds.borrow_mut();
        if let Some(kind) = kinds.iter().find(|kind| kind.is_of::<A>()) {
            return kind.clone();
        }
        // A program has fewer types than that; if not, the last ones share a number.
        let number = u16::try_from(kinds.len()).unwrap_or(u16::MAX);
        let (actor, message) = (type_name::<A>(), type_name::<A::Message>());
        let kind = Rc::new(Kind::new(TypeId::of::<A>(), actor, message, number));
        kinds.push(kind.clone());
        kind
    }

    /// The kind of those that are gone, live elsewhere, or never were.
    pub(crate) fn nobody(&self) -> Rc<Kind> {
        self.kinds.borrow()[0].clone()
    }

    /// All, by number.
    pub(super) fn all(&self) -> Vec<Rc<Kind>> {
        self.kinds.borrow().clone()
    }

    /// Messages handled by all kinds.
    pub(super) fn handled(&self) -> u64 {
        self.kinds.borrow().iter().map(|kind| kind.handled.get()).sum()
    }
}
