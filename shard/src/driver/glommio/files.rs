//! Files on glommio's ring.
//!
//! Each operation is a task of the executor that owns what it needs, its buffer and a share of the
//! file, and ends with its completion; a future an actor drops has no part in it. Reads and writes
//! go through the page cache: glommio gives direct I/O to aligned buffers of its own alone, while
//! core's operations are of any place and length, or of blocks that are core's; those of a file
//! opened for direct I/O are done by threads of the system's pool. For the same reason a write copies its bytes: the
//! ring must own what it writes, and the caller gets his buffer back.
//!
//! What glommio would do on a thread of its own goes to the system's pool, except where it needs
//! the open file.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::{Future, poll_fn};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;

use glommio::io::BufferedFile;
use greenroom_core::Shard;
use greenroom_core::runtime::{
    Blocks, Disk, DiskDone, DiskRequest, FileId, IoDone, IoResult, OpId, OpenMode,
};

use super::blocks;
use super::file::{self, Way};
use crate::driver::message_of;
use crate::pool::Jobs;

/// The files of one shard.
#[derive(Debug)]
pub(crate) struct Files {
    inner: Rc<Inner>,
    jobs: Jobs,
}

#[derive(Default, Debug)]
struct Inner {
    open: RefCell<BTreeMap<FileId, Rc<File>>>,
    ids: Cell<u64>,
    /// Operations that are tasks of the executor.
    under_way: Cell<usize>,
    /// Completions that the shard has not been told of.
    done: RefCell<Vec<(OpId, IoResult)>>,
}

/// An open file. Operations share it; the last one that lets go of it after its close was asked
/// for begins the close.
#[derive(Debug)]
struct File {
    file: BufferedFile,
    /// The same once more, past the page cache, where it was opened so.
    direct: Option<Arc<std::fs::File>>,
    writable: bool,
    /// Who waits for the close.
    closing: Cell<Option<OpId>>,
}

/// An operation's share of a file.
struct Share {
    /// `None` once given back.
    file: Option<Rc<File>>,
    inner: Rc<Inner>,
}

impl Files {
    pub(crate) fn new(jobs: Jobs) -> Self {
        Self { inner: Rc::default(), jobs }
    }

    /// Whether the ring, or a task on its way to it, holds an operation.
    #[inline]
    pub(crate) fn is_busy(&self) -> bool {
        self.inner.under_way.get() > 0
    }

    #[inline]
    pub(crate) fn has_done(&self) -> bool {
        !self.inner.done.borrow().is_empty()
    }

    /// Tells the shard what is done. Returns how many operations that were.
    pub(crate) fn complete(&self, shard: &Shard) -> usize {
        let done = self.inner.done.take();
        let completed = done.len();
        for (op, result) in done {
            shard.complete(op, result);
        }
        completed
    }

    /// Closes every file, each after the operations under way on it. A file that is merely dropped
    /// would be closed by a turn of a reactor that has none any more.
    pub(crate) fn close_all(&self) {
        let open = self.inner.open.take();
        for file in open.into_values() {
            drop(self.inner.share(file));
        }
    }
}

impl Disk for Files {
    fn submit(&self, op: OpId, request: DiskRequest) {
        let inner = &self.inner;
        match request {
            DiskRequest::Open { path, mode } => {
                let way = Way { mode, direct: false, durable: false };
                inner.start(op, open(inner.clone(), path, way));
            }
            DiskRequest::OpenWith { path, mode, direct, durable } => {
                let way = Way { mode, direct, durable };
                inner.start(op, open(inner.clone(), path, way));
            }
            DiskRequest::ReadAt { file, offset, len } => {
                inner.on(op, file, false, async move |share| {
                    takes_bytes(share)?;
                    file::read(&share.file().file, offset, len).await
                });
            }
            DiskRequest::WriteAt { file, offset, data } => {
                inner.on(op, file, true, async move |share| {
                    takes_bytes(share)?;
                    file::write(&share.file().file, offset, data).await
                });
            }
            DiskRequest::WriteAndSync { file, offset, data } => {
                inner.on(op, file, true, async move |share| {
                    takes_bytes(share)?;
                    let done = file::write(&share.file().file, offset, data).await?;
                    file::sync(&share.file().file, true).await?;
                    Ok(done)
                });
            }
            DiskRequest::ReadBlocks { file, offset, into } => {
                self.read_blocks(op, file, offset, into);
            }
            DiskRequest::WriteBlocks { file, offset, data, sync } => {
                self.write_blocks(op, (file, offset), data, sync);
            }
            DiskRequest::Sync { file, data_only } => {
                inner.on(op, file, false, async move |share| {
                    file::sync(&share.file().file, data_only).await
                });
            }
            DiskRequest::SetLen { file, len } => inner.on(op, file, true, async move |share| {
                file::set_len(&share.file().file, len).await
            }),
            DiskRequest::Allocate { file, len } => inner.on(op, file, true, async move |share| {
                file::allocate(&share.file().file, len).await
            }),
            DiskRequest::Len { file } => inner.on(op, file, false, async move |share| {
                file::len(&share.file().file).await.map(DiskDone::Len)
            }),
            DiskRequest::Close { file } => inner.close(op, file),
            DiskRequest::Rename { from, to } => self.job(op, move || std::fs::rename(from, to)),
            DiskRequest::Remove { path } => self.job(op, move || std::fs::remove_file(path)),
            DiskRequest::SyncDir { path } => {
                self.job(op, move || std::fs::File::open(path)?.sync_all());
            }
        }
    }

    /// What is under way goes on to its end, which is soon and may be its effect.
    fn cancel(&self, _: OpId) {}
}

impl Files {
    fn read_blocks(&self, op: OpId, file: FileId, offset: u64, into: Blocks) {
        match self.inner.direct(file, false) {
            Err(error) => self.inner.finish(op, Err(error)),
            Ok(Some(direct)) => self.direct_job(op, move || blocks::read(&direct, offset, into)),
            Ok(None) => self.inner.on(op, file, false, async move |share| {
                blocks::read_cached(&share.file().file, offset, into).await
            }),
        }
    }

    fn write_blocks(&self, op: OpId, (file, offset): (FileId, u64), data: Blocks, sync: bool) {
        match self.inner.direct(file, true) {
            Err(error) => self.inner.finish(op, Err(error)),
            Ok(Some(direct)) => {
                self.direct_job(op, move || blocks::write(&direct, offset, data, sync));
            }
            Ok(None) => self.inner.on(op, file, true, async move |share| {
                let file = &share.file().file;
                drop(file::write(file, offset, data.to_vec()).await?);
                if sync {
                    file::sync(file, true).await?;
                }
                Ok(DiskDone::WroteBlocks(data))
            }),
        }
    }

    /// Has a thread of the pool do what is done past the page cache.
    fn direct_job(&self, op: OpId, job: impl FnOnce() -> io::Result<DiskDone> + Send + 'static) {
        self.jobs.run(op, move || job().map(IoDone::Disk));
    }

    fn job(&self, op: OpId, job: impl FnOnce() -> io::Result<()> + Send + 'static) {
        self.jobs.run(op, move || job().map(|()| IoDone::Disk(DiskDone::Ended)));
    }
}

impl Inner {
    fn finish(&self, op: OpId, result: io::Result<DiskDone>) {
        self.done.borrow_mut().push((op, result.map(IoDone::Disk)));
    }

    fn find(&self, file: FileId, writes: bool) -> io::Result<Rc<File>> {
        let file = self.open.borrow().get(&file).cloned().ok_or_else(no_such_file)?;
        if writes && !file.writable {
            let what = "opened for reading";
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, what));
        }
        Ok(file)
    }

    /// A file past the page cache, where it was opened so.
    fn direct(&self, file: FileId, writes: bool) -> io::Result<Option<Arc<std::fs::File>>> {
        Ok(self.find(file, writes)?.direct.clone())
    }

    /// Begins an operation on an open file.
    fn on<F>(self: &Rc<Self>, op: OpId, file: FileId, writes: bool, body: F)
    where
        F: AsyncFnOnce(&Share) -> io::Result<DiskDone> + 'static,
    {
        let file = match self.find(file, writes) {
            Ok(file) => file,
            Err(error) => return self.finish(op, Err(error)),
        };
        let share = self.share(file);
        self.start(op, async move { body(&share).await });
    }

    fn share(self: &Rc<Self>, file: Rc<File>) -> Share {
        Share { file: Some(file), inner: self.clone() }
    }

    fn close(self: &Rc<Self>, op: OpId, file: FileId) {
        let file = self.open.borrow_mut().remove(&file);
        let Some(file) = file else { return self.finish(op, Err(no_such_file())) };
        file.closing.set(Some(op));
        drop(self.share(file));
    }

    /// Runs an operation as a task of the executor, up to its first wait at once.
    fn start(
        self: &Rc<Self>,
        op: OpId,
        body: impl Future<Output = io::Result<DiskDone>> + 'static,
    ) {
        let inner = self.clone();
        inner.under_way.set(inner.under_way.get() + 1);
        let task = async move {
            let result = caught(body).await;
            inner.finish(op, result);
            inner.under_way.set(inner.under_way.get() - 1);
        };
        drop(glommio::spawn_local(task).detach());
    }
}

impl Share {
    fn file(&self) -> &File {
        self.file.as_ref().expect("given back by the drop alone")
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let Some(file) = self.file.take().and_then(Rc::into_inner) else { return };
        // The table has let go of it, and nobody else uses it.
        let close = async move { file::edge(file.file.close().await).map(|()| DiskDone::Ended) };
        match file.closing.take() {
            Some(op) => self.inner.start(op, close),
            None => self.inner.start(NOBODY, close),
        }
    }
}

/// Names no operation: a completion under it is dropped.
const NOBODY: OpId = OpId::from_word(u64::MAX);

fn no_such_file() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "no such open file")
}

/// Refuses what is not blocks for a file that takes nothing else.
fn takes_bytes(share: &Share) -> io::Result<()> {
    match share.file().direct {
        Some(_) => Err(blocks::not_whole()),
        None => Ok(()),
    }
}

async fn open(inner: Rc<Inner>, path: PathBuf, way: Way) -> io::Result<DiskDone> {
    let (file, len) = file::open(&path, way).await?;
    let mut direct = None;
    if way.direct {
        let opened = blocks::open(&file, way).await;
        match opened {
            Ok(opened) => direct = Some(opened),
            Err(error) => {
                drop(file.close().await);
                return Err(error);
            }
        }
    }
    let id = FileId(inner.ids.get());
    inner.ids.set(id.0 + 1);
    let (writable, closing) = (way.mode != OpenMode::Read, Cell::new(None));
    inner.open.borrow_mut().insert(id, Rc::new(File { file, direct, writable, closing }));
    Ok(DiskDone::Opened { file: id, len })
}

/// Runs an operation with a net under it: a panic inside the executor would end it for all.
async fn caught(body: impl Future<Output = io::Result<DiskDone>>) -> io::Result<DiskDone> {
    let mut body = pin!(body);
    poll_fn(|cx| {
        catch_unwind(AssertUnwindSafe(|| body.as_mut().poll(cx))).unwrap_or_else(|payload| {
            let what = format!("the driver panicked: {}", message_of(&*payload));
            Poll::Ready(Err(io::Error::other(what)))
        })
    })
    .await
}
