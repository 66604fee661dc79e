//! `call`: wait for room and for the answer.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use super::room::{Offered, Room};
use super::{ActorRef, RefError};
use crate::actor::Actor;
use crate::limits::CALL_DEADLINE;
use crate::mailbox::Parcel;
use crate::pid::Pid;
use crate::reply::{Claim, Failure, Opening, Reply};
use crate::shard::{Accept, Refused, Shard, current};
use crate::task::waker::StoredWaker;

/// A call has no answer.
///
/// The message is not given back: it was made for this call, around a port that is of no use any
/// more.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum CallError {
    /// The deadline passed. **The outcome is unknown**: the request may have been handled, may be
    /// queued (it is then dropped before it runs), or may be running.
    Timeout,
    /// The port was dropped without an answer: the actor ended, crashed, or chose not to answer.
    /// The request may have been handled.
    Dropped,
    /// The actor had ended. The request was not handled.
    Closed,
    /// The mailbox rejects when full, and was full. The request was not handled.
    Full,
    /// Waiting could never end: the callee is among those who wait for this caller, nearest first
    /// in the path, which ends with the callee. They wait for its answer; or, where the request
    /// itself had to wait for room, for room in its mailbox. The request was not sent.
    Cycle(Vec<Pid>),
    /// The ref leads nowhere from here. The request was not sent.
    Unusable(RefError),
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Timeout => f.write_str("the call's deadline passed; its outcome is unknown"),
            Self::Dropped => f.write_str("the actor dropped the request without an answer"),
            Self::Closed => f.write_str("the actor has ended"),
            Self::Full => f.write_str("the actor's mailbox is full and rejects"),
            Self::Cycle(path) => {
                f.write_str("a call cycle: the caller")?;
                path.iter().try_for_each(|pid| write!(f, ", awaited by {pid}"))
            }
            Self::Unusable(why) => why.fmt(f),
        }
    }
}

impl std::error::Error for CallError {}

impl CallError {
    const fn of(refused: Refused) -> Self {
        match refused {
            Refused::Full(_) => Self::Full,
            Refused::Closed => Self::Closed,
            Refused::WrongType => Self::Unusable(RefError::WrongType),
            Refused::NotLocal => Self::Unusable(RefError::NotLocal),
        }
    }
}

impl<A: Actor> ActorRef<A> {
    /// Sends a request and waits for its answer. `request` makes the message around the port; a
    /// variant with only a port is passed by name: `counter.call(Msg::Get)`.
    ///
    /// The deadline is the nearest of [`CALL_DEADLINE`], or what [`Call::within`] says, and that
    /// of the message being handled.
    ///
    /// # Errors
    ///
    /// See [`CallError`], which says what may have happened to the request.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future before the request was accepted sends nothing; afterwards the answer
    /// is dropped when it comes.
    pub fn call<R, F>(&self, request: F) -> Call<A, R, F>
    where
        R: Send + 'static,
        F: FnOnce(Reply<R>) -> A::Message,
    {
        Call {
            state: State::Start(request),
            claim: Claim::vacant(),
            room: Room::new(self.pid()),
            limit: CALL_DEADLINE,
        }
    }
}

enum State<M, F> {
    Start(F),
    /// Waits for room with the message made.
    Parked(Box<(Parcel<M>, Accept)>),
    Sent,
}

/// See [`ActorRef::call`].
#[must_use = "a future does nothing unless it is awaited"]
pub struct Call<A: Actor, R: Send + 'static, F> {
    state: State<A::Message, F>,
    /// Vacant until the request is made.
    claim: Claim<R>,
    room: Room,
    limit: Duration,
}

impl<A: Actor, R: Send + 'static, F> Call<A, R, F> {
    /// Sets how long to wait at most, counted from the first poll.
    pub const fn within(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }
}

impl<A: Actor, R: Send + 'static, F> fmt::Debug for Call<A, R, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").field("claim", &self.claim).finish_non_exhaustive()
    }
}

// Nothing in here is pinned: closure and message are moved out to be sent.
impl<A: Actor, R: Send + 'static, F> Unpin for Call<A, R, F> {}

impl<A, R, F> Call<A, R, F>
where
    A: Actor,
    R: Send + 'static,
    F: FnOnce(Reply<R>) -> A::Message,
{
    /// Opens the reply slot and makes the message.
    #[inline(always)]
    fn begin(
        &mut self,
        shard: &Shard,
        request: F,
        cx: &Context<'_>,
    ) -> Result<(Parcel<A::Message>, Accept), CallError> {
        let to = self.room.to();
        let scope = shard.call_scope(to).map_err(CallError::Cycle)?;
        let deadline = scope.deadline.min(shard.now() + self.limit);
        if deadline <= shard.now() {
            return Err(CallError::Timeout);
        }
        let caller = shard.running();
        let opening =
            Opening { deadline, caller, callee: to, parent: shard.scope(), trace: scope.trace };
        let waker = StoredWaker::of(cx.waker());
        let mut opened = shard.open_reply::<R>(opening, waker);
        let header = opened.header();
        opened.claim_into(&mut self.claim, shard);
        let message = Parcel::new(request(opened.port(shard)));
        Ok((message, Accept::Call { header, deadline, caller }))
    }

    /// Posts the message, or waits for room. The message is dropped when nobody takes it.
    #[inline(always)]
    fn offer(
        &mut self,
        shard: &Shard,
        mut message: Parcel<A::Message>,
        accept: Accept,
        cx: &Context<'_>,
    ) -> Result<(), CallError> {
        match self.room.offer(shard, accept, &mut message, cx) {
            Offered::Accepted => Ok(()),
            Offered::Waiting => {
                self.state = State::Parked(Box::new((message, accept)));
                Ok(())
            }
            Offered::Refused(refused) => {
                self.claim.give_up();
                drop(message);
                Err(CallError::of(refused))
            }
            Offered::Cycle(path) => {
                self.claim.give_up();
                drop(message);
                Err(CallError::Cycle(path))
            }
        }
    }
}

impl<A, R, F> Future for Call<A, R, F>
where
    A: Actor,
    R: Send + 'static,
    F: FnOnce(Reply<R>) -> A::Message,
{
    type Output = Result<R, CallError>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        match std::mem::replace(&mut this.state, State::Sent) {
            State::Sent => {}
            State::Start(request) => {
                let sent = current::with(|shard| {
                    let (message, accept) = this.begin(shard, request, cx)?;
                    this.offer(shard, message, accept, cx)?;
                    Ok(shard.hand_off())
                });
                if !sent.unwrap_or(Err(CallError::Unusable(RefError::Outside)))? {
                    // The waker is in the slot: whatever happened meanwhile wakes this task.
                    return Poll::Pending;
                }
            }
            State::Parked(parked) => {
                let (message, accept) = *parked;
                let sent = current::with(|shard| {
                    // Away from its shard the call is over; the claim says so below.
                    if this.claim.is_of(shard) {
                        this.offer(shard, message, accept, cx)?;
                        shard.hand_off();
                    }
                    Ok(())
                });
                sent.unwrap_or(Err(CallError::Unusable(RefError::Outside)))?;
            }
        }
        match Pin::new(&mut this.claim).poll(cx) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(answer) => {
                // A call that gives up while it waits for room was never sent.
                this.state = State::Sent;
                this.room.leave::<A::Message>();
                Poll::Ready(answer.map_err(|failure| match failure {
                    Failure::Dropped => CallError::Dropped,
                    Failure::Expired => CallError::Timeout,
                }))
            }
        }
    }
}

impl<A: Actor, R: Send + 'static, F> Drop for Call<A, R, F> {
    fn drop(&mut self) {
        self.room.leave::<A::Message>();
    }
}

impl<R: Send + 'static> Reply<R> {
    /// Hands the request on: `to` is sent what `request` makes around this port, with the
    /// deadline and trace of the message being handled, and with its call chain, so that a cycle
    /// through the delegate is still found.
    ///
    /// # Errors
    ///
    /// Nothing is given back: where the delegate takes no message, the port inside it is dropped,
    /// which fails the caller at once. The error says why.
    pub fn delegate<A: Actor>(
        self,
        to: ActorRef<A>,
        request: impl FnOnce(Self) -> A::Message,
    ) -> Result<(), CallError> {
        let mut message = Parcel::new(request(self));
        match current::with(|shard| shard.post_delegated(to.pid(), &mut message)) {
            None => Err(CallError::Unusable(RefError::Outside)),
            Some(Ok(())) => Ok(()),
            Some(Err(refused)) => Err(CallError::of(refused)),
        }
    }
}
