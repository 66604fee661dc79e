//! The loop of a shard, as far as it is the same whatever the shard waits with.
//!
//! ```text
//!            +--------------------------------------------------------------+
//!            v                                                              |
//!   take in what came from outside -> one round of core's pump -> ready? --yes
//!                                                                   | no    |
//!                              spin: rings, door, clock, I/O -------+--work--
//!                                                                   | none  |
//!                              announce, fence, look again ---------+--work--
//!                                                                   | none  |
//!                              sleep, as the driver does -----------+-woken--
//! ```
//!
//! [`ShardLoop`] has the steps; a driver puts them into its own loop, and brings a [`World`]: the
//! runtime traits of core, and what the loop asks of its I/O.

mod end;
mod setup;
mod spin;
mod step;

pub(crate) use setup::Setup;
pub(crate) use step::{ShardLoop, Step, World};
