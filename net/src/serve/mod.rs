//! Serving: an accept loop and a task per connection.
//!
//! * **A bound on connections.** At the bound the server stops accepting, and further peers wait in
//!   the listener's backlog, which is bounded too. The alternative, to accept and close at once,
//!   turns a short spike into errors; whoever prefers that accepts by hand. No accept is under way
//!   while the server is full, so the bound is exact.
//! * **Panics stay where they happen.** Each connection is a task of its own; a panic ends that
//!   task, closes that connection and is counted.
//! * **Accept errors do not spin.** An error that is the peer's (it gave up while it waited) is
//!   followed by the next attempt at once. Any other, such as a process without free descriptors,
//!   is followed by a pause on the shard's timer that doubles with each failure, since the
//!   connection that could not be taken is still there and the next attempt would fail the same
//!   way at once. (Servers that do without such a pause burn a core exactly when they are
//!   overloaded; the pauses here are those of Go's `net/http`.)
//! * **An end in two steps.** [`Server::drain`] stops accepting, lets connections finish within a
//!   limit, and aborts what is left.

mod accept;
mod limits;
mod server;
mod state;

pub use accept::serve;
pub use limits::ServeLimits;
pub use server::{Drained, Server, ServerCounts};
