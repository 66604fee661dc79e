//! The driver on glommio: one executor per shard, and one task in it that pumps.
//!
//! The names of glommio appear in this folder and nowhere else; `docs/design/glommio.md` tells what
//! was measured and what follows from it.

mod end;
mod executor;
mod file;
mod files;
mod pump;
mod reactor;
mod rest;
mod world;

pub(crate) use executor::run;
pub(crate) use pump::{PumpState, ShardPump};
pub(crate) use reactor::Reactor;
pub(crate) use world::World;
