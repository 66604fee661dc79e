//! A task that is nothing but a future.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use super::Task;
use crate::actor::Panic;
use crate::shard::Shard;

/// A task's future. It has no output: whatever comes of it goes elsewhere.
pub(crate) type TaskFuture = Pin<Box<dyn Future<Output = ()>>>;

/// See the module.
pub(crate) struct Plain {
    /// Borrowed while it is polled; `None` once it is over.
    future: RefCell<Option<TaskFuture>>,
}

impl Plain {
    pub(crate) fn task(future: TaskFuture) -> Rc<dyn Task> {
        Rc::new(Self { future: RefCell::new(Some(future)) })
    }
}

impl Task for Plain {
    fn run(&self, _: &Shard, cx: &mut Context<'_>, _: u32) -> Poll<()> {
        // Polled inside itself: its turn is under way already.
        let Ok(mut future) = self.future.try_borrow_mut() else { return Poll::Pending };
        future.as_mut().map_or(Poll::Ready(()), |future| future.as_mut().poll(cx))
    }

    fn crashed(&self, _: &Shard, _: Panic) -> bool {
        false
    }

    fn abandon(&self) -> bool {
        let Ok(mut future) = self.future.try_borrow_mut() else { return false };
        let future = future.take();
        drop(future);
        true
    }
}
