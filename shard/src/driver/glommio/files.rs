//! Files on glommio's ring.
//!
//! Each operation is a task of the executor that owns what it needs, its buffer and a share of the
//! file, and ends with its completion; a future an actor drops has no part in it. Reads and writes
//! go through the page cache: glommio gives direct I/O to aligned buffers of its own alone, while
//! core's operations are of any place and length, or of blocks that are core's; those of a file
//! opened for direct I/O are done by threads of the system's pool, see [`super::away`]. For the same
//! reason a write copies its bytes: the ring must own what it writes, and the caller gets his buffer
//! back.
//!
//! What glommio would do on a thread of its own goes to the system's pool, but for changing a
//! file's length.

use std::cell::{Cell, OnceCell, RefCell};
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
    Disk, DiskDone, DiskRequest, FileId, IoDone, IoResult, OpId, OpenMode,
};

use super::away::{Away, Outcome};
use super::blocks;
use super::file::{self, Way};
use crate::driver::told;
use crate::pool::Jobs;

/// The files of one shard.
#[derive(Debug)]
pub(crate) struct Files {
    pub(super) inner: Rc<Inner>,
    away: Rc<Away>,
}

#[derive(Default, Debug)]
pub(super) struct Inner {
    open: RefCell<BTreeMap<FileId, Rc<File>>>,
    ids: Cell<u64>,
    /// The shard is over, and opens nothing any more.
    closed: Cell<bool>,
    /// Operations that are tasks of the executor.
    under_way: Cell<usize>,
    /// Completions that the shard has not been told of.
    done: RefCell<Vec<(OpId, IoResult)>>,
}

/// An open file. Operations share it; the last one that lets go of it after its close was asked
/// for begins the close.
#[derive(Debug)]
pub(super) struct File {
    pub(super) file: BufferedFile,
    /// Its length when it was opened.
    len: u64,
    /// The same once more, past the page cache, where it was opened so.
    direct: OnceCell<Arc<std::fs::File>>,
    writable: bool,
    /// Who waits for the close.
    closing: Cell<Option<OpId>>,
}

/// An operation's share of a file.
#[derive(Debug)]
pub(super) struct Share {
    /// `None` once given back.
    file: Option<Rc<File>>,
    inner: Rc<Inner>,
}

impl Files {
    pub(crate) fn new(jobs: Jobs) -> Self {
        Self { inner: Rc::default(), away: Away::new(jobs) }
    }

    /// Whether the ring, or a task on its way to it, holds an operation.
    #[inline]
    pub(crate) fn is_busy(&self) -> bool {
        self.inner.under_way.get() > 0
    }

    #[inline]
    pub(crate) fn has_done(&self) -> bool {
        !self.inner.done.borrow().is_empty() || self.away.has_back()
    }

    /// Tells the shard what is done. Returns how many operations that were.
    pub(crate) fn complete(&self, shard: &Shard) -> usize {
        while let Some((op, share, outcome)) = self.away.take() {
            self.inner.came_back(op, share, outcome);
        }
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
        self.inner.closed.set(true);
        let open = self.inner.open.take();
        for file in open.into_values() {
            drop(self.inner.share(file));
        }
        self.away.forget();
    }
}

impl Disk for Files {
    fn submit(&self, op: OpId, request: DiskRequest) {
        let inner = &self.inner;
        match request {
            DiskRequest::Open { path, mode } => {
                self.open(op, path, Way { mode, direct: false, durable: false });
            }
            DiskRequest::OpenWith { path, mode, direct, durable } => {
                self.open(op, path, Way { mode, direct, durable });
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
                    file::sync(&share.file().file).await?;
                    Ok(done)
                });
            }
            DiskRequest::ReadBlocks { file, offset, into } => {
                self.read_blocks(op, file, offset, into);
            }
            DiskRequest::WriteBlocks { file, offset, data, sync } => {
                self.write_blocks(op, (file, offset), data, sync);
            }
            DiskRequest::Sync { file, data_only: true } => {
                inner.on(op, file, false, async move |share| file::sync(&share.file().file).await);
            }
            DiskRequest::Sync { file, data_only: false } => self.sync_all(op, file),
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
    fn open(&self, op: OpId, path: PathBuf, way: Way) {
        let (inner, away) = (self.inner.clone(), self.away.clone());
        self.inner.run(async move {
            match caught(file::open(&path, way)).await {
                Ok((file, len)) => inner.opened(op, (file, len), way, &away),
                Err(error) => inner.finish(op, Err(error)),
            }
        });
    }

    /// Makes a file's length and times durable too. The ring has only the other kind here.
    fn sync_all(&self, op: OpId, file: FileId) {
        let found = self.inner.find(file, false);
        match found.and_then(|file| Ok((file::place_of(&file.file)?, file))) {
            Err(error) => self.inner.finish(op, Err(error)),
            Ok((place, file)) => self.send(op, self.inner.share(file), move || {
                std::fs::File::open(file::path_of(&place))?.sync_all()?;
                Ok(DiskDone::Ended)
            }),
        }
    }

    /// Has the pool work on a file.
    pub(super) fn send(
        &self,
        op: OpId,
        share: Share,
        work: impl FnOnce() -> io::Result<DiskDone> + Send + 'static,
    ) {
        self.away.send(op, share, move || work().map(Outcome::Done));
    }

    fn job(&self, op: OpId, job: impl FnOnce() -> io::Result<()> + Send + 'static) {
        self.away.jobs().run(op, move || job().map(|()| IoDone::Disk(DiskDone::Ended)));
    }
}

impl Inner {
    pub(super) fn finish(&self, op: OpId, result: io::Result<DiskDone>) {
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

    /// A share of a file, and the file past the page cache, where it was opened so.
    pub(super) fn direct(
        self: &Rc<Self>,
        file: FileId,
        writes: bool,
    ) -> io::Result<(Share, Option<Arc<std::fs::File>>)> {
        let file = self.find(file, writes)?;
        let direct = file.direct.get().cloned();
        Ok((self.share(file), direct))
    }

    /// A file is open: the pool has to open it once more where it is for direct I/O.
    fn opened(self: &Rc<Self>, op: OpId, (file, len): (BufferedFile, u64), way: Way, away: &Away) {
        let place = way.direct.then(|| file::place_of(&file)).transpose();
        let writable = way.mode != OpenMode::Read;
        let file = File { file, len, direct: OnceCell::new(), writable, closing: Cell::new(None) };
        let share = self.share(Rc::new(file));
        match place {
            Ok(None) => self.admit(op, &share),
            Ok(Some(place)) => {
                away.send(op, share, move || blocks::open(&place, way).map(Outcome::Opened));
            }
            Err(error) => self.finish(op, Err(error)),
        }
    }

    /// Gives an opened file its name.
    fn admit(&self, op: OpId, share: &Share) {
        let Some(file) = share.file.as_ref().filter(|_| !self.closed.get()) else {
            return self.finish(op, Err(no_such_file()));
        };
        let id = FileId(self.ids.get());
        self.ids.set(id.0 + 1);
        self.open.borrow_mut().insert(id, file.clone());
        self.finish(op, Ok(DiskDone::Opened { file: id, len: file.len }));
    }

    /// An operation is back from the pool.
    fn came_back(&self, op: OpId, share: Option<Share>, outcome: io::Result<Outcome>) {
        match (outcome, share) {
            (Ok(Outcome::Done(done)), _) => self.finish(op, Ok(done)),
            (Ok(Outcome::Opened(direct)), Some(share)) => {
                let set = share.file().direct.set(Arc::new(direct));
                debug_assert!(set.is_ok(), "a file is opened once");
                self.admit(op, &share);
            }
            // Everything was closed meanwhile.
            (Ok(Outcome::Opened(_)), None) => self.finish(op, Err(no_such_file())),
            (Err(error), _) => self.finish(op, Err(error)),
        }
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
    pub(super) fn start(
        self: &Rc<Self>,
        op: OpId,
        body: impl Future<Output = io::Result<DiskDone>> + 'static,
    ) {
        let inner = self.clone();
        self.run(async move {
            let result = caught(body).await;
            inner.finish(op, result);
        });
    }

    fn run(self: &Rc<Self>, body: impl Future<Output = ()> + 'static) {
        let inner = self.clone();
        inner.under_way.set(inner.under_way.get() + 1);
        let task = async move {
            body.await;
            inner.under_way.set(inner.under_way.get() - 1);
        };
        drop(glommio::spawn_local(task).detach());
    }
}

impl Share {
    pub(super) fn file(&self) -> &File {
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
    match share.file().direct.get() {
        Some(_) => Err(blocks::not_whole()),
        None => Ok(()),
    }
}

/// Runs an operation with a net under it: a panic inside the executor would end it for all.
async fn caught<T>(body: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    let mut body = pin!(body);
    poll_fn(|cx| {
        catch_unwind(AssertUnwindSafe(|| body.as_mut().poll(cx))).unwrap_or_else(|payload| {
            let what = format!("the driver panicked: {}", told(payload));
            Poll::Ready(Err(io::Error::other(what)))
        })
    })
    .await
}
