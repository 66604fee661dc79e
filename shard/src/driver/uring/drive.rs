//! A shard on the calling thread, from its ring's making to its end.

use std::io;

use greenroom_core::Shard;

use super::features::Features;
use super::pump;
use super::ring::{Ring, Wait};
use super::world::UringWorld;
use crate::driver::Setup;

/// Builds a shard on a ring of its own, asks `begin` whether it may run, and runs it to its end.
///
/// # Errors
///
/// When the ring cannot be made; `begin` was not called.
pub(crate) fn drive(setup: Setup, begin: impl FnOnce(&Shard) -> bool) -> io::Result<()> {
    drive_with(Features::ALL, setup, begin)
}

/// The same with no other than the `allowed` features of the kernel.
pub(super) fn drive_with(
    allowed: Features,
    setup: Setup,
    begin: impl FnOnce(&Shard) -> bool,
) -> io::Result<()> {
    let world = UringWorld::new(allowed, setup.bell(), setup.clock, setup.jobs.clone())?;
    let mut shard_loop = setup.build(world);
    if begin(&shard_loop.shard) {
        pump::run(&mut shard_loop);
    }
    Ok(())
}

/// Makes a ring, enters it, and ends it.
///
/// # Errors
///
/// When it cannot be made or entered.
pub(crate) fn try_out() -> io::Result<()> {
    Ring::new(Features::ALL)?.enter(Wait::No)
}
