//! Carrying out commands on a store.
//!
//! There are two ways to a store, and both do the same. The *local* way ([`execute_local`]) is for
//! keys that live on the connection's own shard: arguments come straight from the receive buffer
//! and the reply goes straight into the send buffer, so `GET` allocates nothing and `SET` only
//! what it stores. The *remote* way is for the others: the call is copied into a [`Batch`], which
//! crosses to the shard that owns the keys and is carried out there; the reply is spelled there, as
//! the client gets it, and the batch brings it back. A batch is used again, so what crosses is
//! copied and not allocated.
//!
//! A command over several shards is split into parts: each is an owned [`Request`], is carried out
//! by [`execute`], and its [`Reply`] is put together with the others by the connection.

mod batch;
mod combine;
mod local;
mod remote;
mod reply;
mod request;
mod state;

pub(crate) use batch::{Answered, Batch};
pub(crate) use combine::combine;
pub(crate) use local::execute_local;
pub(crate) use remote::{execute, execute_call};
pub(crate) use reply::Reply;
pub(crate) use request::{Asked, Request, Step};
pub(crate) use state::State;
