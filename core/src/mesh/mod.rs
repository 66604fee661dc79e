//! What crosses a shard border: packets, and nothing else.

mod packet;

pub(crate) use packet::{Deliver, PacketMeta};
pub use packet::{Outbox, Packet};
