//! Operations under way: between submit and completion.
//!
//! An operation outlives the future that wanted it: dropping the future asks the driver to cancel,
//! and the entry stays until the completion has come. What then arrives with nobody to take it (a
//! connection just accepted, a file just opened) is closed here, so an abandoned operation leaks
//! nothing.

use std::cell::RefCell;
use std::fmt;
use std::future::Future;
use std::io;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::current::Here;
use super::{Shard, current};
use crate::limits::{BUFFER_BYTES, BUFFERS_KEPT};
use crate::pid::ShardSerial;
use crate::runtime::{
    DiskDone, DiskRequest, IoDone, IoResult, NetDone, NetRequest, OpId, Request, ThreadId,
};
use crate::task::waker::StoredWaker;
use crate::trace::Event;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Net,
    Disk,
    /// Cannot be cancelled.
    Other,
}

enum Progress {
    Waiting(StoredWaker),
    Done(IoResult),
    /// Nobody wants the result any more.
    Abandoned,
}

struct Entry {
    serial: u32,
    kind: Kind,
    /// `None` while the entry is free.
    progress: Option<Progress>,
}

/// The operations of a shard.
#[derive(Default)]
pub(crate) struct Operations {
    inner: RefCell<Inner>,
}

#[derive(Default)]
struct Inner {
    entries: Vec<Entry>,
    free: Vec<u32>,
}

impl fmt::Debug for Operations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Operations").field("under_way", &self.len()).finish()
    }
}

impl Operations {
    /// Makes an entry for an operation that is submitted, wanted or not.
    #[inline]
    fn open(&self, kind: Kind, is_wanted: bool) -> OpId {
        let inner = &mut *self.inner.borrow_mut();
        let slot = inner.free.pop().unwrap_or_else(|| {
            inner.entries.push(Entry { serial: 0, kind, progress: None });
            (inner.entries.len() - 1) as u32
        });
        let entry = &mut inner.entries[slot as usize];
        entry.serial = entry.serial.wrapping_add(1);
        entry.kind = kind;
        entry.progress = Some(match is_wanted {
            true => Progress::Waiting(StoredWaker::NONE),
            false => Progress::Abandoned,
        });
        OpId { slot, serial: entry.serial }
    }

    /// Hands a completion to whoever waits. Returns whom to wake, and a result nobody wants.
    fn complete(&self, op: OpId, result: IoResult) -> (StoredWaker, Option<IoResult>) {
        let inner = &mut *self.inner.borrow_mut();
        let entry = inner.entries.get_mut(op.slot as usize).filter(|e| e.serial == op.serial);
        let Some(entry) = entry else { return (StoredWaker::NONE, Some(result)) };
        // Looked at in its place: a result is a large thing to move.
        match &mut entry.progress {
            Some(Progress::Waiting(waker)) => {
                let waker = waker.take();
                entry.progress = Some(Progress::Done(result));
                (waker, None)
            }
            Some(Progress::Abandoned) => {
                entry.progress = None;
                inner.free.push(op.slot);
                (StoredWaker::NONE, Some(result))
            }
            // A driver that completes twice: the first completion stands.
            Some(Progress::Done(_)) | None => (StoredWaker::NONE, Some(result)),
        }
    }

    /// Leaves a waker with an operation that has not completed. Returns one to drop.
    #[inline]
    fn wait(&self, op: OpId, waker: StoredWaker) -> StoredWaker {
        let inner = &mut *self.inner.borrow_mut();
        let entry = &mut inner.entries[op.slot as usize];
        debug_assert_eq!(entry.serial, op.serial);
        match &mut entry.progress {
            Some(Progress::Waiting(old)) => std::mem::replace(old, waker),
            Some(Progress::Done(_) | Progress::Abandoned) | None => waker,
        }
    }

    /// Takes the result of an operation that has completed.
    #[inline]
    fn take(&self, op: OpId) -> Option<IoResult> {
        let inner = &mut *self.inner.borrow_mut();
        let progress = &mut inner.entries[op.slot as usize].progress;
        if !matches!(progress, Some(Progress::Done(_))) {
            return None;
        }
        inner.free.push(op.slot);
        match progress.take() {
            Some(Progress::Done(result)) => Some(result),
            _ => None,
        }
    }

    /// Gives an operation up. Returns its kind when it has to be cancelled, its result when it had
    /// completed, and a waker to drop.
    fn abandon(&self, op: OpId) -> (Option<Kind>, Option<IoResult>, StoredWaker) {
        let inner = &mut *self.inner.borrow_mut();
        let entry = &mut inner.entries[op.slot as usize];
        debug_assert_eq!(entry.serial, op.serial);
        match entry.progress.take() {
            Some(Progress::Waiting(waker)) => {
                entry.progress = Some(Progress::Abandoned);
                (Some(entry.kind), None, waker)
            }
            Some(Progress::Done(result)) => {
                inner.free.push(op.slot);
                (None, Some(result), StoredWaker::NONE)
            }
            other => {
                entry.progress = other;
                (None, None, StoredWaker::NONE)
            }
        }
    }

    /// Whether any operation wakes somebody of whom `f` says so.
    pub(super) fn wakes(&self, f: impl Fn(&StoredWaker) -> bool) -> bool {
        let inner = self.inner.borrow();
        inner.entries.iter().any(|entry| match &entry.progress {
            Some(Progress::Waiting(waker)) => f(waker),
            Some(Progress::Done(_) | Progress::Abandoned) | None => false,
        })
    }

    pub(crate) fn len(&self) -> usize {
        let inner = self.inner.borrow();
        inner.entries.len() - inner.free.len()
    }
}

impl Shard {
    /// Starts an operation; the future is its completion.
    pub(crate) fn operate(&self, request: Request) -> Completed {
        let op = self.submit(request, true);
        Completed { op: Some(op), home: self.serial(), not_send: PhantomData }
    }

    /// Starts an operation whose completion nobody waits for.
    pub(crate) fn operate_detached(&self, request: Request) {
        self.submit(request, false);
    }

    fn submit(&self, request: Request, is_wanted: bool) -> OpId {
        let kind = match &request {
            Request::Net(_) => Kind::Net,
            Request::Disk(_) => Kind::Disk,
            Request::Resolve(_) | Request::Run(_) | Request::OnThread(..) => Kind::Other,
        };
        let op = self.operations.open(kind, is_wanted);
        self.observe(|| Event::Submitted { op });
        match request {
            Request::Net(request) => {
                if let Some(done) = self.driver.net().submit(op, request) {
                    self.complete(op, done);
                }
            }
            Request::Disk(request) => self.driver.disk().submit(op, request),
            Request::Resolve(request) => self.driver.resolver().submit(op, request),
            Request::Run(job) => self.driver.blocking().submit(op, job),
            Request::OnThread(thread, job) => self.driver.threads().submit(op, thread, job),
        }
        op
    }

    /// Starts a thread for one actor of this shard; [`Request::OnThread`] says what to do there.
    pub(crate) fn open_thread(&self, name: &str) -> io::Result<ThreadId> {
        self.driver.threads().open(name)
    }

    /// Lets a thread of [`Shard::open_thread`] end, after what it was told to do.
    pub(crate) fn close_thread(&self, thread: ThreadId) {
        self.driver.threads().close(thread);
    }

    /// Input: an operation has completed. A completion of an operation this shard does not know,
    /// or a second one, is disposed of.
    pub fn complete(&self, op: OpId, result: IoResult) {
        self.observe(|| Event::Completed { op, ok: result.is_ok() });
        let (waker, unwanted) = self.operations.complete(op, result);
        match waker.task_of(self.unique()) {
            Some((slot, generation_low)) => self.wake_task(slot, generation_low),
            None => self.guarded("a completion's waker", || waker.wake()),
        }
        if let Some(result) = unwanted {
            self.dispose(result);
        }
    }

    /// Closes what came with a result that nobody takes.
    fn dispose(&self, result: IoResult) {
        let close = match &result {
            Ok(IoDone::Net(NetDone::Listening { listener: socket, .. }))
            | Ok(IoDone::Net(NetDone::Accepted { stream: socket, .. }))
            | Ok(IoDone::Net(NetDone::Connected { stream: socket, .. }))
            | Ok(IoDone::Net(NetDone::ListeningUnix { listener: socket }))
            | Ok(IoDone::Net(NetDone::AcceptedUnix { stream: socket, .. }))
            | Ok(IoDone::Net(NetDone::ConnectedUnix { stream: socket }))
            | Ok(IoDone::Net(NetDone::Bound { socket, .. })) => {
                Some(Request::Net(NetRequest::Close { socket: *socket }))
            }
            Ok(IoDone::Disk(DiskDone::Opened { file, .. })) => {
                Some(Request::Disk(DiskRequest::Close { file: *file }))
            }
            _ => None,
        };
        self.guarded("a result's drop", || drop(result));
        if let Some(close) = close {
            self.operate_detached(close);
        }
    }

    /// Gives an operation up; one that has not completed is `cancel`led, or left to run its course.
    fn abandon(&self, op: OpId, cancel: bool) {
        let (under_way, result, waker) = self.operations.abandon(op);
        drop(waker);
        match under_way.filter(|_| cancel) {
            Some(Kind::Net) => self.driver.net().cancel(op),
            Some(Kind::Disk) => self.driver.disk().cancel(op),
            Some(Kind::Other) | None => {}
        }
        if let Some(result) = result {
            self.dispose(result);
        }
    }

    /// An empty buffer of [`BUFFER_BYTES`] capacity for a driver to receive into, from the pool
    /// where it has one.
    #[must_use]
    pub fn take_buffer(&self) -> Vec<u8> {
        let pooled = self.buffers.borrow_mut().pop();
        pooled.unwrap_or_else(|| Vec::with_capacity(BUFFER_BYTES))
    }

    /// Puts a receive buffer back into the pool.
    pub(crate) fn recycle_buffer(&self, mut buffer: Vec<u8>) {
        let mut buffers = self.buffers.borrow_mut();
        if buffers.len() < BUFFERS_KEPT && buffer.capacity() == BUFFER_BYTES {
            buffer.clear();
            buffers.push(buffer);
        }
    }
}

/// The completion of an operation.
///
/// # Cancel safety
///
/// Dropping this asks the driver to cancel. The operation may still have its effect; what it
/// brings is then closed.
#[must_use = "a future does nothing unless it is awaited"]
pub struct Completed {
    /// `None` once the result was taken.
    op: Option<OpId>,
    home: ShardSerial,
    /// The operation's entry is reached through the current shard of this thread.
    not_send: PhantomData<*const ()>,
}

impl fmt::Debug for Completed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Completed").field("op", &self.op).finish_non_exhaustive()
    }
}

impl Future for Completed {
    type Output = IoResult;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<IoResult> {
        let here = Here::look();
        let shard = here.shard().filter(|shard| shard.serial() == self.home);
        let (Some(op), Some(shard)) = (self.op, shard) else { return Poll::Ready(Err(gone())) };
        let Some(result) = shard.operations.take(op) else {
            drop(shard.operations.wait(op, StoredWaker::of(cx.waker())));
            return Poll::Pending;
        };
        self.op = None;
        Poll::Ready(result)
    }
}

#[cold]
fn gone() -> io::Error {
    io::Error::new(io::ErrorKind::NotConnected, "polled away from its shard")
}

impl Completed {
    /// Lets the operation run its course with nobody waiting for it. Unlike a drop, this does not
    /// ask the driver to cancel; what the operation brings is closed all the same.
    pub fn detach(mut self) {
        self.give_up(false);
    }

    fn give_up(&mut self, cancel: bool) {
        let Some(op) = self.op.take() else { return };
        current::with(|shard| {
            if shard.serial() == self.home {
                shard.abandon(op, cancel);
            }
        });
    }
}

impl Drop for Completed {
    fn drop(&mut self) {
        self.give_up(true);
    }
}
