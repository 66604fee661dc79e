//! Channels: who listens, and what is on its way to them.
//!
//! Each shard knows the subscriptions of its own connections ([`Topics`]). `PUBLISH` asks every
//! shard, and each puts the message into the [`Outbox`] of every connection that listens there; the
//! connection sends it when it has sent what comes before. A message is published to a connection
//! at most once for each of its subscriptions, and the messages of one publisher arrive in order.

mod outbox;
mod subscriptions;
mod topics;

pub(crate) use outbox::Outbox;
pub(crate) use subscriptions::Subscriptions;
pub(crate) use topics::Topics;
