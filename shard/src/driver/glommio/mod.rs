//! The driver on glommio: one executor per shard, and one task in it that pumps.
//!
//! The names of glommio appear in this folder and nowhere else; `docs/design/glommio.md` tells what
//! was measured and what follows from it.

mod away;
mod blocks;
mod executor;
mod file;
mod files;
mod pump;
mod reactor;
mod rest;
mod world;

pub(crate) use executor::{drive, try_out};
