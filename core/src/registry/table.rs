//! What a shard has noted of all names and groups of its node.

use std::any::TypeId;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::hash::DetHashMap;
use crate::pid::Pid;

/// An actor with the type it was entered with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Named {
    pub(crate) pid: Pid,
    pub(crate) actor: TypeId,
}

/// A change that a directory decided on.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    Registered(Arc<str>, Named),
    Unregistered(Arc<str>),
    Joined(Arc<str>, Named),
    Left(Arc<str>, Pid),
}

/// See the module. Empty, it owns no memory.
#[derive(Debug, Default)]
pub(crate) struct Table {
    noted: RefCell<Option<Box<Noted>>>,
    /// The directory of this shard, once there is one.
    pub(crate) directory: Cell<Option<Pid>>,
}

#[derive(Debug, Default)]
struct Noted {
    names: DetHashMap<Arc<str>, Named>,
    groups: DetHashMap<Arc<str>, BTreeMap<Pid, TypeId>>,
}

impl Table {
    pub(crate) fn note(&self, change: Change) {
        let mut noted = self.noted.borrow_mut();
        let noted = noted.get_or_insert_default();
        match change {
            Change::Registered(name, named) => {
                noted.names.insert(name, named);
            }
            Change::Unregistered(name) => {
                noted.names.remove(&name);
            }
            Change::Joined(group, named) => {
                noted.groups.entry(group).or_default().insert(named.pid, named.actor);
            }
            Change::Left(group, pid) => {
                let Some(members) = noted.groups.get_mut(&group) else { return };
                members.remove(&pid);
                if members.is_empty() {
                    noted.groups.remove(&group);
                }
            }
        }
    }

    pub(crate) fn find(&self, name: &str) -> Option<Named> {
        self.noted.borrow().as_ref()?.names.get(name).copied()
    }

    /// All names, sorted.
    pub(crate) fn names(&self) -> Vec<(Arc<str>, Pid)> {
        let noted = self.noted.borrow();
        let names = noted.iter().flat_map(|noted| &noted.names);
        let mut names: Vec<_> = names.map(|(name, named)| (name.clone(), named.pid)).collect();
        names.sort();
        names
    }

    /// The members of a group that are of that type, in the order of their pids.
    pub(crate) fn members(&self, group: &str, of: TypeId) -> Vec<Pid> {
        let noted = self.noted.borrow();
        let members = noted.as_ref().and_then(|noted| noted.groups.get(group));
        let members = members.into_iter().flatten();
        members.filter(|(_, actor)| **actor == of).map(|(&pid, _)| pid).collect()
    }
}
