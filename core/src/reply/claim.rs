//! The caller's half of a reply slot, as a future.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::Reply;
use super::slot::{Failure, Key, OpenSlot, Opening};
use crate::context::Header;
use crate::pid::{NodeId, Pid, ShardId};
use crate::runtime::Injected;
use crate::shard::{Shard, current};
use crate::task::waker::StoredWaker;

/// Waits for the answer to one call. Belongs to the shard it was made on: polled anywhere else it
/// reports the port as dropped, which is all that can be known there.
pub(crate) struct Claim<R: Send + 'static> {
    /// `None` before the slot is opened and once the answer was taken.
    key: Option<Key<R>>,
    node: NodeId,
    shard: ShardId,
    /// The table entry is reached through the current shard of this thread.
    not_send: PhantomData<*const ()>,
}

impl<R: Send + 'static> fmt::Debug for Claim<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claim").field("key", &self.key).finish_non_exhaustive()
    }
}

impl Shard {
    /// Opens a reply slot, with the waker that waits for the answer.
    #[inline(always)]
    pub(crate) fn open_reply<R: Send + 'static>(
        &self,
        opening: Opening,
        waker: StoredWaker,
    ) -> Opened<R> {
        let deadline = opening.deadline;
        let slot = self.replies.open::<R>(opening, waker);
        if !deadline.is_never() {
            self.arm_deadline(slot.slot(), deadline);
        }
        Opened { slot }
    }

    /// Opens a reply slot that no chain, trace or deadline belongs to.
    pub(crate) fn open_plain_reply<R: Send + 'static>(&self) -> (Claim<R>, Reply<R>) {
        let mut opened = self.open_reply(Opening::PLAIN, StoredWaker::None);
        (opened.claim(self), opened.port(self))
    }
}

/// A freshly opened reply slot. Claim and port are made where they are to be, once each: passing
/// them on by value would cost more than making them.
pub(crate) struct Opened<R: Send + 'static> {
    slot: OpenSlot<R>,
}

impl<R: Send + 'static> Opened<R> {
    /// What names the call on this shard.
    #[inline]
    pub(crate) const fn header(&self) -> Header {
        self.slot.header()
    }

    /// The caller's half.
    #[inline]
    pub(crate) fn claim(&mut self, shard: &Shard) -> Claim<R> {
        let mut claim = Claim::vacant();
        self.claim_into(&mut claim, shard);
        claim
    }

    /// The caller's half, made in its place, which is vacant.
    #[inline]
    pub(crate) fn claim_into(&mut self, claim: &mut Claim<R>, shard: &Shard) {
        debug_assert!(claim.key.is_none());
        claim.node = shard.node();
        claim.shard = shard.id();
        claim.key = Some(self.slot.claim());
    }

    /// The callee's half.
    #[inline]
    pub(crate) fn port(&mut self, shard: &Shard) -> Reply<R> {
        Reply::new(self.slot.port(), shard.node(), shard.id())
    }
}

impl<R: Send + 'static> Claim<R> {
    /// Whether the claim was made on that shard.
    pub(crate) fn is_of(&self, shard: &Shard) -> bool {
        shard.is(self.node, self.shard)
    }

    fn at_home<T>(&self, f: impl FnOnce(&Shard) -> T) -> Option<T> {
        current::with(|shard| shard.is(self.node, self.shard).then(|| f(shard))).flatten()
    }
}

impl<R: Send + 'static> Future for Claim<R> {
    type Output = Result<R, Failure>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let claim = &mut *self;
        let waker = StoredWaker::of(cx.waker());
        let (node, home) = (claim.node, claim.shard);
        let polled = current::with(|shard| {
            shard.is(node, home).then(|| shard.replies.poll(&mut claim.key, waker))
        });
        match polled.flatten() {
            Some((answer, old_waker)) => {
                drop(old_waker);
                answer
            }
            None => Poll::Ready(Err(Failure::Dropped)),
        }
    }
}

impl<R: Send + 'static> Claim<R> {
    /// A claim of nothing: ready, with the news that there is no port.
    #[inline]
    pub(crate) const fn vacant() -> Self {
        Self { key: None, node: Pid::NOBODY.node(), shard: ShardId(0), not_send: PhantomData }
    }

    /// Stops waiting.
    #[inline]
    pub(crate) fn give_up(&mut self) {
        if let Some(key) = self.key.take() {
            self.give_up_key(key);
        }
    }

    #[cold]
    fn give_up_key(&self, mut key: Key<R>) {
        let done = self.at_home(|shard| shard.replies.drop_claim(key.take()));
        if done.is_none() {
            let abandon = move |shard: &Shard| drop(shard.replies.drop_claim(key));
            // A shard that is gone has no slot left to free.
            drop(crate::process::inject(self.node, self.shard, Injected::Run(Box::new(abandon))));
        }
    }
}

impl<R: Send + 'static> Drop for Claim<R> {
    #[inline]
    fn drop(&mut self) {
        self.give_up();
    }
}
