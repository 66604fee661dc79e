//! The server: shards, connections, and what passes between them.
//!
//! Each shard has one [`Keeper`], the actor that owns the shard's store, and listens for itself on
//! the server's address, so a connection lives on one shard from its first byte to its last.
//!
//! **A connection borrows its shard's store.** It is a task of the same thread, so a command on a
//! local key is carried out by a plain call, between two awaits, and no message is sent. The store
//! is never borrowed across an await; clippy's `await_holding_refcell_ref` watches over it.
//!
//! **The rest crosses in batches.** A client that pipelines sends many commands at once. Those for
//! other shards are collected while the local ones are carried out; then each of the shards gets
//! one message with all that concerns it, all of these calls are under way together, and the
//! answers are put between the local ones where they belong. So a batch costs one trip to the
//! slowest shard, and one send to the client, however many commands it holds. The message is a box
//! that comes back with the replies and is filled again, so crossing allocates nothing.
//!
//! **What order means.** Commands of one connection on one key take effect in the order in which
//! they were sent, because a shard carries out what it gets in order. A command over several
//! shards waits until every command before it was answered.
//!
//! **What is bounded.** Commands and bytes of a batch, connections, and how long another shard
//! may take; see [`ServerLimits`].
//!
//! **A client that does not read** costs what is under way to it, and no more. For *replies* that is
//! one batch: a connection does not receive while it answers, so a client that sends without reading
//! is held back by TCP, for as long as it likes. (One reply may be as large as what it tells about.)
//! *Messages* come from others and cannot be held back: a client for whom
//! [`ServerLimits::message_bytes_max`] bytes of them wait is ended at once.
//!
//! | module | concern |
//! |---|---|
//! | `start` | starting and draining the whole |
//! | `keeper` | the actor of each shard |
//! | `shard` | what the connections of one shard share |
//! | `clients` | who is connected, and telling them to go |
//! | `connection` | one client: receive, answer, send, take leave |
//! | `input` | bytes that were received and not yet understood |
//! | `pipeline` | from bytes to replies, as far as this shard can tell |
//! | `collected` | what other shards are asked, and where their answers go |
//! | `spares` | the batches in which that crosses, while nobody uses them |

mod clients;
mod collected;
mod connection;
mod input;
mod keeper;
mod limits;
mod pipeline;
mod shard;
mod spares;
mod start;

pub(crate) use keeper::{Keeper, KeeperMessage};
pub(crate) use limits::ServerLimits;
pub(crate) use start::{Server, start};
