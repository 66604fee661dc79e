//! The bell of a shard: what a sleeping thread hears.

use std::fmt;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;

use rustix::event::{EventfdFlags, eventfd};

use crate::mesh;

/// An eventfd that the shard's poller watches.
///
/// It outlives its shard for as long as anybody holds it: ringing for a shard that is gone adds to
/// a counter that nobody reads. The poller watches for edges, and each ring is one, so the counter
/// is never read and a ring costs its reader nothing beyond the wake-up. It would be full after
/// 2^64 rings.
#[derive(Clone)]
pub(crate) struct Bell {
    eventfd: Arc<OwnedFd>,
}

impl Bell {
    /// # Errors
    ///
    /// What the operating system says, mostly that the process has too many descriptors.
    pub(crate) fn new() -> io::Result<Self> {
        let eventfd = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        Ok(Self { eventfd: Arc::new(eventfd) })
    }
}

impl AsFd for Bell {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.eventfd.as_fd()
    }
}

impl mesh::Bell for Bell {
    fn ring(&self) {
        let rung = rustix::io::write(&self.eventfd, &1u64.to_ne_bytes());
        debug_assert!(rung.is_ok(), "an eventfd takes eight bytes");
    }
}

impl fmt::Debug for Bell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bell")
    }
}
