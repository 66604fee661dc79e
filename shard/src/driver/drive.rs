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
