//! Names and groups: finding actors that nobody handed over.
//!
//! A *name* stands for one actor of the node, a *group* for any number of them. Each has a home
//! shard, by the hash of its text, where an actor, the *directory*, alone decides: so a name is
//! unique without a lock, and the changes of a group have an order. The directory has every shard
//! note what it decided, and a read looks only at what its own shard has noted: it costs a look
//! into a hash map, and may be behind by what is under way.
//!
//! What was asked for from a shard is noted there before the answer comes: news and answers travel
//! in one lane. The directory monitors whoever has a name or is in a group, and forgets it when it
//! ends. A restart of a supervised actor changes nothing, as its pid stays.
//!
//! A directory answers as soon as its shard runs it; there is no deadline but the caller's own, for a
//! shard that hangs.
//!
//! One entry holds all there is to a name or group (ractor had three maps for its groups, and with
//! them members that came back after they had left). A directory is started at the first use of its
//! shard's part of the names.

mod directory;
mod groups;
mod handle;
mod table;

pub use handle::{LookupError, RegisterError};
pub(crate) use table::Table;
