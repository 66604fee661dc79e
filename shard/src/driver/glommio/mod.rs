//! The driver on glommio: one executor per shard, and one task in it that pumps.
//!
//! The names of glommio appear in this folder and nowhere else; `docs/design/glommio.md` tells what
//! was measured and what follows from it.

mod executor;
mod pump;
mod world;

pub(crate) use executor::run;
pub(crate) use pump::ShardPump;
pub(crate) use world::World;
