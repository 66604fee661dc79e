//! What threads of the system's pool do with open files, and who holds the files meanwhile.
//!
//! glommio's own blocking threads are no way: nothing but a heartbeat ends the sleep of a shard
//! that waits for one. What the pool's threads come to is told through the shard's door, which
//! wakes it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::rc::Rc;

use crossbeam_channel::{Receiver, Sender, unbounded};
use greenroom_core::runtime::{DiskDone, Injected, Injector, OpId};

use super::files::Share;
use crate::pool::Jobs;

/// The operations of one shard that are with the pool.
#[derive(Debug)]
pub(super) struct Away {
    jobs: Jobs,
    /// The file of each, which is not closed as long as it is here.
    shares: RefCell<BTreeMap<OpId, Share>>,
    sender: Sender<Back>,
    back: Receiver<Back>,
}

/// What a thread of the pool came to.
#[derive(Debug)]
pub(super) enum Outcome {
    Done(DiskDone),
    /// The same file once more, past the page cache.
    Opened(File),
}

type Back = (OpId, io::Result<Outcome>);

impl Away {
    pub(super) fn new(jobs: Jobs) -> Rc<Self> {
        let (sender, back) = unbounded();
        Rc::new(Self { jobs, shares: RefCell::default(), sender, back })
    }

    pub(super) const fn jobs(&self) -> &Jobs {
        &self.jobs
    }

    /// Has a thread of the pool work on a file, of which it has that share until it is back.
    pub(super) fn send(
        &self,
        op: OpId,
        share: Share,
        work: impl FnOnce() -> io::Result<Outcome> + Send + 'static,
    ) {
        self.shares.borrow_mut().insert(op, share);
        let (sender, home) = (self.sender.clone(), self.jobs.home().clone());
        self.jobs.hand(work, move |result| {
            // Whoever waited for it went with the shard where either is refused.
            let told = move |_: &_| drop(sender.send((op, result)));
            drop(home.inject(Injected::Run(Box::new(told))));
        });
    }

    #[inline]
    pub(super) fn has_back(&self) -> bool {
        !self.back.is_empty()
    }

    /// The next one that is back, with its share of the file.
    pub(super) fn take(&self) -> Option<(OpId, Option<Share>, io::Result<Outcome>)> {
        let (op, result) = self.back.try_recv().ok()?;
        let share = self.shares.borrow_mut().remove(&op);
        Some((op, share, result))
    }

    /// Gives all shares back. What the pool's threads work with are descriptors of their own.
    pub(super) fn forget(&self) {
        let shares = self.shares.take();
        drop(shares);
    }
}
