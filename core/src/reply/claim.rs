//! The caller's half of a reply slot, as a future.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::Reply;
use super::slot::{Failure, Key, Opening};
use crate::context::Header;
use crate::pid::ShardSerial;
use crate::runtime::Injected;
use crate::shard::{Shard, current};
use crate::task::waker::StoredWaker;
use crate::trace::Event;

/// Waits for the answer to one call. Belongs to the shard it was made on: polled anywhere else it
/// reports the port as dropped, which is all that can be known there.
pub(crate) struct Claim<R: Send + 'static> {
    /// Of nothing before the slot is opened and once the answer was taken.
    key: Key<R>,
    /// The table entry is reached through the current shard of this thread.
    not_send: PhantomData<*const ()>,
}

impl<R: Send + 'static> fmt::Debug for Claim<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claim").field("key", &self.key).finish_non_exhaustive()
    }
}

impl Shard {
    /// Opens a reply slot: the caller's half goes to `claim`, which is vacant; what is returned is
    /// the callee's half, and what names the call on this shard.
    #[inline(always)]
    pub(crate) fn open_reply<R: Send + 'static>(
        &self,
        opening: Opening,
        claim: &mut Claim<R>,
    ) -> (Reply<R>, Header) {
        let deadline = opening.deadline;
        let opened = self.replies.open::<R>(self.serial(), opening);
        if opened.arm {
            self.arm_deadline(opened.claim.slot(), deadline);
        }
        self.observe(|| Event::Called { slot: opened.claim.slot() });
        debug_assert!(claim.key.is_none());
        claim.key = opened.claim;
        (Reply::new(opened.port), opened.header)
    }

    /// Opens a reply slot that no chain, trace or deadline belongs to.
    pub(crate) fn open_plain_reply<R: Send + 'static>(&self) -> (Claim<R>, Reply<R>) {
        let mut claim = Claim::vacant();
        let (port, _) = self.open_reply(Opening::PLAIN, &mut claim);
        (claim, port)
    }
}

impl<R: Send + 'static> Claim<R> {
    /// A claim of nothing: ready, with the news that there is no port.
    #[inline]
    pub(crate) const fn vacant() -> Self {
        Self { key: Key::NONE, not_send: PhantomData }
    }

    /// Names the call that is waited for; `None` once it has ended. See [`Key::word`].
    pub(crate) fn name(&self) -> Option<u64> {
        (!self.key.is_none()).then(|| self.key.word())
    }

    /// The shard the claim was made on.
    pub(crate) const fn home(&self) -> ShardSerial {
        self.key.home()
    }

    /// Whether the claim was made on that shard.
    pub(crate) fn is_of(&self, shard: &Shard) -> bool {
        shard.serial() == self.key.home()
    }

    /// Looks for the answer on the claim's own shard, and leaves a waker where there is none yet.
    #[inline(always)]
    pub(crate) fn poll_at_home(
        &mut self,
        shard: &Shard,
        cx: &Context<'_>,
    ) -> Poll<Result<R, Failure>> {
        match shard.replies.take(&mut self.key) {
            Some(answer) => Poll::Ready(answer),
            None => self.wait(shard, cx),
        }
    }

    fn wait(&self, shard: &Shard, cx: &Context<'_>) -> Poll<Result<R, Failure>> {
        if self.key.is_none() {
            return Poll::Ready(Err(Failure::Dropped));
        }
        let waker = StoredWaker::of(cx.waker());
        drop(shard.replies.wait(&self.key, waker));
        Poll::Pending
    }

    /// Stops waiting.
    #[inline]
    pub(crate) fn give_up(&mut self) {
        if !self.key.is_none() {
            self.give_up_key();
        }
    }

    #[cold]
    fn give_up_key(&mut self) {
        let (home, mut key) = (self.key.home(), self.key.take());
        let done = current::with(|shard| {
            (shard.serial() == home).then(|| shard.replies.drop_claim(key.take()))
        });
        if done.flatten().is_none() {
            let abandon = move |shard: &Shard| {
                key.check_home(shard.serial());
                drop(shard.replies.drop_claim(key));
            };
            // A shard that is gone has no slot left to free.
            drop(crate::process::inject_to(home, Injected::Run(Box::new(abandon))));
        }
    }
}

impl<R: Send + 'static> Future for Claim<R> {
    type Output = Result<R, Failure>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let claim = &mut *self;
        let home = claim.key.home();
        let polled =
            current::with(|shard| (shard.serial() == home).then(|| claim.poll_at_home(shard, cx)));
        polled.flatten().unwrap_or(Poll::Ready(Err(Failure::Dropped)))
    }
}

impl<R: Send + 'static> Drop for Claim<R> {
    #[inline]
    fn drop(&mut self) {
        self.give_up();
    }
}
