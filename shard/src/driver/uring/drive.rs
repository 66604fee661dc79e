//! A shard on the calling thread, from its ring's making to its end.

use std::io;

use greenroom_core::Shard;

use super::ring::{Ring, Wait};
use super::world::UringWorld;
use super::{message, pump};
use crate::driver::{RingLimits, Setup};

/// Builds a shard on a ring of its own, asks `begin` whether it may run, and runs it to its end.
///
/// # Errors
///
/// When the ring cannot be made; `begin` was not called.
pub(crate) fn drive(setup: Setup, begin: impl FnOnce(&Shard) -> bool) -> io::Result<()> {
    let limits = setup.ring;
    let world = UringWorld::new(limits, setup.bell(), setup.clock, setup.jobs.clone())?;
    let _sending = message::begin(limits);
    let mut shard_loop = setup.build(world);
    if begin(&shard_loop.shard) {
        pump::run(&mut shard_loop);
    } else {
        pump::give_up(&mut shard_loop);
    }
    Ok(())
}

/// Makes a ring, enters it, and ends it.
///
/// # Errors
///
/// When it cannot be made or entered.
pub(crate) fn try_out() -> io::Result<()> {
    Ring::new(RingLimits::default())?.enter(Wait::No)
}
