//! The files of a shard, and what their operations come to.
//!
//! Reads and writes go through the page cache, as core's operations are of any place and length,
//! except for files that are opened to go past it, which take whole blocks alone.
//! Names are changed by a thread of the system's pool: the kernel has no other way to do it for a
//! ring either.

use std::collections::BTreeMap;
use std::ffi::CString;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{IntoRawFd, OwnedFd};
use std::path::PathBuf;
use std::rc::Rc;

use greenroom_core::runtime::{Blocks, DiskDone, DiskRequest, FileId, IoDone, OpId, OpenMode};

use super::entry::CHUNK;
use super::features::Feature;
use super::linked::{Pair, is_again};
use super::operation::{Data, DiskOp, Op, Way, Write};
use super::ops::{Completed, Fd};
use super::table::{Io, NOBODY};
use crate::pool::Jobs;

/// The files of a shard.
pub(super) struct Files {
    open: BTreeMap<FileId, File>,
    /// Writes whose sync is linked to them, by their operation.
    pub(super) pairs: BTreeMap<u64, Pair>,
    next: u64,
    jobs: Jobs,
    /// The shard ends: nobody waits for what is read.
    ending: bool,
}

/// A file the driver holds open.
struct File {
    fd: Fd,
    way: Way,
    /// Operations on it. It is closed when there are none.
    under_way: u32,
    /// Who waits for the close; nothing is accepted any more.
    closing: Option<OpId>,
}

fn no_such_file() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "no such open file")
}

fn ended() -> io::Error {
    io::Error::new(io::ErrorKind::Interrupted, "the shard has ended")
}

/// A place or a length as the kernel takes it: signed, and one beyond is an error of its own to it.
fn signed(offset: u64, len: usize) -> io::Result<u64> {
    let end = offset.checked_add(len as u64).filter(|end| i64::try_from(*end).is_ok());
    end.map(|_| offset).ok_or_else(|| io::ErrorKind::FileTooLarge.into())
}

/// Why a file was not opened. A file system without direct I/O says the same as of a flag that
/// nobody knows.
fn not_opened(error: io::Error, way: Way) -> io::Error {
    match rustix::io::Errno::from_io_error(&error) {
        Some(rustix::io::Errno::INVAL) if way.direct => {
            io::Error::new(io::ErrorKind::Unsupported, "the file system has no direct I/O")
        }
        _ => error,
    }
}

impl Io {
    fn disk_done(&mut self, op: OpId, result: io::Result<DiskDone>) {
        self.done.push((op, result.map(IoDone::Disk)));
    }
}

impl Files {
    pub(super) const fn new(jobs: Jobs) -> Self {
        Self { open: BTreeMap::new(), pairs: BTreeMap::new(), next: 0, jobs, ending: false }
    }

    pub(super) fn submit(&mut self, io: &mut Io, op: OpId, request: DiskRequest) {
        let begun = match request {
            DiskRequest::Open { path, mode } => {
                self.open(io, op, path, Way { mode, direct: false, durable: false })
            }
            DiskRequest::OpenWith { path, mode, direct, durable } => {
                self.open(io, op, path, Way { mode, direct, durable })
            }
            DiskRequest::ReadAt { file, offset, len } => self.fits(file, None).and_then(|()| {
                let (data, offset) = (Vec::with_capacity(len.min(CHUNK)), signed(offset, 0)?);
                self.on(io, op, file, false, DiskOp::Read { file, data, offset, len })
            }),
            DiskRequest::ReadBlocks { file, offset, into } => {
                self.fits(file, Some(offset)).and_then(|()| {
                    let offset = signed(offset, into.len())?;
                    self.on(io, op, file, false, DiskOp::ReadBlocks { file, into, offset, read: 0 })
                })
            }
            DiskRequest::WriteAt { file, offset, data } => {
                self.write(io, op, (file, offset), Data::Bytes(data), false)
            }
            DiskRequest::WriteAndSync { file, offset, data } => {
                self.write(io, op, (file, offset), Data::Bytes(data), true)
            }
            DiskRequest::WriteBlocks { file, offset, data, sync } => {
                self.write(io, op, (file, offset), Data::Blocks(data), sync)
            }
            DiskRequest::Sync { file, data_only } => {
                self.on(io, op, file, false, DiskOp::Sync { file, data_only })
            }
            DiskRequest::SetLen { file, len } => signed(len, 0).and_then(|len| {
                if io.ops.ring.features().has(Feature::Truncate) {
                    return self.on(io, op, file, true, DiskOp::Truncate { file, len });
                }
                self.truncate(op, file, len)
            }),
            DiskRequest::Allocate { len: 0, file } => {
                self.find(file, true).map(|_| io.disk_done(op, Ok(DiskDone::Ended)))
            }
            DiskRequest::Allocate { file, len } => signed(len, 0)
                .and_then(|len| self.on(io, op, file, true, DiskOp::Allocate { file, len })),
            DiskRequest::Len { file } => {
                let stat = Box::new(MaybeUninit::uninit());
                self.on(io, op, file, false, DiskOp::Stat { file, stat, opened: false })
            }
            DiskRequest::Close { file } => self.close(io, op, file),
            DiskRequest::Rename { from, to } => self.job(op, move || std::fs::rename(from, to)),
            DiskRequest::Remove { path } => self.job(op, move || std::fs::remove_file(path)),
            DiskRequest::SyncDir { path } => {
                self.job(op, move || std::fs::File::open(path)?.sync_all())
            }
        };
        if let Err(error) = begun {
            io.disk_done(op, Err(error));
        }
    }

    fn job(
        &self,
        op: OpId,
        job: impl FnOnce() -> io::Result<()> + Send + 'static,
    ) -> io::Result<()> {
        self.jobs.run(op, move || job().map(|()| IoDone::Disk(DiskDone::Ended)));
        Ok(())
    }

    fn find(&mut self, file: FileId, writes: bool) -> io::Result<&mut File> {
        let found = self.open.get_mut(&file).filter(|file| file.closing.is_none());
        let found = found.ok_or_else(no_such_file)?;
        if writes && found.way.mode == OpenMode::Read {
            let what = "opened for reading";
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, what));
        }
        Ok(found)
    }

    /// Whether a file takes what lies at this offset in blocks, or what does not.
    fn fits(&mut self, file: FileId, blocks_at: Option<u64>) -> io::Result<()> {
        let bytes = Blocks::BYTES as u64;
        let fits = blocks_at.is_some_and(|offset| offset.is_multiple_of(bytes));
        if self.find(file, false)?.way.direct && !fits {
            let what = "a file opened for direct I/O takes whole blocks";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, what));
        }
        Ok(())
    }

    /// Begins a write, with its sync if there is to be one.
    fn write(
        &mut self,
        io: &mut Io,
        op: OpId,
        (file, offset): (FileId, u64),
        data: Data,
        sync: bool,
    ) -> io::Result<()> {
        let offset = signed(offset, data.bytes().len())?;
        self.fits(file, matches!(data, Data::Blocks(_)).then_some(offset))?;
        let found = self.find(file, true)?;
        found.under_way += 1;
        // Every write of such a file is durable when it completes.
        let sync = sync && !found.way.durable;
        self.write_on(io, op, Write { file, data, offset, written: 0, sync });
        Ok(())
    }

    /// A share of a file's descriptor.
    pub(super) fn fd(&self, file: FileId) -> Option<Fd> {
        self.open.get(&file).map(|file| file.fd.clone())
    }

    /// Begins an operation on an open file.
    fn on(
        &mut self,
        io: &mut Io,
        op: OpId,
        file: FileId,
        writes: bool,
        disk_op: DiskOp,
    ) -> io::Result<()> {
        let file = self.find(file, writes)?;
        file.under_way += 1;
        io.ops.start(Some(file.fd.clone()), Op::Disk(op, disk_op));
        Ok(())
    }

    fn open(&self, io: &mut Io, op: OpId, path: PathBuf, way: Way) -> io::Result<()> {
        let path = CString::new(path.into_os_string().into_encoded_bytes());
        let zero = |_| io::Error::new(io::ErrorKind::InvalidInput, "a path with a zero byte");
        let path = path.map_err(zero)?;
        io.ops.start(None, Op::Disk(op, DiskOp::Open { path, way }));
        Ok(())
    }

    /// Sets a length where the ring cannot.
    fn truncate(&mut self, op: OpId, file: FileId, len: u64) -> io::Result<()> {
        let fd = self.find(file, true)?.fd.try_clone()?;
        self.job(op, move || std::fs::File::from(fd).set_len(len))
    }

    /// An operation has completed.
    pub(super) fn completed(&mut self, io: &mut Io, op: OpId, completed: Completed) {
        let Completed { op: Op::Disk(_, disk_op), result, fd, .. } = completed else { return };
        let again = is_again(&result);
        match disk_op {
            DiskOp::Open { path, way } if again && !self.ending => {
                io.ops.start(None, Op::Disk(op, DiskOp::Open { path, way }));
            }
            DiskOp::Open { way, .. } => match result.map(|_| fd) {
                Ok(Some(fd)) => self.opened(io, op, fd, way),
                Ok(None) => debug_assert!(false, "an open brings a descriptor"),
                Err(error) => io.disk_done(op, Err(not_opened(error, way))),
            },
            DiskOp::Close(_) => io.disk_done(op, result.map(|_| DiskDone::Ended)),
            DiskOp::Stat { file, opened, .. } => {
                let told = result.map(|len| match opened {
                    true => DiskDone::Opened { file, len: len as u64 },
                    false => DiskDone::Len(len as u64),
                });
                let lost = opened && told.is_err();
                self.end(io, op, file, told);
                if lost {
                    drop(self.close(io, NOBODY, file));
                }
            }
            DiskOp::Read { file, data, offset, len } => match result {
                Ok(0) => self.end(io, op, file, Ok(DiskDone::Read(data))),
                Ok(_) if data.len() == len => self.end(io, op, file, Ok(DiskDone::Read(data))),
                Err(error) if !again => self.end(io, op, file, Err(error)),
                _ if self.ending => self.end(io, op, file, Err(ended())),
                _ => self.read_on(io, op, DiskOp::Read { file, data, offset, len }),
            },
            DiskOp::ReadBlocks { file, into, offset, read } => {
                let got = result.as_ref().map_or(0, |got| *got);
                let (read, left) = (read + got, into.len() - read - got);
                // What is not a whole number of blocks is the end of the file.
                let whole = got > 0 && got.is_multiple_of(Blocks::BYTES);
                match result {
                    Err(error) if !again => self.end(io, op, file, Err(error)),
                    Ok(_) if left == 0 || !whole => {
                        self.end(io, op, file, Ok(DiskDone::ReadBlocks(into, read)));
                    }
                    _ if self.ending => self.end(io, op, file, Err(ended())),
                    _ => self.go_on(io, op, file, DiskOp::ReadBlocks { file, into, offset, read }),
                }
            }
            DiskOp::Write(write) => self.wrote(io, op, write, result),
            DiskOp::SyncAfter => self.synced_after(io, op, result),
            DiskOp::Sync { file, .. }
            | DiskOp::Truncate { file, .. }
            | DiskOp::Allocate { file, .. } => {
                if again {
                    return self.go_on(io, op, file, disk_op);
                }
                self.end(io, op, file, result.map(|_| DiskDone::Ended));
            }
        }
    }

    /// A file was opened; what is left to know is its length.
    fn opened(&mut self, io: &mut Io, op: OpId, fd: OwnedFd, way: Way) {
        let file = FileId(self.next);
        self.next += 1;
        let fd = Rc::new(fd);
        let stat = DiskOp::Stat { file, stat: Box::new(MaybeUninit::uninit()), opened: true };
        io.ops.start(Some(fd.clone()), Op::Disk(op, stat));
        self.open.insert(file, File { fd, way, under_way: 1, closing: None });
    }

    /// Reads what is still to be read, with room for it.
    fn read_on(&mut self, io: &mut Io, op: OpId, read: DiskOp) {
        let DiskOp::Read { file, mut data, offset, len } = read else { return };
        if data.len() == data.capacity() {
            data.reserve_exact((len - data.len()).min(data.len().max(CHUNK)));
        }
        self.go_on(io, op, file, DiskOp::Read { file, data, offset, len });
    }

    /// Starts an operation once more, which counts as under way already.
    pub(super) fn go_on(&mut self, io: &mut Io, op: OpId, file: FileId, disk_op: DiskOp) {
        if let Some(file) = self.open.get(&file) {
            io.ops.start(Some(file.fd.clone()), Op::Disk(op, disk_op));
        }
    }

    /// An operation on a file has ended; perhaps the close can begin.
    pub(super) fn end(
        &mut self,
        io: &mut Io,
        op: OpId,
        file: FileId,
        result: io::Result<DiskDone>,
    ) {
        if let Some(file) = self.open.get_mut(&file) {
            file.under_way -= 1;
        }
        io.disk_done(op, result);
        self.finish_close(io, file);
    }

    fn close(&mut self, io: &mut Io, op: OpId, file: FileId) -> io::Result<()> {
        self.find(file, false)?.closing = Some(op);
        self.finish_close(io, file);
        Ok(())
    }

    /// Closes the descriptor, once nothing is under way on it.
    fn finish_close(&mut self, io: &mut Io, id: FileId) {
        let closable = self.open.get(&id).filter(|file| file.under_way == 0);
        let Some(op) = closable.and_then(|file| file.closing) else { return };
        let file = self.open.remove(&id).and_then(|file| Rc::into_inner(file.fd));
        match file {
            Some(fd) => {
                io.ops.start(None, Op::Disk(op, DiskOp::Close(fd.into_raw_fd())));
            }
            None => debug_assert!(false, "operations have given their shares back"),
        }
    }

    /// Begins to close every file. What only reads ends early: of what is a file by name and a pipe
    /// by nature, nothing may ever come.
    pub(super) fn close_all(&mut self, io: &mut Io) {
        self.ending = true;
        io.ops.cancel_all(|op| {
            use DiskOp::{Open, Read, ReadBlocks};
            matches!(op, Op::Disk(_, Open { .. } | Read { .. } | ReadBlocks { .. }))
        });
        for file in self.open.keys().copied().collect::<Vec<_>>() {
            // One that is being closed already is no error here.
            drop(self.close(io, NOBODY, file));
        }
    }
}
