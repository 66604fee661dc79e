//! File operations through time.

use std::io;

use greenroom_core::runtime::{DiskDone, DiskRequest, IoDone, OpId};

use super::files::{Disks, Operation};
use super::form::Form;
use crate::draws::Site;
use crate::events::What;
use crate::trace::{Kind, fold_bytes};
use crate::world::World;

/// Starts an operation: its effect comes later.
pub(crate) fn submit(world: &World, shard: u32, op: OpId, request: DiskRequest) {
    let node = world.node_of(shard);
    let disks = &mut *world.disks.borrow_mut();
    disks.draw_stall(world, (node, shard));
    let (request, form) = Form::take_apart(request);
    enter(world, disks, Operation { shard, node, op, request, form, stalled: false });
}

/// Lets an operation have its effect after a while.
fn enter(world: &World, disks: &mut Disks, operation: Operation) {
    let (shard, op) = (operation.shard, operation.op);
    let slot = disks.operations.insert(operation);
    disks.by_op.insert((shard, op.as_word()), slot);
    let delay = world.draws.heavy_tail(Site::Disk, shard, world.swarm.device);
    world.enter_after(delay, What::Disk(slot));
}

/// An operation has its effect, unless it was cancelled.
pub(crate) fn happen(world: &World, slot: u32) {
    let disks = &mut *world.disks.borrow_mut();
    if let Some(wait) = disks.stalls(world, slot) {
        world.enter_after(wait, What::Disk(slot));
        return;
    }
    let Some(operation) = disks.operations.remove(slot) else { return };
    let Operation { shard, node, op, request, mut form, .. } = operation;
    if disks.by_op.remove(&(shard, op.as_word())).is_none() {
        let interrupted = io::Error::new(io::ErrorKind::Interrupted, "cancelled");
        world.complete_after(0, shard, op, Err(interrupted));
        return;
    }
    let checked = disks.check_form(node, &request, form.blocks.is_some());
    let written_to = match &request {
        DiskRequest::WriteAt { file, .. } if form.syncs => Some(*file),
        _ => None,
    };
    let result = checked.and_then(|()| disks.attempt(world, (node, shard), request));
    let seen = match &result {
        Ok(DiskDone::Read(bytes) | DiskDone::Wrote(bytes)) => fold_bytes(bytes),
        Ok(_) => 1,
        Err(_) => 0,
    };
    world.note(shard, Kind::Disk, 0, op.as_word() ^ seen.rotate_left(17));
    let result = match (result, written_to) {
        // The write is done, the sync is not: everything else may come between, a crash as well.
        (Ok(DiskDone::Wrote(data)), Some(file)) if !disks.is_durable(node, file) => {
            form.written = Some(data);
            let request = DiskRequest::Sync { file, data_only: true };
            enter(world, disks, Operation { shard, node, op, request, form, stalled: false });
            return;
        }
        (result, _) => result.map(|done| form.put_together(done)),
    };
    let delay = world.draws.heavy_tail(Site::Disk, shard, world.swarm.device);
    world.complete_after(delay, shard, op, result.map(IoDone::Disk));
}

/// Asks for an operation to have no effect. One in two comes too late.
pub(crate) fn cancel(world: &World, shard: u32, op: OpId) {
    if world.draws.chance(Site::Disk, shard, 512) {
        world.disks.borrow_mut().by_op.remove(&(shard, op.as_word()));
    }
}
