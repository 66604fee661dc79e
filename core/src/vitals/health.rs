//! What actors say of themselves, and what others see of them.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::pid::Pid;

/// How an actor, or a whole system, does. The later, the worse: the worst of several is their
/// maximum.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum Health {
    /// It does what it is there for.
    #[default]
    Healthy,
    /// It does so with restrictions: that is why.
    Degraded(Arc<str>),
    /// It does not: that is why.
    Unhealthy(Arc<str>),
}

impl fmt::Display for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Healthy => f.write_str("healthy"),
            Self::Degraded(why) => write!(f, "degraded: {why}"),
            Self::Unhealthy(why) => write!(f, "unhealthy: {why}"),
        }
    }
}

impl Health {
    /// The worst of several; healthy where there is none. Of equally bad ones, any.
    #[must_use]
    pub fn worst<'a>(of: impl IntoIterator<Item = &'a Self>) -> Self {
        of.into_iter().max().cloned().unwrap_or_default()
    }
}

/// The health of one actor.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct ActorHealth {
    /// The actor.
    pub pid: Pid,
    /// The name it was given, or its type's.
    pub name: Cow<'static, str>,
    /// The name of its type.
    pub actor: &'static str,
    /// How it is.
    pub health: Health,
}

/// What is published of the actors of one shard.
///
/// Readers copy a pointer under the lock and read at their leisure; the shard changes the table in
/// place, or makes a new one where somebody reads the old.
#[derive(Debug, Default)]
pub(super) struct Published(Mutex<Arc<Table>>);

type Table = BTreeMap<Pid, Entry>;

#[derive(Clone, Debug)]
struct Entry {
    name: Cow<'static, str>,
    actor: &'static str,
    /// What the actor says.
    said: Option<Health>,
    /// What a watch saw, while it is so.
    seen: Option<Health>,
}

impl Entry {
    fn health(&self) -> Health {
        Health::worst(self.said.iter().chain(&self.seen))
    }
}

/// Whose word it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Source {
    Actor,
    Watch,
}

impl Published {
    fn lock(&self) -> MutexGuard<'_, Arc<Table>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn table(&self) -> Arc<Table> {
        self.lock().clone()
    }

    pub(super) fn all(&self) -> Vec<ActorHealth> {
        let actor = |(pid, entry): (&Pid, &Entry)| ActorHealth {
            pid: *pid,
            name: entry.name.clone(),
            actor: entry.actor,
            health: entry.health(),
        };
        self.table().iter().map(actor).collect()
    }

    pub(super) fn of(&self, pid: Pid) -> Option<Health> {
        self.table().get(&pid).map(Entry::health)
    }

    /// Publishes, or takes back, what somebody says of an actor.
    pub(super) fn set(
        &self,
        source: Source,
        pid: Pid,
        (name, actor): (Cow<'static, str>, &'static str),
        health: Option<Health>,
    ) {
        let mut table = self.lock();
        if health.is_none() && !table.contains_key(&pid) {
            return;
        }
        let table = Arc::make_mut(&mut table);
        let entry = table.entry(pid).or_insert(Entry { name, actor, said: None, seen: None });
        match source {
            Source::Actor => entry.said = health,
            Source::Watch => entry.seen = health,
        }
        if entry.said.is_none() && entry.seen.is_none() {
            table.remove(&pid);
        }
    }

    /// Forgets an actor that has ended.
    pub(super) fn forget(&self, pid: Pid) {
        let mut table = self.lock();
        if table.contains_key(&pid) {
            Arc::make_mut(&mut table).remove(&pid);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_is_the_latest() {
        let degraded = Health::Degraded("slow".into());
        let unhealthy = Health::Unhealthy("dead".into());
        assert_eq!(Health::worst([]), Health::Healthy);
        assert_eq!(Health::worst([&degraded, &Health::Healthy]), degraded);
        assert_eq!(Health::worst([&unhealthy, &degraded]), unhealthy);
    }
}
