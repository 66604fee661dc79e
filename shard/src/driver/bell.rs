//! The bell of a shard: what a sleeping thread hears.

use std::fmt;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
#[cfg(feature = "driver-uring")]
use std::rc::Rc;
use std::sync::Arc;
#[cfg(feature = "driver-uring")]
use std::sync::OnceLock;

use rustix::event::{EventfdFlags, eventfd};

#[cfg(feature = "driver-uring")]
use crate::driver::uring;
use crate::mesh;

/// An eventfd that the shard's poller, or its ring, watches.
///
/// It outlives its shard for as long as anybody holds it: ringing for a shard that is gone adds to
/// a counter that nobody reads. Who watches it watches for edges, and each ring is one, so the
/// counter is not read and a ring costs its reader nothing beyond the wake-up. It would be full
/// after 2^64 rings.
///
/// Where the shard sleeps in a ring that can be told something by another ring, and who rings the
/// bell has one, that is done instead.
#[derive(Clone)]
pub(crate) struct Bell {
    eventfd: Arc<OwnedFd>,
    /// The shard's ring, kept open: its number must not become another file's while somebody may
    /// send there.
    #[cfg(feature = "driver-uring")]
    told: Arc<OnceLock<OwnedFd>>,
}

impl Bell {
    /// # Errors
    ///
    /// What the operating system says, mostly that the process has too many descriptors.
    pub(crate) fn new() -> io::Result<Self> {
        let eventfd = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        Ok(Self {
            eventfd: Arc::new(eventfd),
            #[cfg(feature = "driver-uring")]
            told: Arc::default(),
        })
    }

    /// A descriptor of its own for who watches it.
    ///
    /// # Errors
    ///
    /// As [`Bell::new`].
    #[cfg(feature = "driver-uring")]
    pub(crate) fn share(&self) -> io::Result<Rc<OwnedFd>> {
        Ok(Rc::new(self.eventfd.try_clone()?))
    }

    /// Has those who can send a message to `ring`, in place of writing to the eventfd.
    #[cfg(feature = "driver-uring")]
    pub(crate) fn tell(&self, ring: OwnedFd) {
        let first = self.told.set(ring).is_ok();
        debug_assert!(first, "a bell is one shard's, and a shard has one ring");
    }

    /// Forgets the rings there were, for who watches levels rather than edges.
    #[cfg(feature = "driver-uring")]
    pub(crate) fn hush(&self) {
        // That there were none is as well.
        let _ = rustix::io::read(&self.eventfd, &mut [0; 8]);
    }
}

impl AsFd for Bell {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.eventfd.as_fd()
    }
}

impl mesh::Bell for Bell {
    fn ring(&self) {
        #[cfg(feature = "driver-uring")]
        if self.told.get().is_some_and(|ring| uring::send(ring.as_fd())) {
            return;
        }
        let rung = rustix::io::write(&self.eventfd, &1u64.to_ne_bytes());
        debug_assert!(rung.is_ok(), "an eventfd takes eight bytes");
    }
}

impl fmt::Debug for Bell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bell")
    }
}
