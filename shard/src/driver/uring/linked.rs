//! Writes, and the syncs that are linked to them.
//!
//! The write and its sync are two operations of the table that the kernel is given together; it
//! begins the sync when the write is done, and cancels it when the write failed or was cut short.
//! Their completions are brought together here, in whichever order they come. A sync counts when
//! it was begun after the write was done, which the link says: where the kernel may not have seen
//! the link, because it took a part of the entries alone, another sync follows.

use std::io;

use greenroom_core::runtime::OpId;

use super::files::Files;
use super::operation::{DiskOp, Op, Write};
use super::table::Io;

/// A write and its sync, under way.
pub(super) struct Pair {
    /// [`cuts`](super::ring::Ring::cuts) when they were started.
    cuts: u64,
    write: Option<(Write, io::Result<Wrote>)>,
    sync: Option<io::Result<()>>,
}

/// What a write came to that did not fail.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wrote {
    All,
    /// The rest is to be written still.
    Part,
}

pub(super) fn is_again(result: &io::Result<usize>) -> bool {
    matches!(result, Err(error) if error.kind() == io::ErrorKind::Interrupted)
}

impl Files {
    /// Starts what is left of a write that counts as under way, with its sync where it is the last
    /// of it.
    pub(super) fn write_on(&mut self, io: &mut Io, op: OpId, write: Write) {
        let file = write.file;
        let Some(fd) = self.fd(file) else { return };
        if !write.is_linked() {
            io.ops.start(Some(fd), Op::Disk(op, DiskOp::Write(write)));
            return;
        }
        let pair = Pair { cuts: io.ops.ring.cuts(), write: None, sync: None };
        self.pairs.insert(op.as_word(), pair);
        let write = Op::Disk(op, DiskOp::Write(write));
        io.ops.start_linked(&fd, [write, Op::Disk(op, DiskOp::SyncAfter)]);
    }

    /// A write, or a part of it, has completed.
    pub(super) fn wrote(
        &mut self,
        io: &mut Io,
        op: OpId,
        mut write: Write,
        result: io::Result<usize>,
    ) {
        let (linked, rest) = (write.is_linked(), write.rest());
        write.written += result.as_ref().map_or(0, |written| *written);
        let wrote = match result {
            Ok(written) if written == rest => Ok(Wrote::All),
            Ok(0) => Err(io::ErrorKind::WriteZero.into()),
            Err(error) if error.kind() != io::ErrorKind::Interrupted => Err(error),
            _ => Ok(Wrote::Part),
        };
        match wrote {
            wrote if linked => {
                if let Some(pair) = self.pairs.get_mut(&op.as_word()) {
                    pair.write = Some((write, wrote));
                    self.settle(io, op);
                }
            }
            Ok(Wrote::All) => self.end(io, op, write.file, Ok(write.data.wrote())),
            Ok(Wrote::Part) => self.write_on(io, op, write),
            Err(error) => self.end(io, op, write.file, Err(error)),
        }
    }

    /// The sync of a write has completed.
    pub(super) fn synced_after(&mut self, io: &mut Io, op: OpId, result: io::Result<usize>) {
        if let Some(pair) = self.pairs.get_mut(&op.as_word()) {
            pair.sync = Some(result.map(drop));
            self.settle(io, op);
        }
    }

    /// Says what a write and its sync came to, once both have completed.
    fn settle(&mut self, io: &mut Io, op: OpId) {
        let both = |pair: &Pair| pair.write.is_some() && pair.sync.is_some();
        if !self.pairs.get(&op.as_word()).is_some_and(both) {
            return;
        }
        let Some(Pair { cuts, write: Some((write, wrote)), sync: Some(sync) }) =
            self.pairs.remove(&op.as_word())
        else {
            return;
        };
        let file = write.file;
        match (wrote, sync) {
            (Err(error), _) => self.end(io, op, file, Err(error)),
            (Ok(Wrote::Part), _) => self.write_on(io, op, write),
            (Ok(Wrote::All), Ok(())) if cuts == io.ops.ring.cuts() => {
                self.end(io, op, file, Ok(write.data.wrote()));
            }
            (Ok(Wrote::All), Err(error)) if !may_be_repeated(&error) => {
                self.end(io, op, file, Err(error));
            }
            (Ok(Wrote::All), _) => {
                let cuts = io.ops.ring.cuts();
                let pair = Pair { cuts, write: Some((write, Ok(Wrote::All))), sync: None };
                self.pairs.insert(op.as_word(), pair);
                self.go_on(io, op, file, DiskOp::SyncAfter);
            }
        }
    }
}

/// Whether a sync was not made, rather than failed: one that failed is not mended by another.
fn may_be_repeated(error: &io::Error) -> bool {
    let number = rustix::io::Errno::from_io_error(error);
    matches!(number, Some(rustix::io::Errno::CANCELED | rustix::io::Errno::INTR))
}
