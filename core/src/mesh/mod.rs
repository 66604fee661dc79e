//! What crosses a shard border: packets, and nothing else.

mod packet;
mod pool;

pub(crate) use packet::{Deliver, PacketMeta};
pub use packet::{Outbox, Packet};
pub(crate) use pool::Lanes;
pub use pool::OutboxPool;
