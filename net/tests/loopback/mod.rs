//! The smallest driver that behaves as the contract of `greenroom_core::runtime` allows: one shard,
//! sockets that are queues of bytes, and a seed that decides everything the contract leaves open
//! (how many bytes a receive or a send takes, which operation completes next, and whether a
//! cancelled one still has its effect).

mod driver;
mod network;
mod random;
mod rig;
mod socket;

pub(crate) use driver::Loopback;
pub(crate) use rig::Rig;
