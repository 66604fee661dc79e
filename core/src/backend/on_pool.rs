//! An actor that lives on its shard and works on the blocking pool.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::carrier::{Carrier, Carrying, Done, Home, Work};
use crate::io::blocking;
use crate::runtime::{Job, Request};
use crate::shard::current;
use crate::timer::sleep;

/// How long a courier waits at first, and at most, before it asks a pool that is full again.
const PAUSE_MIN: Duration = Duration::from_millis(1);
const PAUSE_MAX: Duration = Duration::from_millis(256);

/// See the module.
pub(super) struct OnPool<A: Send + 'static>(Kept<A>);

impl<A: Send + 'static> OnPool<A> {
    pub(super) const fn new() -> Self {
        Self(Kept(None))
    }
}

impl<A: Send + 'static> Carrier<A> for OnPool<A> {
    fn carry(&mut self, work: Work<A>) -> Carrying<'_> {
        Box::pin(async move {
            let kept = std::mem::replace(&mut self.0, Kept(None));
            let cargo = Arc::new(Cargo(Mutex::new(Some((kept, work)))));
            let _given_up = TakeBack(&cargo);
            let mut pause = PAUSE_MIN;
            loop {
                let there = cargo.clone();
                match blocking(move || there.work()).await {
                    Ok(Some((kept, done))) => {
                        self.0 = kept;
                        return Ok(done);
                    }
                    // The pool has no room, or no thread: it may have later.
                    Err(_) if cargo.is_there() => sleep(pause).await,
                    Ok(None) => return Err(io::Error::other("the work was done before")),
                    Err(error) => return Err(error),
                }
                pause = (pause * 2).min(PAUSE_MAX);
            }
        })
    }
}

/// An actor and what is to be done to it. The pool may drop a job without doing it; then this is
/// still here.
struct Cargo<A: Send + 'static>(Mutex<Option<(Kept<A>, Work<A>)>>);

impl<A: Send + 'static> Cargo<A> {
    fn take(&self) -> Option<(Kept<A>, Work<A>)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn is_there(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    fn work(&self) -> Option<(Kept<A>, Done)> {
        let (mut kept, work) = self.take()?;
        let done = work(&mut kept.0);
        Some((kept, done))
    }
}

/// Takes the cargo back from a pool that has not begun with it.
struct TakeBack<'a, A: Send + 'static>(&'a Cargo<A>);

impl<A: Send + 'static> Drop for TakeBack<'_, A> {
    fn drop(&mut self) {
        drop(self.0.take());
    }
}

/// The actor. Its drop may block as its handler may: on a shard it is left to the pool, but for a pool
/// that is full and takes no job any more, which drops it where it is.
struct Kept<A: Send + 'static>(Option<A>);

impl<A: Send + 'static> Drop for Kept<A> {
    fn drop(&mut self) {
        let Some(actor) = self.0.take() else { return };
        let mut actor = Some(actor);
        current::with(|shard| {
            let (home, actor) = (Home::of(shard), actor.take());
            let job = Job(Box::new(move || home.drop_there(actor)));
            shard.operate_detached(Request::Run(job));
        });
    }
}
