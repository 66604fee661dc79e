//! Waking another shard by a message from ring to ring.
//!
//! A shard that sleeps in its ring is woken by anything that completes there. A message puts a
//! completion into another ring without a detour: an eventfd first wakes the poll that watches it,
//! which then looks at the eventfd, and completes. Only threads that have a ring can send one, so
//! each shard's thread has a second, small ring for that; the others write to the eventfd, and so
//! does who finds that a message did not get there.
//!
//! The sending ring is not the shard's own, which others borrow while a bell is rung, and whose
//! entries wait for the end of a turn.

use std::cell::RefCell;
use std::os::fd::BorrowedFd;

use super::features::{Feature, Features};
use super::ring::Ring;
use crate::driver::RingLimits;

/// Entries of a sending ring. It has one at a time.
const SUBMISSIONS: u32 = 4;

thread_local! {
    /// What this thread sends with.
    static SENDER: RefCell<Option<Ring>> = const { RefCell::new(None) };
}

/// Whether a ring can be told something by another one, without a lock and without a detour over
/// a thread of the kernel's: a ring that defers, on a kernel of at least 6.9, as the youngest
/// feature tells. Older ones took messages to such rings in other ways.
pub(super) const fn is_told(features: Features) -> bool {
    features.has(Feature::MsgRing)
        && features.has(Feature::DeferTaskrun)
        && features.has(Feature::Truncate)
}

/// Has the calling thread send messages, for as long as the result lives, where it can.
pub(super) fn begin(limits: RingLimits) -> Sending {
    let ring = Ring::new(RingLimits { submissions: SUBMISSIONS, ..limits }).ok();
    SENDER.set(ring.filter(|ring| is_told(ring.features())));
    Sending
}

/// See [`begin`].
#[derive(Debug)]
pub(super) struct Sending;

impl Drop for Sending {
    fn drop(&mut self) {
        SENDER.set(None);
    }
}

/// Sends a message to the ring behind `to`, which [`is_told`]. Whether it got there: if not, as on
/// a thread that does not send, the other side has to be woken some other way.
pub(crate) fn send(to: BorrowedFd<'_>) -> bool {
    let send = |sender: &RefCell<Option<Ring>>| {
        let mut sender = sender.borrow_mut();
        let sent = sender.as_mut().is_some_and(|ring| ring.message(to).is_ok());
        if !sent {
            // What it may still hold names a descriptor that will not stay open.
            *sender = None;
        }
        sent
    };
    // A thread that ends may ring from what it drops.
    SENDER.try_with(send).unwrap_or(false)
}
