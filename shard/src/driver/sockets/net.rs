//! The sockets as core and the loop see them.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use greenroom_core::runtime::{IoResult, Net, NetRequest, OpId};
use greenroom_core::{Instant, Shard};

use super::Poller;
use super::table::{Command, Table};

/// Least time between two looks at the poller while the shard is busy: a look costs a system call,
/// a busy shard's round can be far shorter.
const LOOK_INTERVAL: Duration = Duration::from_micros(5);

/// The network of one shard.
#[derive(Debug)]
pub(crate) struct Sockets {
    /// What was asked for since the last time. Apart from the table, so that a submit finds it
    /// free whoever makes it.
    commands: RefCell<Vec<Command>>,
    table: RefCell<Table>,
    looked: Cell<Instant>,
}

impl Sockets {
    pub(crate) fn new(poller: Poller) -> Self {
        Self {
            commands: RefCell::default(),
            table: RefCell::new(Table::new(poller)),
            looked: Cell::new(Instant::ORIGIN),
        }
    }

    /// Whether there is neither anything to try nor anything to wait for.
    #[inline]
    pub(crate) fn is_idle(&self) -> bool {
        let table = self.table.borrow();
        !table.is_waiting() && !table.poller.has_edges() && !self.has_commands()
    }

    /// Whether something was asked for that has not been tried.
    #[inline]
    pub(crate) fn has_commands(&self) -> bool {
        !self.commands.borrow().is_empty()
    }

    /// Looks whether anything has happened to a socket that somebody waits for. Tells whether it
    /// has; [`Sockets::run`] then deals with it.
    pub(crate) fn look(&self) -> bool {
        let mut table = self.table.borrow_mut();
        table.is_waiting() && table.poller.look()
    }

    /// Sleeps until something happens to a socket, the shard's bell rings, or `timeout` has passed.
    pub(crate) fn sleep(&self, timeout: Option<Duration>) {
        self.table.borrow_mut().poller.wait(timeout);
    }

    /// Carries out what was asked for and what the poller has told, and tells the shard what
    /// became of it. Returns how many operations were completed.
    pub(crate) fn run(&self, shard: &Shard, now: Instant) -> usize {
        let mut done = {
            let mut table = self.table.borrow_mut();
            let table = &mut *table;
            let due = table.is_waiting() && now - self.looked.get() >= LOOK_INTERVAL;
            if table.poller.has_edges() || due && table.poller.look() {
                self.looked.set(now);
            }
            while let Some(edge) = table.poller.take_edge() {
                table.edge(shard, edge);
            }
            let mut commands = self.commands.take();
            for command in commands.drain(..) {
                table.run(shard, command);
            }
            self.keep(commands);
            std::mem::take(&mut table.done)
        };
        let completed = done.len();
        for (op, result) in done.drain(..) {
            shard.complete(op, result);
        }
        self.table.borrow_mut().done = done;
        completed
    }

    /// Puts the empty list of commands back, for its memory.
    fn keep(&self, empty: Vec<Command>) {
        let newer = self.commands.replace(empty);
        debug_assert!(newer.is_empty(), "carrying out a command asks for nothing");
    }
}

impl Net for Sockets {
    fn submit(&self, op: OpId, request: NetRequest) -> Option<IoResult> {
        self.commands.borrow_mut().push(Command::Submit(op, request));
        None
    }

    fn cancel(&self, op: OpId) {
        self.commands.borrow_mut().push(Command::Cancel(op));
    }
}
