//! What crosses a shard border: packets, and nothing else.

mod packet;

pub use packet::Packet;
pub(crate) use packet::{Deliver, PacketMeta};
