//! What goes wrong with files.

use std::io;

use greenroom_core::runtime::{DiskDone, DiskRequest};

use super::content::{Change, Fate};
use super::files::{Disks, Operation};
use crate::draws::Site;
use crate::faults::{Crash, EMFILE, Fault};
use crate::net;
use crate::world::World;

/// What Linux calls an error of the device, and a device without room.
pub(super) const EIO: i32 = 5;
const ENOSPC: i32 = 28;

/// One in two, in parts of a million: what was not synced may be written or not.
const EVEN: u32 = 500_000;

impl Disks {
    /// Lets a request have its effect, or go wrong.
    pub(super) fn attempt(
        &mut self,
        world: &World,
        (node, shard): (u16, u32),
        request: DiskRequest,
    ) -> io::Result<DiskDone> {
        if let DiskRequest::Remove { path } = &request
            && !self.has(node, path)
            && net::remove_path(world, node, path)
        {
            return Ok(DiskDone::Ended);
        }
        let fault = match &request {
            DiskRequest::ReadAt { .. } => Fault::ReadError,
            DiskRequest::WriteAt { .. } => Fault::WriteError,
            DiskRequest::Sync { .. } => Fault::SyncError,
            DiskRequest::Open { .. } => Fault::NoDescriptors,
            _ => Fault::NoSpace,
        };
        let fault = if fault != Fault::NoSpace && world.goes_wrong(fault, shard) {
            fault
        } else if world.may_go_wrong(Fault::NoSpace)
            && self.grows(node, &request)
            && world.goes_wrong(Fault::NoSpace, shard)
        {
            Fault::NoSpace
        } else {
            return self.apply_damaged(world, (node, shard), request);
        };
        let mut detail = 0;
        match request {
            DiskRequest::WriteAt { file, offset, mut data } => {
                data.truncate(world.draws.below(Site::Fault, shard, data.len() as u64 + 1) as usize);
                detail = data.len() as u64;
                self.apply(node, DiskRequest::WriteAt { file, offset, data })?;
            }
            DiskRequest::Sync { file, .. } => detail = self.drop_unsynced(node, file)? as u64,
            _ => {}
        }
        world.went_wrong(fault, node, detail);
        Err(io::Error::from_raw_os_error(match fault {
            Fault::NoSpace => ENOSPC,
            Fault::NoDescriptors => EMFILE,
            _ => EIO,
        }))
    }

    /// Lets a request have its effect on a disk that may lie.
    fn apply_damaged(
        &mut self,
        world: &World,
        (node, shard): (u16, u32),
        request: DiskRequest,
    ) -> io::Result<DiskDone> {
        let place = |offset| usize::try_from(offset).unwrap_or(usize::MAX);
        match request {
            DiskRequest::ReadAt { file, offset, len } => {
                let (from, to) = (place(offset), place(offset).saturating_add(len));
                self.decay(world, (node, shard), file, (from, to))?;
                let done = self.apply(node, request)?;
                let DiskDone::Read(mut bytes) = done else { return Ok(done) };
                self.misread(world, (node, shard), &mut bytes);
                Ok(DiskDone::Read(bytes))
            }
            DiskRequest::WriteAt { file, offset, ref data }
                if place(offset).checked_add(data.len()).is_some()
                    && self.strays(world, (node, shard), (file, place(offset)), data)? =>
            {
                let DiskRequest::WriteAt { data, .. } = request else { unreachable!() };
                Ok(DiskDone::Wrote(data))
            }
            _ => self.apply(node, request),
        }
    }

    /// Draws, as an operation is submitted, whether its disk stands still from now on.
    pub(super) fn draw_stall(&mut self, world: &World, (node, shard): (u16, u32)) {
        if world.goes_wrong(Fault::DiskStall, shard) {
            let end = world.now() + world.fault_time(shard, |times| times.disk_stall_max);
            self.stall(node, end);
        }
    }

    /// How long an operation has to wait for a disk that stands still. It counts once, however
    /// often the disk is stopped again meanwhile.
    pub(super) fn stalls(&mut self, world: &World, slot: u32) -> Option<u64> {
        let node = self.operations.get(slot)?.node;
        let wait = self.stalled_until(node).checked_sub(world.now()).filter(|&wait| wait > 0)?;
        let operation = self.operations.get_mut(slot)?;
        if !std::mem::replace(&mut operation.stalled, true) {
            world.went_wrong(Fault::DiskStall, node, wait);
        }
        Some(wait)
    }

    /// A node goes down: its files are closed, and what was under way has its effect, a part of
    /// it, or none. Returns the events that are void now.
    pub(crate) fn crash(&mut self, world: &World, node: u16, how: Crash) -> Vec<u32> {
        let mut slots = Vec::new();
        for (slot, operation) in self.operations.drain_where(|operation| operation.node == node) {
            slots.push(slot);
            self.cut_short(world, operation);
        }
        self.by_op.retain(|&(shard, _), _| world.node_of(shard) != node);
        self.close_all(node);
        if how == Crash::Power {
            self.lose_power(
                node,
                |change| fate(world, node, change),
                || {
                    let lost = world.goes_wrong_or(Fault::LostEntry, u32::from(node), EVEN);
                    if lost {
                        world.went_wrong(Fault::LostEntry, node, 0);
                    }
                    lost
                },
            );
        }
        slots
    }

    fn cut_short(&mut self, world: &World, operation: Operation) {
        let Operation { shard, node, mut request, form, .. } = operation;
        if self.check_form(node, &request, form.blocks.is_some()).is_err() {
            return;
        }
        if let DiskRequest::WriteAt { data, .. } = &mut request {
            let done = world.draws.below(Site::Fault, shard, data.len() as u64 + 1);
            data.truncate(done as usize);
        } else if world.draws.below(Site::Fault, shard, 2) == 0 {
            return;
        }
        // Nobody hears what it came to.
        drop(self.apply(node, request));
    }
}

/// What becomes of a change that was not synced.
fn fate(world: &World, node: u16, change: &Change) -> Fate {
    let place = u32::from(node);
    if matches!(change, Change::Missing(..)) {
        // Nobody could count on it.
        return Fate::Lost;
    }
    if world.goes_wrong_or(Fault::LostWrite, place, EVEN) {
        world.went_wrong(Fault::LostWrite, node, change.sectors() as u64);
        return Fate::Lost;
    }
    let sectors = change.sectors().min(64) as u64;
    if sectors < 2 || !world.goes_wrong(Fault::TornWrite, place) {
        return Fate::Kept;
    }
    let all = u64::MAX >> (64 - sectors);
    // From 1 to one less than all.
    let some = 1 + world.draws.below(Site::Fault, place, sectors - 1);
    let prefix = (1 << some) - 1;
    let remain = match world.draws.below(Site::Fault, place, 3) {
        0 => prefix,
        1 => all & !prefix,
        _ => 1 + world.draws.below(Site::Fault, place, all - 1),
    };
    world.went_wrong(Fault::TornWrite, node, remain);
    Fate::Torn(remain)
}
