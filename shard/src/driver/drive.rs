//! The way from a driver's name to its loop.

use std::io;

use greenroom_core::Shard;

use super::{Driver, Setup};

/// Builds the shard on the calling thread, asks `begin` whether it may run, and runs it to its end.
///
/// # Errors
///
/// When what the driver needs cannot be made; `begin` was not called.
pub(crate) fn drive(
    driver: Driver,
    setup: Setup,
    begin: impl FnOnce(&Shard) -> bool + 'static,
) -> io::Result<()> {
    match driver {
        #[cfg(feature = "driver-glommio")]
        Driver::Glommio => super::glommio::drive(setup, begin),
        #[cfg(feature = "driver-uring")]
        Driver::Uring => super::uring::drive(setup, begin),
    }
}

/// Makes what a shard of that driver stands on, and drops it.
///
/// # Errors
///
/// When it cannot be made.
pub(crate) fn try_out(driver: Driver) -> io::Result<()> {
    match driver {
        #[cfg(feature = "driver-glommio")]
        Driver::Glommio => super::glommio::try_out(),
        #[cfg(feature = "driver-uring")]
        Driver::Uring => super::uring::try_out(),
    }
}

/// What a ring of our own may be and use, for tests of what is done without.
#[cfg(feature = "driver-uring")]
#[derive(Clone, Copy, Debug)]
pub(crate) struct RingLimits {
    /// One bit for each feature.
    pub(crate) features: u32,
    /// Entries of the submission queue.
    pub(crate) submissions: u32,
    /// Buffers the kernel has at first; when they do not suffice their number is doubled.
    pub(crate) buffers: u16,
    /// Whether a send may be a system call of its own, where that is better.
    pub(crate) at_once: bool,
    /// Sends on streams of so many bytes and more are not copied.
    pub(crate) zero_copy_min_bytes: usize,
}

#[cfg(feature = "driver-uring")]
impl Default for RingLimits {
    /// All there is, and entries for a turn of a busy shard: what is asked for beyond that waits in
    /// a queue of our own, and takes one more system call.
    fn default() -> Self {
        Self {
            features: u32::MAX,
            submissions: 512,
            buffers: 64,
            at_once: true,
            zero_copy_min_bytes: usize::MAX,
        }
    }
}

/// Something that not every kernel's io_uring has.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct FoundFeature {
    pub(crate) name: &'static str,
    /// Major and minor version of the kernel that brings it.
    pub(crate) kernel: (u32, u32),
    pub(crate) found: bool,
    /// What is done without it.
    pub(crate) without: &'static str,
}

/// What the kernel has of what a ring of our own can use. Nothing where this build has no driver
/// for one, or no ring can be made.
pub(crate) fn look_for_features() -> Vec<FoundFeature> {
    #[cfg(feature = "driver-uring")]
    return super::uring::look_for_features().unwrap_or_default();
    #[cfg(not(feature = "driver-uring"))]
    return Vec::new();
}
