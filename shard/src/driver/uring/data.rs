//! What is written, in one memory or the other, and how its end is told.

use greenroom_core::runtime::DiskDone;

use super::entry::CHUNK;
use super::operation::{Data, Write};

impl Data {
    pub(super) fn bytes(&self) -> &[u8] {
        match self {
            Self::Bytes(bytes) => bytes,
            Self::Blocks(blocks) => blocks,
        }
    }

    /// Gives it back to who wanted it written.
    pub(super) fn wrote(self) -> DiskDone {
        match self {
            Self::Bytes(bytes) => DiskDone::Wrote(bytes),
            Self::Blocks(blocks) => DiskDone::WroteBlocks(blocks),
        }
    }
}

impl Write {
    /// Bytes that are not written.
    pub(super) fn rest(&self) -> usize {
        self.data.bytes().len() - self.written
    }

    /// Whether what the kernel is to do next is the last of it, to which the sync is linked.
    pub(super) fn is_linked(&self) -> bool {
        self.sync && self.rest() <= CHUNK
    }
}
