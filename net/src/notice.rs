//! Waiting for a condition that other tasks of the shard bring about.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

/// Tells waiting tasks that something changed. What they wait for is a state they look at, so a
/// notice that comes early, twice or for nothing does no harm.
#[derive(Default)]
pub(crate) struct Notice {
    waiting: RefCell<BTreeMap<u64, Waker>>,
    next: Cell<u64>,
}

impl Notice {
    /// Makes everybody look again.
    pub(crate) fn notify(&self) {
        let woken = self.waiting.take();
        woken.into_values().for_each(Waker::wake);
    }

    /// Waits until `condition` holds; it is looked at on each [`Notice::notify`].
    pub(crate) fn until<C: Fn() -> bool>(&self, condition: C) -> Until<'_, C> {
        let ticket = self.next.get();
        self.next.set(ticket + 1);
        Until { notice: self, ticket, condition }
    }
}

/// See [`Notice::until`].
pub(crate) struct Until<'a, C> {
    notice: &'a Notice,
    ticket: u64,
    condition: C,
}

impl<C: Fn() -> bool> Future for Until<'_, C> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if (self.condition)() {
            return Poll::Ready(());
        }
        let waker = cx.waker().clone();
        let old = self.notice.waiting.borrow_mut().insert(self.ticket, waker);
        drop(old);
        Poll::Pending
    }
}

impl<C> Drop for Until<'_, C> {
    fn drop(&mut self) {
        let left = self.notice.waiting.borrow_mut().remove(&self.ticket);
        drop(left);
    }
}
