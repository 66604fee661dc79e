//! The door for what comes from outside a shard's thread.
//!
//! In a simulated run nearly all of it comes from the same thread: wakers that fire on another
//! simulated shard, ports dropped on another node, requests of a `SystemHandle`. It is collected
//! here and becomes a delivered event like any other. A real second thread may inject as well;
//! when it does, the run depends on that thread's timing.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use greenroom_core::runtime::{Injected, Injector};

/// What was injected and not yet taken up by the world.
#[derive(Debug, Default)]
pub(crate) struct Inbox {
    queue: Mutex<Option<VecDeque<(u32, Injected)>>>,
    /// Whether the queue may hold something, so that each step need not lock.
    any: AtomicBool,
}

impl Inbox {
    pub(crate) fn new() -> Arc<Self> {
        let queue = Mutex::new(Some(VecDeque::new()));
        Arc::new(Self { queue, any: AtomicBool::new(false) })
    }

    fn lock(&self) -> MutexGuard<'_, Option<VecDeque<(u32, Injected)>>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether there may be something to take.
    #[inline]
    pub(crate) fn has_some(&self) -> bool {
        self.any.load(Ordering::Acquire)
    }

    /// Takes the oldest, with the shard it is for.
    pub(crate) fn pop(&self) -> Option<(u32, Injected)> {
        let mut queue = self.lock();
        let taken = queue.as_mut().and_then(VecDeque::pop_front);
        if taken.is_none() {
            self.any.store(false, Ordering::Release);
        }
        taken
    }

    /// Takes out what is for those shards.
    pub(crate) fn remove(&self, of: impl Fn(u32) -> bool) -> Vec<(u32, Injected)> {
        let mut queue = self.lock();
        let Some(queue) = queue.as_mut() else { return Vec::new() };
        let (removed, kept) = queue.drain(..).partition::<Vec<_>, _>(|(shard, _)| of(*shard));
        queue.extend(kept);
        removed
    }

    /// Takes nothing more. What was not taken up is for the caller to drop.
    pub(crate) fn close(&self) -> Option<VecDeque<(u32, Injected)>> {
        self.lock().take()
    }
}

/// The door to one shard.
#[derive(Debug)]
pub(crate) struct SimInjector {
    inbox: Arc<Inbox>,
    shard: u32,
}

impl SimInjector {
    pub(crate) const fn new(inbox: Arc<Inbox>, shard: u32) -> Self {
        Self { inbox, shard }
    }
}

impl Injector for SimInjector {
    fn inject(&self, injected: Injected) -> Result<(), Injected> {
        let mut queue = self.inbox.lock();
        match &mut *queue {
            Some(queue) => {
                queue.push_back((self.shard, injected));
                self.inbox.any.store(true, Ordering::Release);
                Ok(())
            }
            None => Err(injected),
        }
    }
}
