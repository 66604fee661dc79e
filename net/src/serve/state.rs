//! What the accept loop, the connections and the handle share.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;

use greenroom_core::{LocalTask, spawn_local};

use super::{ServeLimits, ServerCounts};
use crate::notice::Notice;
use crate::stream::TcpStream;

/// One server.
pub(super) struct State {
    pub(super) limits: ServeLimits,
    pub(super) local: SocketAddr,
    /// Something below has changed.
    pub(super) changed: Notice,
    /// No more connections are to be taken.
    stopping: Cell<bool>,
    /// The listener is closed.
    closed: Cell<bool>,
    /// Connections being served, by number.
    open: RefCell<BTreeMap<u64, LocalTask<()>>>,
    counts: Cell<ServerCounts>,
    /// Why the last accept failed; `None` after one that succeeded.
    accept_error: RefCell<Option<(io::ErrorKind, String)>>,
    /// Connections that did not finish were aborted, rather than that they panicked.
    aborting: Cell<bool>,
}

impl State {
    pub(super) fn new(limits: ServeLimits, local: SocketAddr) -> Self {
        Self {
            limits,
            local,
            changed: Notice::default(),
            stopping: Cell::new(false),
            closed: Cell::new(false),
            open: RefCell::default(),
            counts: Cell::default(),
            accept_error: RefCell::default(),
            aborting: Cell::new(false),
        }
    }

    pub(super) fn open(&self) -> usize {
        self.open.borrow().len()
    }

    pub(super) fn has_seat(&self) -> bool {
        self.open() < self.limits.connections_max.max(1)
    }

    pub(super) const fn is_stopping(&self) -> bool {
        self.stopping.get()
    }

    pub(super) fn stop_accepting(&self) {
        self.stopping.set(true);
        self.changed.notify();
    }

    /// The accept loop has ended.
    pub(super) fn listener_closed(&self) {
        self.closed.set(true);
        self.changed.notify();
    }

    /// Nothing of the server is left.
    pub(super) fn is_over(&self) -> bool {
        self.closed.get() && self.open() == 0
    }

    pub(super) fn counts(&self) -> ServerCounts {
        ServerCounts { open: self.open(), ..self.counts.get() }
    }

    fn count(&self, change: impl FnOnce(&mut ServerCounts)) {
        let mut counts = self.counts.get();
        change(&mut counts);
        self.counts.set(counts);
    }

    pub(super) fn accept_failed(&self, error: &io::Error) {
        self.count(|counts| counts.accept_errors += 1);
        *self.accept_error.borrow_mut() = Some((error.kind(), error.to_string()));
    }

    pub(super) fn accept_error(&self) -> Option<io::Error> {
        let error = self.accept_error.borrow();
        error.as_ref().map(|(kind, message)| io::Error::new(*kind, message.clone()))
    }

    /// Starts to serve a connection.
    pub(super) fn admit<F>(self: &Rc<Self>, stream: TcpStream, peer: SocketAddr, handler: &Rc<F>)
    where
        F: AsyncFn(TcpStream, SocketAddr) + 'static,
    {
        *self.accept_error.borrow_mut() = None;
        let number = self.counts.get().accepted;
        self.count(|counts| counts.accepted += 1);
        let seat = Seat { server: self.clone(), number, finished: Cell::new(false) };
        let handler = handler.clone();
        // The handler, and the stream with it, is dropped before the seat falls free.
        let task = spawn_local(async move {
            let seat = seat;
            handler(stream, peer).await;
            seat.finished.set(true);
        });
        self.open.borrow_mut().insert(number, task);
    }

    /// Ends every connection at its next await.
    pub(super) fn abort_all(&self) {
        self.aborting.set(true);
        self.open.borrow().values().for_each(LocalTask::abort);
    }
}

/// A connection's place among those of its server, given up whatever way the connection ends.
struct Seat {
    server: Rc<State>,
    number: u64,
    finished: Cell<bool>,
}

impl Drop for Seat {
    fn drop(&mut self) {
        let server = &self.server;
        let task = server.open.borrow_mut().remove(&self.number);
        drop(task);
        server.count(|counts| match (self.finished.get(), server.aborting.get()) {
            (true, _) => counts.finished += 1,
            (false, true) => counts.aborted += 1,
            (false, false) => counts.panicked += 1,
        });
        server.changed.notify();
    }
}
