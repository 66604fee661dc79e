//! What is on its way to one connection without having been asked for.

use std::cell::{Cell, RefCell};
use std::task::Waker;

use crate::resp::{Protocol, Writer};

/// Messages that a connection has still to send.
///
/// A client that reads more slowly than others publish would let it grow without end, so it has a
/// bound; beyond it the outbox *overflows*: it is emptied, takes nothing more, and its connection is
/// to be ended. (A subscriber that misses messages without knowing is worse off than one that
/// learns of it by having to connect again.)
#[derive(Debug)]
pub(crate) struct Outbox {
    messages: RefCell<Writer>,
    bytes_max: usize,
    overflowed: Cell<bool>,
    /// The connection's task while it waits.
    waiting: RefCell<Option<Waker>>,
}

impl Outbox {
    /// An empty one that holds so many bytes at most.
    pub(crate) fn new(bytes_max: usize) -> Self {
        Self {
            messages: RefCell::new(Writer::default()),
            bytes_max,
            overflowed: Cell::new(false),
            waiting: RefCell::default(),
        }
    }

    /// Whether there is nothing to send.
    pub(crate) fn is_empty(&self) -> bool {
        self.messages.borrow().len() == 0
    }

    /// Whether more was published than fits.
    pub(crate) fn has_overflowed(&self) -> bool {
        self.overflowed.get()
    }

    /// Moves what is there to the end of `out`, and goes on in its protocol.
    pub(crate) fn drain_into(&self, out: &mut Writer) {
        let mut messages = self.messages.borrow_mut();
        if messages.len() > 0 {
            out.raw(messages.as_bytes());
            // A burst's memory is not kept.
            drop(messages.take());
        }
        messages.set_protocol(out.protocol());
    }

    /// Adds a message.
    pub(super) fn push(&self, write: impl FnOnce(&mut Writer)) {
        if self.overflowed.get() {
            return;
        }
        let mut messages = self.messages.borrow_mut();
        write(&mut messages);
        if messages.len() > self.bytes_max {
            drop(messages.take());
            self.overflowed.set(true);
        }
        drop(messages);
        self.wake();
    }

    /// Leaves the waker of a connection that waits.
    pub(crate) fn wait(&self, waker: &Waker) {
        let mut waiting = self.waiting.borrow_mut();
        if waiting.as_ref().is_none_or(|known| !known.will_wake(waker)) {
            let before = waiting.replace(waker.clone());
            drop(waiting);
            drop(before);
        }
    }

    /// Wakes the connection if it waits.
    pub(crate) fn wake(&self) {
        if let Some(waker) = self.waiting.take() {
            waker.wake();
        }
    }

    /// The protocol that messages are spelled in from now on.
    pub(crate) fn set_protocol(&self, protocol: Protocol) {
        self.messages.borrow_mut().set_protocol(protocol);
    }
}
