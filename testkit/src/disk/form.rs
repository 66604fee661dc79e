//! Operations of several parts, and of blocks, as what the disk knows: a write or a read of bytes,
//! and a sync.

use greenroom_core::runtime::{Blocks, DiskDone, DiskRequest};

/// What an operation is beside its request.
#[derive(Default, Debug)]
pub(crate) struct Form {
    /// A sync follows the write.
    pub(super) syncs: bool,
    /// The memory that goes back to who asked, where it is blocks.
    pub(super) blocks: Option<Blocks>,
    /// What was written, while the sync that follows is under way.
    pub(super) written: Option<Vec<u8>>,
}

impl Form {
    /// Takes a request apart.
    pub(super) fn take_apart(request: DiskRequest) -> (DiskRequest, Self) {
        let (request, syncs, blocks) = match request {
            DiskRequest::WriteAndSync { file, offset, data } => {
                (DiskRequest::WriteAt { file, offset, data }, true, None)
            }
            DiskRequest::WriteBlocks { file, offset, data, sync } => {
                let bytes = data.to_vec();
                (DiskRequest::WriteAt { file, offset, data: bytes }, sync, Some(data))
            }
            DiskRequest::ReadBlocks { file, offset, into } => {
                (DiskRequest::ReadAt { file, offset, len: into.len() }, false, Some(into))
            }
            plain => (plain, false, None),
        };
        (request, Self { syncs, blocks, written: None })
    }

    /// What the parts came to, as an answer to the request that they were.
    pub(super) fn put_together(self, done: DiskDone) -> DiskDone {
        let done = match (self.written, done) {
            (Some(data), DiskDone::Ended) => DiskDone::Wrote(data),
            (_, done) => done,
        };
        match (self.blocks, done) {
            (Some(blocks), DiskDone::Wrote(_)) => DiskDone::WroteBlocks(blocks),
            (Some(mut blocks), DiskDone::Read(bytes)) => {
                blocks[..bytes.len()].copy_from_slice(&bytes);
                DiskDone::ReadBlocks(blocks, bytes.len())
            }
            (_, done) => done,
        }
    }
}
