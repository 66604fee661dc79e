//! Disks that lie: what is read is not what was written, and nobody says so.
//!
//! Damage of what is at rest is drawn as it is read: whether a bit flipped a year ago or just now
//! makes no difference to anybody who has not looked meanwhile.

use std::io;
use std::path::Path;

use greenroom_core::runtime::FileId;

use super::content::Change;
use super::files::Disks;
use super::image::SECTOR;
use crate::draws::Site;
use crate::faults::Fault;
use crate::world::World;

/// Writes that succeed and are not where they should be.
const STRAYS: [Fault; 2] = [Fault::PhantomWrite, Fault::MisdirectedWrite];

impl Disks {
    /// Whether a fault is to damage a node's disk; at most so many disks are damaged as may be.
    pub(crate) fn goes_bad(&self, world: &World, fault: Fault, (node, shard): (u16, u32)) -> bool {
        let most = usize::from(world.fault_extents().disks_bad_max);
        let may = || self.bad.contains(&node) || self.bad.len() < most;
        world.goes_wrong(fault, shard) && may()
    }

    /// What goes wrong with a read from there to there: bytes that are no longer what they were
    /// are changed in place. An error when a sector cannot be read.
    pub(super) fn decay(
        &mut self,
        world: &World,
        (node, shard): (u16, u32),
        file: FileId,
        (from, to): (usize, usize),
    ) -> io::Result<()> {
        let len = self.content(node, file)?.view().len();
        let (from, to) = (from.min(len), to.min(len));
        if from == to {
            return Ok(());
        }
        for fault in [Fault::BitRot, Fault::LatentError] {
            if !self.goes_bad(world, fault, (node, shard)) {
                continue;
            }
            let bit = world.draws.below(Site::Fault, shard, (to - from) as u64 * 8);
            let byte = from + (bit / 8) as usize;
            let content = self.content(node, file)?;
            let sector = (byte / SECTOR * SECTOR, (byte / SECTOR * SECTOR + SECTOR).min(len));
            if !content.is_settled(sector.0, sector.1) {
                continue;
            }
            match fault {
                Fault::BitRot => content.rot(byte, (bit % 8) as u8),
                _ => content.spoil(byte),
            }
            self.bad.insert(node);
        }
        let faults = self.content(node, file)?.faults(from, to);
        if faults.contains(&Fault::LatentError) {
            world.went_wrong(Fault::LatentError, node, from as u64);
            return Err(io::Error::from_raw_os_error(super::faults::EIO));
        }
        faults.into_iter().for_each(|fault| world.went_wrong(fault, node, from as u64));
        Ok(())
    }

    /// What a read that was misdirected gives instead of `bytes`.
    pub(super) fn misread(
        &mut self,
        world: &World,
        (node, shard): (u16, u32),
        bytes: &mut Vec<u8>,
    ) {
        if bytes.is_empty() || !self.goes_bad(world, Fault::MisdirectedRead, (node, shard)) {
            return;
        }
        let Some((file, from)) = self.anywhere(world, (node, shard)) else { return };
        let there = self.contents(node)[&file].view();
        let mut other = there[from..there.len().min(from + bytes.len())].to_vec();
        other.resize(bytes.len(), 0);
        if other != *bytes {
            world.went_wrong(Fault::MisdirectedRead, node, from as u64);
            *bytes = other;
            self.bad.insert(node);
        }
    }

    /// Lets a write succeed that has no effect where it should, if one of those faults happens.
    /// Whether it did.
    pub(super) fn strays(
        &mut self,
        world: &World,
        (node, shard): (u16, u32),
        (file, from): (FileId, usize),
        data: &[u8],
    ) -> io::Result<bool> {
        let happens = |fault: &Fault| self.goes_bad(world, *fault, (node, shard));
        let Some(fault) = STRAYS.into_iter().find(happens) else { return Ok(false) };
        let to = from + data.len();
        let content = self.content_mut(node, file)?;
        if content.view().get(from..to).is_some_and(|old| old == data) {
            return Ok(false);
        }
        if fault == Fault::PhantomWrite {
            content.miss(from, to, fault);
            self.bad.insert(node);
            return Ok(true);
        }
        let victim = self.anywhere(world, (node, shard));
        let intended = (self.number_of(node, file)?, from);
        if victim == Some(intended) {
            return Ok(false);
        }
        self.content_mut(node, file)?.miss(from, to, fault);
        self.bad.insert(node);
        if let Some((file, from)) = victim
            && let Some(content) = self.contents_mut(node).get_mut(&file)
        {
            let fits = content.view().len().saturating_sub(from).min(data.len());
            content.change(Change::Stray(from, data[..fits].to_vec()));
        }
        Ok(true)
    }

    /// A sector of any file of a node: the file's number, and where it begins.
    fn anywhere(&self, world: &World, (node, shard): (u16, u32)) -> Option<(u64, usize)> {
        let contents = self.contents(node).iter().filter(|(_, file)| !file.view().is_empty());
        let contents: Vec<_> = contents.collect();
        let below = |n: usize| world.draws.below(Site::Fault, shard, n as u64) as usize;
        let (&file, content) = *contents.get(below(contents.len().max(1)))?;
        Some((file, below(content.view().len().div_ceil(SECTOR)) * SECTOR))
    }

    /// Flips the lowest bit of a byte of a file, on the device and for good. False when there is
    /// no such byte.
    pub(crate) fn rot(&mut self, node: u16, path: &Path, byte: usize) -> bool {
        self.harm(node, path, byte, |content| content.rot(byte, 0))
    }

    /// Lets the sector of a byte be readable no more. False when there is no such byte.
    pub(crate) fn spoil(&mut self, node: u16, path: &Path, byte: usize) -> bool {
        self.harm(node, path, byte, |content| content.spoil(byte))
    }

    fn harm(
        &mut self,
        node: u16,
        path: &Path,
        byte: usize,
        how: impl FnOnce(&mut super::content::Content),
    ) -> bool {
        let content = self.named(node, path).filter(|content| byte < content.view().len());
        let found = content.map(how).is_some();
        if found {
            self.bad.insert(node);
        }
        found
    }
}
