//! Actors and calls that may block a thread.
//!
//! A shard is one thread: a handler that blocks stops every actor of it. What has to block runs
//! elsewhere: one call with [`spawn_blocking`], an actor as a [`BlockingActor`].
//!
//! # The same actor, elsewhere
//!
//! A [`Courier`] is an ordinary actor. It has the pid, the mailbox with its bound, the settings and
//! the place in a supervisor's care; refs name it, and every verb means to it what it means to any
//! actor. It only does not handle its messages itself: it takes them out in batches, carries them to
//! the [`Backend`] where the real actor lives, and comes back with what that wants next. So nothing
//! else in the system knows that there are actors that block, and there is no second way to spawn,
//! to send or to end.
//!
//! # Why a trait of its own
//!
//! An [`Actor`](crate::Actor)'s handler is a future that stands on its shard: it awaits the shard's
//! timers, sends with the refs' own verbs, is dropped at an await. None of that is there on another
//! thread. Run there, such a handler would compile, and find every second verb out of order. A
//! handler that may block has nothing to await either; so it is a plain function, and its
//! [`BlockingContext`] offers what works from where it is.
//!
//! # How it ends
//!
//! *Stop* ends the actor after the message that its handler is at, and *drain* after the queue, as
//! with any actor; what was on the way there comes back, and goes to `on_undelivered` with the rest.
//! The same happens to the rest of a batch after a panic. *Kill* ends the courier at once: messages
//! that were not begun are dropped, and counted as undelivered. A thread cannot be killed, though:
//! the call that is running runs to its end, and what it comes to is dropped.
//! [`BlockingContext::is_ending`] is how it may learn of it.
//!
//! Where a supervisor may restart the actor, what was not begun goes back to the front of its
//! mailbox instead, however this incarnation ended, and waits there for the next.
//!
//! The actor's drop may block too. It runs on the actor's own thread, or on the pool, when the end is
//! known already; where the pool takes no job any more, on the shard.
//!
//! # Bounds
//!
//! The mailbox holds what it always does; up to `turn_messages` more are on their way. A message
//! whose deadline has passed is not carried there; one whose deadline passes on the way is handled.
//! With `turn_messages: 1` each message makes a trip of its own.

mod batch;
mod carrier;
mod context;
mod contract;
mod courier;
mod left;
mod on_pool;
mod on_thread;
mod once;
mod trip;

pub use context::BlockingContext;
pub use contract::BlockingActor;
pub use courier::{Backend, Courier};
pub use once::{BlockingError, SpawnBlocking, spawn_blocking};
