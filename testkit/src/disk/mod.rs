//! Simulated disks: one per node, in memory.
//!
//! An operation has three times, each drawn: it is submitted, it has its effect, and its completion
//! is seen. Two operations under way at the same time take effect in either order, so a program
//! that relies on an order has to wait for completions. A cancel is a race that the operation may
//! win. There are no faults yet: nothing is torn, lost or out of room.

mod files;
mod operate;

pub(crate) use files::Disks;
pub(crate) use operate::{cancel, happen, submit};
