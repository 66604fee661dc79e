//! The door of a shard for everybody who is not on its thread.

use std::fmt;

use crossbeam_channel::{Receiver, Sender, unbounded};
use greenroom_core::runtime::{Injected, Injector, IoResult, OpId};

use super::{Bell, Doorbell};

/// The outer side: an unbounded queue, and the bell that tells the shard of it.
///
/// The queue closes when the shard drops its side: whoever comes later gets back what he brought,
/// and what was queued is dropped, which is the news to whoever waits for it. The channel makes
/// the two one step.
pub(crate) struct Inject {
    sender: Sender<Injected>,
    doorbell: Doorbell<Bell>,
}

impl Inject {
    /// The door of the shard that `doorbell` wakes, and the shard's side of it.
    pub(crate) fn new(doorbell: Doorbell<Bell>) -> (Self, Receiver<Injected>) {
        let (sender, receiver) = unbounded();
        (Self { sender, doorbell }, receiver)
    }

    /// Completes an operation of the shard from another thread. A shard that is gone has nobody
    /// left who waits for it.
    pub(crate) fn complete(&self, op: OpId, result: IoResult) {
        let complete = Box::new(move |shard: &greenroom_core::Shard| shard.complete(op, result));
        drop(self.inject(Injected::Run(complete)));
    }
}

impl Injector for Inject {
    fn inject(&self, injected: Injected) -> Result<(), Injected> {
        self.sender.send(injected).map_err(|refused| refused.0)?;
        self.doorbell.notify();
        Ok(())
    }
}

impl fmt::Debug for Inject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inject").field("queued", &self.sender.len()).finish_non_exhaustive()
    }
}
