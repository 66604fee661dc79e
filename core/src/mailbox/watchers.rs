//! Those who want to know how an actor ends.

use super::Door;
use crate::actor::Ending;
use crate::reply::Reply;

impl<M: Send + 'static> Door<M> {
    /// Adds somebody who wants to know how the actor ends.
    pub(super) fn add_watcher(&self, watcher: Reply<Ending>) {
        let first = self.watcher.replace(Reply::NONE);
        if first.is_none() {
            self.watcher.set(watcher);
            return;
        }
        self.watcher.set(first);
        self.cold.borrow_mut().get_or_insert_default().watchers.push(watcher);
    }

    /// Takes out the port of that name of somebody who does not want to know any more.
    pub(super) fn remove_watcher(&self, name: u64) -> Option<Reply<Ending>> {
        let first = self.watcher.replace(Reply::NONE);
        if !first.is_none() && first.name() == name {
            return Some(first);
        }
        self.watcher.set(first);
        let mut cold = self.cold.borrow_mut();
        let watchers = &mut cold.as_mut()?.watchers;
        let index = watchers.iter().position(|watcher| watcher.name() == name)?;
        Some(watchers.swap_remove(index))
    }

    /// Takes those who want to know of the actor's end.
    pub(crate) fn take_watchers(&self) -> impl Iterator<Item = Reply<Ending>> + use<M> {
        let first = self.watcher.replace(Reply::NONE);
        let mut cold = self.cold.borrow_mut();
        let rest = cold.as_mut().map_or_else(Vec::new, |cold| std::mem::take(&mut cold.watchers));
        std::iter::once(first).filter(|first| !first.is_none()).chain(rest)
    }
}
