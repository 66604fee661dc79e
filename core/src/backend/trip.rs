//! A batch as the courier sees it: what is under way, and how each message is counted.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::Courier;
use super::batch::{Batch, Item};
use super::context::Post;
use super::contract::BlockingActor;
use super::left::Left;
use crate::actor::{Context, Owner};
use crate::context::Header;
use crate::shard::{Shard, current, shielded};

/// Messages of one actor that are handled elsewhere.
///
/// The first is the one that the courier's own loop is at, and counts. The rest are counted here,
/// whatever way this ends: those that were taken over there as handled, the others as undelivered.
pub(super) struct Trip<M: Send + 'static> {
    owner: Owner,
    batch: Arc<Batch<M>>,
    /// Of all its messages, in order. Empty once counted.
    headers: VecDeque<Header>,
    /// Taken back before the end, because the actor is to stop.
    held: VecDeque<Item<M>>,
    /// Tells the handler that it is not to go on for long.
    ending: Arc<AtomicBool>,
}

impl<M: Send + 'static> Trip<M> {
    /// Takes up to so many messages of the mailbox, the `first` included.
    pub(super) fn load<A>(
        first: M,
        messages_max: u32,
        ctx: &Context<Courier<A>>,
        ending: Arc<AtomicBool>,
    ) -> Self
    where
        A: BlockingActor<Message = M>,
    {
        let mut headers = VecDeque::from([Header::NONE]);
        let mut items = VecDeque::from([Item { message: first, deadline: ctx.deadline() }]);
        current::with(|shard| {
            headers[0] = shard.scope();
            for _ in 1..messages_max {
                let Some((header, message)) = ctx.take_queued(shard) else { break };
                let deadline = in_scope(shard, header, || shard.scope_deadline());
                items.push_back(Item { message, deadline });
                headers.push_back(header);
            }
        });
        let batch = Arc::new(Batch::new(items));
        Self { owner: ctx.owner(), batch, headers, held: VecDeque::new(), ending }
    }

    /// The messages, for where they are handled.
    pub(super) fn batch(&self) -> Arc<Batch<M>> {
        self.batch.clone()
    }

    /// Ends the trip after the message that is being handled.
    pub(super) fn hold(&mut self) {
        // In this order: a handler that sees the end and returns finds no further message.
        self.held.append(&mut self.batch.take_back_rest());
        self.ending.store(true, Ordering::Release);
    }

    /// Sends what the handlers gave to be sent, one after the other, each with the context of the
    /// message that it was about. Waits for room.
    pub(super) async fn send(&self, posts: Vec<Post>) {
        for Post { about, send } in posts {
            let header = self.headers.get(about).copied().unwrap_or(Header::NONE);
            let mut sending = send();
            poll_fn(|cx| {
                let polled =
                    current::with(|shard| in_scope(shard, header, || sending.as_mut().poll(cx)));
                polled.expect("a handler is polled on its shard")
            })
            .await;
        }
    }

    /// Counts the messages that were handled and returns the others: those that no incarnation will
    /// handle.
    pub(super) fn settle(&mut self) -> Left<M> {
        let (taken, waiting) = self.batch.take_back();
        let mut headers = std::mem::take(&mut self.headers);
        let left = headers.split_off(taken.min(headers.len()));
        current::with(|shard| {
            // The first of all counts with the courier's loop.
            for header in headers.into_iter().skip(1) {
                in_scope(shard, Header::NONE, || self.owner.handled(shard, header));
            }
        });
        let rest = waiting.into_iter().chain(std::mem::take(&mut self.held));
        let mut left: VecDeque<_> = left.into_iter().zip(rest.map(|item| item.message)).collect();
        if taken == 0
            && let Some((_, first)) = left.pop_front()
        {
            shielded("a message's drop", || drop(first));
        }
        let mut left = Left::new(self.owner.clone(), left);
        left.put_back();
        left
    }
}

/// The courier was killed, or panics: what is left is dropped and counted.
impl<M: Send + 'static> Drop for Trip<M> {
    fn drop(&mut self) {
        if !self.headers.is_empty() {
            self.ending.store(true, Ordering::Release);
            drop(self.settle());
        }
    }
}

/// Calls `f` with that message as the one being handled, then the one before again.
fn in_scope<R>(shard: &Shard, header: Header, f: impl FnOnce() -> R) -> R {
    let before = shard.scope();
    shard.set_scope(header);
    let result = f();
    shard.set_scope(before);
    result
}
