//! Files, as operations.

use std::path::PathBuf;

use super::{Blocks, OpId};

/// A file a driver holds open for its shard. Never reused while the driver lives.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct FileId(pub u64);

/// How to open a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OpenMode {
    /// It must exist; reads only.
    Read,
    /// Reads and writes; created when missing, kept when there.
    ReadWrite,
    /// Reads and writes; must not exist.
    CreateNew,
}

/// A file operation. Effects on different files, and writes without a sync between them, may
/// become durable in any order or not at all before the sync completes.
#[derive(Debug)]
pub enum DiskRequest {
    /// Opens a file; completes with [`DiskDone::Opened`].
    Open {
        /// Where.
        path: PathBuf,
        /// How.
        mode: OpenMode,
    },
    /// Opens a file as [`DiskRequest::Open`] does, in a way of its own. `Unsupported` when the file
    /// system has no direct I/O; a file that was to be created may have been.
    OpenWith {
        /// Where.
        path: PathBuf,
        /// How.
        mode: OpenMode,
        /// Reads and writes go past the page cache. Such a file takes [`Blocks`], at multiples of
        /// [`Blocks::BYTES`], and nothing else.
        direct: bool,
        /// A write is durable when it completes, with the length that it gives the file.
        durable: bool,
    },
    /// Reads up to `len` bytes at `offset`; completes with [`DiskDone::Read`], shorter only at the
    /// file's end.
    ReadAt {
        /// An open file.
        file: FileId,
        /// Byte offset.
        offset: u64,
        /// Most bytes to read.
        len: usize,
    },
    /// Writes all of `data` at `offset`; completes with [`DiskDone::Wrote`]. After an error the
    /// range holds old bytes, new bytes or a mixture.
    WriteAt {
        /// An open file.
        file: FileId,
        /// Byte offset.
        offset: u64,
        /// The bytes, which the driver owns until the completion gives them back.
        data: Vec<u8>,
    },
    /// Writes all of `data` at `offset` and then makes it durable, as one operation; completes with
    /// [`DiskDone::Wrote`]. A write that fails is not followed by the sync, and after an error that
    /// the sync brings it is as after one of [`DiskRequest::Sync`].
    WriteAndSync {
        /// An open file.
        file: FileId,
        /// Byte offset.
        offset: u64,
        /// The bytes, which the driver owns until the completion gives them back.
        data: Vec<u8>,
    },
    /// Reads into blocks until they are full or the file ends; completes with
    /// [`DiskDone::ReadBlocks`].
    ReadBlocks {
        /// An open file.
        file: FileId,
        /// Byte offset; of a file opened for direct I/O a multiple of [`Blocks::BYTES`].
        offset: u64,
        /// Where to; the driver owns it until the completion gives it back.
        into: Blocks,
    },
    /// Writes blocks, as [`DiskRequest::WriteAt`] does or, with `sync`, as
    /// [`DiskRequest::WriteAndSync`]; completes with [`DiskDone::WroteBlocks`].
    WriteBlocks {
        /// An open file.
        file: FileId,
        /// Byte offset; of a file opened for direct I/O a multiple of [`Blocks::BYTES`].
        offset: u64,
        /// The bytes, which the driver owns until the completion gives them back.
        data: Blocks,
        /// Durable when it completes.
        sync: bool,
    },
    /// Makes every completed write of the file durable; completes with [`DiskDone::Ended`]. After
    /// an error the fate of those writes is unknown and a later success does not bring them back.
    Sync {
        /// An open file.
        file: FileId,
        /// Leave out metadata that reading the data back does not need.
        data_only: bool,
    },
    /// Sets the file's length; completes with [`DiskDone::Ended`].
    SetLen {
        /// An open file.
        file: FileId,
        /// Bytes.
        len: u64,
    },
    /// Reserves room up to `len` bytes; completes with [`DiskDone::Ended`].
    Allocate {
        /// An open file.
        file: FileId,
        /// Bytes.
        len: u64,
    },
    /// Asks for the file's length; completes with [`DiskDone::Len`].
    Len {
        /// An open file.
        file: FileId,
    },
    /// Renames, replacing the target; durable after [`DiskRequest::SyncDir`]. Completes with
    /// [`DiskDone::Ended`].
    Rename {
        /// The present name.
        from: PathBuf,
        /// The new name.
        to: PathBuf,
    },
    /// Removes a file; durable after [`DiskRequest::SyncDir`]. Completes with
    /// [`DiskDone::Ended`].
    Remove {
        /// Which.
        path: PathBuf,
    },
    /// Makes the directory's entries durable; completes with [`DiskDone::Ended`].
    SyncDir {
        /// The directory.
        path: PathBuf,
    },
    /// Closes the file, after all that is under way on it has had its effect; completes with
    /// [`DiskDone::Ended`].
    Close {
        /// An open file.
        file: FileId,
    },
}

/// What a file operation came to.
#[derive(Debug)]
pub enum DiskDone {
    /// The file is open.
    Opened {
        /// Its handle.
        file: FileId,
        /// Its length in bytes.
        len: u64,
    },
    /// Bytes that were read.
    Read(Vec<u8>),
    /// All was written; the buffer, back.
    Wrote(Vec<u8>),
    /// So many bytes were read, into the first of these blocks.
    ReadBlocks(Blocks, usize),
    /// All was written; the blocks, back.
    WroteBlocks(Blocks),
    /// Length in bytes.
    Len(u64),
    /// Done, with nothing to tell.
    Ended,
}

/// The disk of one shard. See the module's contract: submitting never fails or blocks, every
/// operation completes.
pub trait Disk {
    /// Starts an operation.
    fn submit(&self, op: OpId, request: DiskRequest);

    /// Asks for an operation to end early. It still completes, and may still have had its effect.
    fn cancel(&self, op: OpId);
}
