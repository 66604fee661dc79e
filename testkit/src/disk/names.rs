//! Directory entries: what look-ups see, and what the device would still have.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::{Component, Path, PathBuf};

use super::content::UNSYNCED_MAX;

/// A change of an entry.
#[derive(Debug)]
enum Entry {
    Link(PathBuf, u64),
    Unlink(PathBuf),
    Rename(PathBuf, PathBuf, u64),
}

/// See the module.
#[derive(Default, Debug)]
pub(super) struct Names {
    view: BTreeMap<PathBuf, u64>,
    stable: BTreeMap<PathBuf, u64>,
    /// What separates the two, oldest first.
    changes: VecDeque<Entry>,
}

/// A directory's name without steps to itself.
fn plain(path: &Path) -> PathBuf {
    path.components().filter(|part| *part != Component::CurDir).collect()
}

fn directory(path: &Path) -> PathBuf {
    path.parent().map(plain).unwrap_or_default()
}

impl Entry {
    fn apply(&self, names: &mut BTreeMap<PathBuf, u64>) {
        match self {
            Self::Link(path, file) => {
                names.insert(path.clone(), *file);
            }
            Self::Unlink(path) => {
                names.remove(path);
            }
            Self::Rename(from, to, file) => {
                names.remove(from);
                names.insert(to.clone(), *file);
            }
        }
    }

    fn directories(&self) -> (PathBuf, PathBuf) {
        match self {
            Self::Link(path, _) | Self::Unlink(path) => (directory(path), directory(path)),
            Self::Rename(from, to, _) => (directory(from), directory(to)),
        }
    }

    const fn file(&self) -> Option<u64> {
        match self {
            Self::Link(_, file) | Self::Rename(_, _, file) => Some(*file),
            Self::Unlink(_) => None,
        }
    }
}

impl Names {
    pub(super) const fn view(&self) -> &BTreeMap<PathBuf, u64> {
        &self.view
    }

    fn change(&mut self, entry: Entry) {
        entry.apply(&mut self.view);
        self.changes.push_back(entry);
        if self.changes.len() > UNSYNCED_MAX
            && let Some(oldest) = self.changes.pop_front()
        {
            oldest.apply(&mut self.stable);
        }
    }

    pub(super) fn link(&mut self, path: PathBuf, file: u64) {
        self.change(Entry::Link(path, file));
    }

    /// Takes a name away. False when it is not there.
    pub(super) fn unlink(&mut self, path: PathBuf) -> bool {
        let there = self.view.contains_key(&path);
        if there {
            self.change(Entry::Unlink(path));
        }
        there
    }

    /// Gives a file another name. False when it has not got the one.
    pub(super) fn rename(&mut self, from: PathBuf, to: PathBuf) -> bool {
        let file = self.view.get(&from).copied();
        if let Some(file) = file {
            self.change(Entry::Rename(from, to, file));
        }
        file.is_some()
    }

    /// Makes a directory's entries durable, and what came before them in directories that they
    /// share with others: a journal is written in order.
    pub(super) fn sync(&mut self, path: &Path) {
        let mut synced = BTreeSet::from([plain(path)]);
        let (mut durable, mut left) = (VecDeque::new(), VecDeque::new());
        while let Some(entry) = self.changes.pop_back() {
            let (one, other) = entry.directories();
            if synced.contains(&one) || synced.contains(&other) {
                synced.extend([one, other]);
                durable.push_front(entry);
            } else {
                left.push_front(entry);
            }
        }
        durable.into_iter().for_each(|entry| entry.apply(&mut self.stable));
        self.changes = left;
    }

    /// Goes back to what the device has. Of a directory's changes those after a lost one are lost
    /// as well: a journal is written in order.
    pub(super) fn lose_power(&mut self, mut is_lost: impl FnMut() -> bool) {
        let mut stale = BTreeSet::new();
        for entry in std::mem::take(&mut self.changes) {
            let (one, other) = entry.directories();
            let after_lost = stale.contains(&one) || stale.contains(&other);
            if after_lost || is_lost() {
                stale.extend([one, other]);
            } else {
                entry.apply(&mut self.stable);
            }
        }
        self.view.clone_from(&self.stable);
    }

    /// The files that have a name, or would have one after a loss of power.
    pub(super) fn files(&self) -> impl Iterator<Item = u64> {
        let named = self.view.values().chain(self.stable.values()).copied();
        named.chain(self.changes.iter().filter_map(Entry::file))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left(names: &mut Names) -> Vec<PathBuf> {
        names.lose_power(|| true);
        names.view().keys().cloned().collect()
    }

    #[test]
    fn no_entry_becomes_durable_before_an_earlier_one_of_its_directories() {
        for second in [None, Some("d1"), Some("d2")] {
            let mut names = Names::default();
            names.link("d1/x".into(), 1);
            assert!(names.rename("d1/x".into(), "d2/x".into()));
            names.link("d1/y".into(), 2);
            names.sync(Path::new("d2"));
            second.into_iter().for_each(|path| names.sync(Path::new(path)));
            let mut expected: Vec<PathBuf> = vec!["d2/x".into()];
            if second == Some("d1") {
                expected.insert(0, "d1/y".into());
            }
            assert_eq!(left(&mut names), expected, "{second:?}");
        }
    }
}
