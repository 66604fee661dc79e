//! Carrying out commands on a store.
//!
//! There are two ways to a store, and both do the same. The *local* way ([`execute_local`]) is for
//! keys that live on the connection's own shard: arguments come straight from the receive buffer
//! and the reply goes straight into the send buffer, so `GET` allocates nothing and `SET` only
//! what it stores. The *remote* way is for the others: the command becomes an owned [`Request`],
//! crosses to the shard that owns the keys, is carried out there ([`execute`]), and its
//! [`Reply`] crosses back and is encoded by the connection.
//!
//! A hop is kept cheap for the busiest commands: keys and values of up to 22 bytes travel inside
//! the message ([`crate::bytes::SmallBytes`]), longer ones cost one allocation; and a `SET` carries
//! the very block that the owner's table will hold. All others travel as they were called, and what
//! comes back is the reply as the client gets it.

mod combine;
mod local;
mod remote;
mod reply;
mod request;
mod state;

pub(crate) use combine::combine;
pub(crate) use local::execute_local;
pub(crate) use remote::execute;
pub(crate) use reply::Reply;
pub(crate) use request::{Request, Step};
pub(crate) use state::State;
