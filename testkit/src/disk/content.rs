//! One file: what reads see, and what the device would still have after a loss of power.

use std::collections::VecDeque;

use super::image::{Image, SECTOR};
use crate::faults::Fault;

/// Changes that wait for a sync at most; beyond, the kernel writes the oldest back.
pub(super) const UNSYNCED_MAX: usize = 1024;

/// A change that is in the page cache.
#[derive(Clone, Debug)]
pub(super) enum Change {
    /// Bytes at an offset.
    Write(usize, Vec<u8>),
    /// A new length.
    Len(usize),
    /// Bytes that belong elsewhere, at an offset.
    Stray(usize, Vec<u8>),
    /// What should have been written from here to there was not, because of a fault.
    Missing(usize, usize, Fault),
}

/// What becomes of a change when the power fails.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Fate {
    Kept,
    Lost,
    /// Of its sectors, counted from 0, those remain whose bit is set; the bits repeat after 64.
    Torn(u64),
}

/// See the module.
#[derive(Default, Debug)]
pub(super) struct Content {
    view: Image,
    stable: Image,
    /// What separates the two, oldest first; not what a failed sync has dropped.
    changes: VecDeque<Change>,
}

impl Change {
    fn apply(&self, image: &mut Image) {
        match self {
            Self::Write(from, data) => image.write(*from, data),
            Self::Len(len) => image.resize(*len),
            Self::Stray(from, data) => {
                image.write(*from, data);
                image.mark(*from, *from + data.len(), Fault::MisdirectedWrite);
            }
            Self::Missing(from, to, fault) => image.mark(*from, *to, *fault),
        }
    }

    /// Whether bytes may be another's once it has its effect.
    const fn touches(&self, from: usize, to: usize) -> bool {
        match self {
            Self::Write(start, data) | Self::Stray(start, data) => {
                *start < to && from < *start + data.len()
            }
            Self::Len(_) | Self::Missing(..) => true,
        }
    }

    /// Whether the two are writes that have no byte in common.
    const fn is_apart_from(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Write(from, data), Self::Write(other_from, other)) => {
                *from + data.len() <= *other_from || *other_from + other.len() <= *from
            }
            _ => false,
        }
    }

    /// How many sectors it touches.
    pub(super) const fn sectors(&self) -> usize {
        match self {
            Self::Write(from, data) if !data.is_empty() => {
                (*from + data.len() - 1) / SECTOR - *from / SECTOR + 1
            }
            _ => 1,
        }
    }

    /// Applies those sectors of a write that remain.
    fn apply_torn(&self, remain: u64, image: &mut Image) {
        let Self::Write(from, data) = self else { return };
        let (mut start, mut sector) = (0, 0);
        while start < data.len() {
            let end = (SECTOR - (from + start) % SECTOR + start).min(data.len());
            if remain >> (sector % 64) & 1 == 1 {
                image.write(from + start, &data[start..end]);
            }
            (start, sector) = (end, sector + 1);
        }
    }
}

impl Content {
    pub(super) fn view(&self) -> &[u8] {
        self.view.bytes()
    }

    /// What is wrong with bytes that are read.
    pub(super) fn faults(&self, from: usize, to: usize) -> Vec<Fault> {
        self.view.faults(from, to)
    }

    /// Whether bytes are on the device as they are read.
    pub(super) fn is_settled(&self, from: usize, to: usize) -> bool {
        // What a failed sync has dropped differs without a change that says so.
        let (stable, view) = (self.stable.bytes().get(from..to), self.view().get(from..to));
        stable.is_some()
            && stable == view
            && !self.changes.iter().any(|change| change.touches(from, to))
    }

    /// Flips a bit on the device.
    pub(super) fn rot(&mut self, byte: usize, bit: u8) {
        self.view.flip(byte, bit);
        self.stable.flip(byte, bit);
    }

    /// Lets the sector of a byte be readable no more.
    pub(super) fn spoil(&mut self, byte: usize) {
        let from = byte / SECTOR * SECTOR;
        self.view.mark(from, from + SECTOR, Fault::LatentError);
        self.stable.mark(from, from + SECTOR, Fault::LatentError);
    }

    /// Makes nothing of a write but the length it leads to.
    pub(super) fn miss(&mut self, from: usize, to: usize, fault: Fault) {
        if to > self.view().len() {
            self.change(Change::Len(to));
        }
        self.change(Change::Missing(from, to, fault));
    }

    /// Changes what reads see; the device has it after a sync.
    pub(super) fn change(&mut self, change: Change) {
        change.apply(&mut self.view);
        self.changes.push_back(change);
        if self.changes.len() > UNSYNCED_MAX
            && let Some(oldest) = self.changes.pop_front()
        {
            oldest.apply(&mut self.stable);
        }
    }

    /// Changes what reads see and what the device has. Changes before it that touch the same bytes
    /// become durable with it, as does a length that it may depend on.
    pub(super) fn change_durably(&mut self, change: Change) {
        let apart = self.changes.iter().all(|before| before.is_apart_from(&change));
        if apart {
            change.apply(&mut self.view);
            change.apply(&mut self.stable);
        } else {
            self.change(change);
            self.sync();
        }
    }

    /// Makes everything durable that no earlier sync has dropped.
    pub(super) fn sync(&mut self) {
        for change in self.changes.drain(..) {
            change.apply(&mut self.stable);
        }
    }

    /// Forgets what should have become durable. Reads still see it. Returns how many changes.
    pub(super) fn drop_unsynced(&mut self) -> usize {
        let dropped = self.changes.len();
        self.changes.clear();
        dropped
    }

    /// Goes back to what the device has.
    pub(super) fn lose_power(&mut self, mut fate: impl FnMut(&Change) -> Fate) {
        for change in std::mem::take(&mut self.changes) {
            match fate(&change) {
                Fate::Kept => change.apply(&mut self.stable),
                Fate::Lost => {}
                Fate::Torn(remain) => change.apply_torn(remain, &mut self.stable),
            }
        }
        self.view.clone_from(&self.stable);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_torn_write_leaves_whole_sectors() {
        let mut content = Content::default();
        content.change(Change::Len(2048));
        content.sync();
        let write = Change::Write(500, vec![1; 1000]);
        assert_eq!(write.sectors(), 3);
        content.change(write);
        content.lose_power(|_| Fate::Torn(0b101));
        let view = content.view();
        assert!(view[500..512].iter().all(|&byte| byte == 1));
        assert!(view[512..1024].iter().all(|&byte| byte == 0));
        assert!(view[1024..1500].iter().all(|&byte| byte == 1));
        assert!(view[1500..].iter().all(|&byte| byte == 0));
    }

    #[test]
    fn a_sync_that_drops_is_not_mended_by_the_next() {
        let mut content = Content::default();
        content.change(Change::Write(0, b"lost".to_vec()));
        assert_eq!(content.drop_unsynced(), 1);
        assert_eq!(content.view(), b"lost", "the cache still has it");
        assert!(!content.is_settled(0, 4), "the device has nothing of it");
        content.change(Change::Len(4));
        content.sync();
        assert!(!content.is_settled(0, 4), "the device has something else");
        content.change(Change::Write(4, b"kept".to_vec()));
        content.sync();
        content.lose_power(|_| Fate::Kept);
        assert_eq!(content.view(), b"\0\0\0\0kept");
    }

    #[test]
    fn a_durable_write_leaves_others_where_they_are() {
        let mut content = Content::default();
        content.change(Change::Write(0, b"ab".to_vec()));
        content.change_durably(Change::Write(4, b"ef".to_vec()));
        assert_eq!(content.view(), b"ab\0\0ef");
        content.lose_power(|_| Fate::Lost);
        assert_eq!(content.view(), b"\0\0\0\0ef");
        content.change(Change::Write(0, b"ab".to_vec()));
        content.change_durably(Change::Write(1, b"x".to_vec()));
        content.lose_power(|_| Fate::Kept);
        assert_eq!(content.view(), b"ax\0\0ef", "what came first does not come back");
    }

    #[test]
    fn the_kernel_writes_back_what_waits_for_long() {
        let mut content = Content::default();
        for _ in 0..=UNSYNCED_MAX {
            content.change(Change::Write(0, b"x".to_vec()));
        }
        content.lose_power(|_| Fate::Lost);
        assert_eq!(content.view(), b"x");
    }
}
