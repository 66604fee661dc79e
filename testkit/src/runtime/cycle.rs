//! A circle among those who wait.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use greenroom_core::{Pid, Wait};

use super::TestRuntime;

impl TestRuntime {
    /// A circle of actors each of which waits for the next, the last for the first, if there is
    /// one: for an answer, or for room in a mailbox. Waits for an answer end by their deadline, so
    /// such a circle may still dissolve.
    #[must_use]
    pub fn wait_cycle(&self) -> Option<Vec<Pid>> {
        let mut waits_for: BTreeMap<Pid, Vec<Pid>> = BTreeMap::new();
        for cell in &self.cells {
            for wait in cell.shard.waits() {
                if let Wait::Reply { from, to, .. } | Wait::Room { from: Some(from), to } = wait {
                    waits_for.entry(from).or_default().push(to);
                }
            }
        }
        find_cycle(&waits_for)
    }
}

/// Depth first, with the path on a stack of its own: chains may be long.
fn find_cycle(waits_for: &BTreeMap<Pid, Vec<Pid>>) -> Option<Vec<Pid>> {
    let mut done: BTreeMap<Pid, bool> = BTreeMap::new();
    for &start in waits_for.keys() {
        let mut path: Vec<(Pid, usize)> = Vec::new();
        if let Entry::Vacant(new) = done.entry(start) {
            new.insert(false);
            path.push((start, 0));
        }
        while let Some((pid, next)) = path.last_mut() {
            let target = waits_for.get(pid).and_then(|targets| targets.get(*next)).copied();
            *next += 1;
            match target {
                None => {
                    done.insert(*pid, true);
                    path.pop();
                }
                Some(target) => match done.get(&target) {
                    None => {
                        done.insert(target, false);
                        path.push((target, 0));
                    }
                    Some(true) => {}
                    Some(false) => {
                        let from = path.iter().position(|&(pid, _)| pid == target)?;
                        return Some(path[from..].iter().map(|&(pid, _)| pid).collect());
                    }
                },
            }
        }
    }
    None
}
