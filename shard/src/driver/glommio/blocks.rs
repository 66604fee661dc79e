//! Blocks: past the page cache on a thread of the pool, or through it like bytes.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{FileExt, OpenOptionsExt};

use glommio::io::BufferedFile;
use greenroom_core::runtime::{Blocks, DiskDone, FileId, OpId, OpenMode};
use rustix::fs::OFlags;

use super::file::{self, Way};
use super::files::Files;

/// Why a file that was opened for direct I/O refuses something.
pub(super) fn not_whole() -> io::Error {
    let what = "a file opened for direct I/O takes whole blocks";
    io::Error::new(io::ErrorKind::InvalidInput, what)
}

impl Files {
    pub(super) fn read_blocks(&self, op: OpId, file: FileId, offset: u64, into: Blocks) {
        match self.inner.direct(file, false) {
            Err(error) => self.inner.finish(op, Err(error)),
            Ok((share, Some(direct))) => {
                self.send(op, share, move || read(&direct, offset, into));
            }
            Ok((share, None)) => self
                .inner
                .start(op, async move { read_cached(&share.file().file, offset, into).await }),
        }
    }

    pub(super) fn write_blocks(
        &self,
        op: OpId,
        (file, offset): (FileId, u64),
        data: Blocks,
        sync: bool,
    ) {
        match self.inner.direct(file, true) {
            Err(error) => self.inner.finish(op, Err(error)),
            Ok((share, Some(direct))) => {
                self.send(op, share, move || write(&direct, offset, data, sync));
            }
            Ok((share, None)) => self.inner.start(op, async move {
                let file = &share.file().file;
                drop(file::write(file, offset, data.to_vec()).await?);
                if sync {
                    file::sync(file).await?;
                }
                Ok(DiskDone::WroteBlocks(data))
            }),
        }
    }
}

/// Opens an open file once more, past the page cache. `place`: see [`file::place_of`].
pub(super) fn open(place: &OwnedFd, way: Way) -> io::Result<File> {
    let mut flags = OFlags::DIRECT;
    flags.set(OFlags::DSYNC, way.durable);
    let mut options = OpenOptions::new();
    options.read(true).write(way.mode != OpenMode::Read).custom_flags(flags.bits() as i32);
    options.open(file::path_of(place)).map_err(|error| match error.kind() {
        io::ErrorKind::InvalidInput => {
            io::Error::new(io::ErrorKind::Unsupported, "the file system has no direct I/O")
        }
        _ => error,
    })
}

fn check(offset: u64) -> io::Result<()> {
    offset.is_multiple_of(Blocks::BYTES as u64).then_some(()).ok_or_else(not_whole)
}

/// Reads through the page cache.
pub(super) async fn read_cached(
    file: &BufferedFile,
    offset: u64,
    mut into: Blocks,
) -> io::Result<DiskDone> {
    let DiskDone::Read(bytes) = file::read(file, offset, into.len()).await? else {
        return Err(io::Error::other("a read of bytes brings bytes"));
    };
    into[..bytes.len()].copy_from_slice(&bytes);
    Ok(DiskDone::ReadBlocks(into, bytes.len()))
}

/// Reads past the page cache until the blocks are full or the file ends.
pub(super) fn read(direct: &File, offset: u64, mut into: Blocks) -> io::Result<DiskDone> {
    check(offset)?;
    let mut done = 0;
    while done < into.len() {
        match direct.read_at(&mut into[done..], offset + done as u64) {
            Ok(read) => {
                done += read;
                // What is not a whole number of blocks is the end of the file.
                if read == 0 || !read.is_multiple_of(Blocks::BYTES) {
                    break;
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(DiskDone::ReadBlocks(into, done))
}

/// Writes all blocks past the page cache, and then syncs where that is wanted.
pub(super) fn write(direct: &File, offset: u64, data: Blocks, sync: bool) -> io::Result<DiskDone> {
    check(offset)?;
    direct.write_all_at(&data, offset)?;
    if sync {
        direct.sync_data()?;
    }
    Ok(DiskDone::WroteBlocks(data))
}
