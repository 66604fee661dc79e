//! Groups, as their directory keeps them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::directory::{Directory, Place, have_noted};
use super::table::{Change, Named};
use crate::actor::Context;
use crate::pid::Pid;
use crate::shard::{Notice, current};

/// One group: who is in it, and who wants to hear of it.
#[derive(Default)]
pub(super) struct Group {
    members: BTreeSet<Pid>,
    /// Under which number each of them wants to.
    watchers: BTreeMap<Pid, u64>,
}

impl Directory {
    pub(super) fn join(&mut self, group: &Arc<str>, named: Named, ctx: &Context<Self>) {
        let entry = self.groups.entry(group.clone()).or_default();
        if !entry.members.insert(named.pid) {
            return;
        }
        entry.tell(group, named.pid, true, ctx);
        self.enter(named.pid, Place::Member, group, ctx);
        have_noted(Change::Joined(group.clone(), named));
    }

    pub(super) fn leave(&mut self, group: &Arc<str>, pid: Pid, ctx: &Context<Self>) -> bool {
        let Some(entry) = self.groups.get_mut(group) else { return false };
        let left = entry.members.remove(&pid);
        if left {
            entry.tell(group, pid, false, ctx);
            have_noted(Change::Left(group.clone(), pid));
        }
        self.forget_if_empty(group);
        left
    }

    /// Tells who is in the group; of every change from now on the watcher hears.
    pub(super) fn watch(
        &mut self,
        group: &Arc<str>,
        (watcher, number): (Pid, u64),
        ctx: &Context<Self>,
    ) -> Vec<Pid> {
        let entry = self.groups.entry(group.clone()).or_default();
        entry.watchers.insert(watcher, number);
        let members = entry.members.iter().copied().collect();
        self.enter(watcher, Place::Watcher, group, ctx);
        members
    }

    /// Under that number, or under any. Tells whether it was so.
    pub(super) fn unwatch(&mut self, group: &Arc<str>, watcher: Pid, number: Option<u64>) -> bool {
        let Some(entry) = self.groups.get_mut(group) else { return false };
        let known = entry.watchers.get(&watcher).copied();
        let over = known.is_some() && (number.is_none() || number == known);
        if over {
            entry.watchers.remove(&watcher);
        }
        self.forget_if_empty(group);
        over
    }

    fn forget_if_empty(&mut self, group: &Arc<str>) {
        let empty = |group: &Group| group.members.is_empty() && group.watchers.is_empty();
        if self.groups.get(group).is_some_and(empty) {
            self.groups.remove(group);
        }
    }
}

impl Group {
    fn tell(&self, group: &Arc<str>, member: Pid, joined: bool, ctx: &Context<Directory>) {
        for (&watcher, &number) in &self.watchers {
            let notice = Notice::Member { group: group.clone(), number, member, joined };
            current::with(|shard| shard.notify(ctx.pid(), watcher, notice));
        }
    }
}
