//! `call`: wait for room and for the answer.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use super::room::{Offered, Room};
use super::{ActorRef, RefError};
use crate::actor::{Actor, call_in_place};
use crate::limits::CALL_DEADLINE;
use crate::mailbox::Parcel;
use crate::pid::Pid;
use crate::reply::{Claim, Failure, Opening, Reply};
use crate::shard::current::Here;
use crate::shard::{Accept, Refused, Shard, Unposted, current};

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
    /// The actor is between two incarnations, and [`ActorRef::call_if_up`] was not to wait for the
    /// next. The request was not sent.
    Restarting,
    /// The mailbox rejects when full, and was full. The request was not handled.
    Full,
    /// Waiting could never end: the callee is among those who wait for this caller, nearest first
    /// in the path, which ends with the callee. They wait for its answer; or, where the request
    /// itself had to wait for room, for room in its mailbox. The request was not sent.
    Cycle(CallPath),
    /// The ref leads nowhere from here. The request was not sent.
    Unusable(RefError),
}

/// The actors of a call cycle: who waits for the caller, nearest first, up to the callee.
///
/// One word, so that an error is no larger than most answers and costs a call that goes well
/// nothing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CallPath(Box<Path>);

#[derive(Clone, PartialEq, Eq, Debug)]
struct Path {
    pids: Vec<Pid>,
}

impl From<Vec<Pid>> for CallPath {
    fn from(pids: Vec<Pid>) -> Self {
        Self(Box::new(Path { pids }))
    }
}

impl std::ops::Deref for CallPath {
    type Target = [Pid];

    fn deref(&self) -> &[Pid] {
        &self.0.pids
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Timeout => f.write_str("the call's deadline passed; its outcome is unknown"),
            Self::Dropped => f.write_str("the actor dropped the request without an answer"),
            Self::Closed => f.write_str("the actor has ended"),
            Self::Restarting => f.write_str("the actor is between two incarnations"),
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
        let limit_nanos = nanos(CALL_DEADLINE);
        Call { state: State::Start(request), claim: Claim::vacant(), to: self.pid(), limit_nanos }
    }
}

/// As nanoseconds, for ever where 64 bits do not hold them.
const fn nanos(duration: Duration) -> u64 {
    let nanos = duration.as_nanos();
    if nanos > u64::MAX as u128 { u64::MAX } else { nanos as u64 }
}

enum State<M: Send + 'static, F> {
    Start(F),
    /// Waits for room with the message made.
    Parked(Box<Parked<M>>),
    /// Waits for the answer, or has it.
    Sent,
}

/// A request that waits for room; leaves the queue when dropped.
struct Parked<M: Send + 'static> {
    message: Option<M>,
    accept: Accept,
    room: Room,
}

impl<M: Send + 'static> Drop for Parked<M> {
    fn drop(&mut self) {
        self.room.leave::<M>();
    }
}

/// See [`ActorRef::call`].
#[must_use = "a future does nothing unless it is awaited"]
pub struct Call<A: Actor, R: Send + 'static, F> {
    state: State<A::Message, F>,
    /// Vacant until the request is made.
    claim: Claim<R>,
    to: Pid,
    limit_nanos: u64,
}

impl<A: Actor, R: Send + 'static, F> Call<A, R, F> {
    /// Sets how long to wait at most, counted from the first poll.
    pub const fn within(mut self, limit: Duration) -> Self {
        self.limit_nanos = nanos(limit);
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
    /// Opens the reply slot, makes the message, posts it, and looks for the answer: a callee that
    /// was idle has given it by then.
    #[inline(always)]
    fn start(&mut self, shard: &Shard, request: F, cx: &Context<'_>) -> Poll<Result<R, CallError>> {
        let to = self.to;
        let (deadline, trace) = match shard.plain_call_scope(to) {
            Some(deadline) => (deadline, None),
            None => match shard.call_scope(to) {
                Ok(scope) => (scope.deadline, scope.trace),
                Err(path) => return Poll::Ready(Err(CallError::Cycle(path.into()))),
            },
        };
        let deadline = deadline.min(shard.now().after_nanos(self.limit_nanos));
        if deadline <= shard.now() {
            return Poll::Ready(Err(CallError::Timeout));
        }
        let caller = shard.running();
        let (parent, callee) = (shard.scope(), to);
        let opening = Opening { deadline, caller: caller.place(), callee, parent, trace };
        let (port, header) = shard.open_reply::<R>(opening, &mut self.claim);
        let message = Parcel::new(request(port));
        let posted = if shard.is(to.home()) {
            match call_in_place::<A>(shard, to.target(), header, message) {
                Ok(()) => Ok(()),
                Err(message) => shard.post_call_here(to.target(), header, message.set_apart()),
            }
        } else {
            let accept = Accept::Call { header, deadline, caller };
            shard.post_away::<false, _>(to, accept, message.set_apart())
        };
        if let Err(unposted) = posted {
            let accept = Accept::Call { header, deadline, caller };
            return self.refused(shard, unposted, accept, cx);
        }
        self.claim.poll_at_home(shard, cx).map(|answer| answer.map_err(CallError::from))
    }

    /// Waits for room, if that is what there is a want of.
    #[cold]
    #[inline(never)]
    #[expect(clippy::boxed_local, reason = "it comes boxed: see `Unposted`")]
    fn refused(
        &mut self,
        shard: &Shard,
        unposted: Unposted<A::Message>,
        accept: Accept,
        cx: &Context<'_>,
    ) -> Poll<Result<R, CallError>> {
        let (refused, message) = *unposted;
        let mut room = Room::new(self.to);
        match room.wait::<A::Message>(shard, refused, accept, cx) {
            Offered::Accepted => {}
            Offered::Waiting => {
                let parked = Parked { message: Some(message), accept, room };
                self.state = State::Parked(Box::new(parked));
            }
            Offered::Refused(refused) => {
                shard.write_returned::<A::Message>(self.to, refused);
                self.claim.give_up();
                drop(message);
                return Poll::Ready(Err(CallError::of(refused)));
            }
            Offered::Cycle(path) => {
                self.claim.give_up();
                drop(message);
                return Poll::Ready(Err(CallError::Cycle(path)));
            }
        }
        self.claim.poll_at_home(shard, cx).map(|answer| answer.map_err(CallError::from))
    }

    /// Comes for room again.
    #[cold]
    fn offer_again(&mut self, cx: &Context<'_>) -> Result<(), CallError> {
        let State::Parked(parked) = &mut self.state else { return Ok(()) };
        let Parked { message, accept, room } = &mut **parked;
        let claim = &self.claim;
        // Away from its shard the call is over; the claim says so.
        let offered = current::with(|shard| {
            claim.is_of(shard).then(|| room.offer(shard, *accept, message, cx))
        });
        let error = match offered {
            None => return Err(CallError::Unusable(RefError::Outside)),
            Some(None | Some(Offered::Waiting)) => return Ok(()),
            Some(Some(Offered::Accepted)) => {
                self.state = State::Sent;
                return Ok(());
            }
            Some(Some(Offered::Refused(refused))) => {
                let to = self.to;
                current::with(|shard| shard.write_returned::<A::Message>(to, refused));
                CallError::of(refused)
            }
            Some(Some(Offered::Cycle(path))) => CallError::Cycle(path),
        };
        self.claim.give_up();
        self.state = State::Sent;
        Err(error)
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
        match &this.state {
            State::Sent => {}
            State::Start(_) => {
                let State::Start(request) = std::mem::replace(&mut this.state, State::Sent) else {
                    unreachable!("just seen");
                };
                let here = Here::look();
                return match here.shard() {
                    Some(shard) => this.start(shard, request, cx),
                    None => Poll::Ready(Err(CallError::Unusable(RefError::Outside))),
                };
            }
            State::Parked(_) => this.offer_again(cx)?,
        }
        let answer = std::task::ready!(Pin::new(&mut this.claim).poll(cx));
        // A call that gives up while it waits for room was never sent.
        this.state = State::Sent;
        Poll::Ready(answer.map_err(CallError::from))
    }
}

impl From<Failure> for CallError {
    #[inline]
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Dropped => Self::Dropped,
            Failure::Expired => Self::Timeout,
        }
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
        let message = request(self);
        let posted = current::with(|shard| {
            let posted = shard.post_delegated(to.pid(), message);
            posted.inspect_err(|u| shard.write_returned::<A::Message>(to.pid(), u.0))
        });
        match posted {
            None => Err(CallError::Unusable(RefError::Outside)),
            Some(Ok(())) => Ok(()),
            Some(Err(unposted)) => {
                let (refused, message) = *unposted;
                drop(message);
                Err(CallError::of(refused))
            }
        }
    }
}
