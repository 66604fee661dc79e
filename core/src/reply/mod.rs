//! Replies: where the answer to a call waits for its caller.
//!
//! A call opens a *slot* on the caller's shard. The slot has two owners: the caller's *claim*,
//! inside its future, and the *port*, [`Reply`], inside the message. It is freed when both are
//! gone, so neither can ever meet somebody else's slot, and no generation is needed. The port may
//! be stored, handed on, answered from any thread or dropped anywhere; whatever happens to it, the
//! caller hears of it once.

mod claim;
mod port;
mod slot;
mod table;
mod value;

pub(crate) use claim::Claim;
pub use port::Reply;
pub(crate) use slot::{Failure, Opening, ReplyTable};
pub(crate) use table::Checked;
