//! Carrying out commands on a store.
//!
//! There are two ways to a store, and both do the same. The *local* way ([`execute_local`]) is for
//! keys that live on the connection's own shard: arguments come straight from the receive buffer
//! and the reply goes straight into the send buffer, so `GET` allocates nothing and `SET` only
//! what it stores. The *remote* way is for the others: the command becomes an owned [`Request`],
//! crosses to the shard that owns the keys, is carried out there ([`execute`]), and its
//! [`Reply`] crosses back and is encoded by the connection.
//!
//! A hop is kept cheap: keys and values of up to 22 bytes travel inside the message
//! ([`SmallBytes`]), longer ones cost one allocation; and a `SET` carries the very block that the
//! owner's table will hold.

mod bytes;
mod local;
mod remote;
mod reply;
mod request;

pub(crate) use bytes::SmallBytes;
pub(crate) use local::execute_local;
pub(crate) use remote::execute;
pub(crate) use reply::Reply;
pub(crate) use request::Request;
