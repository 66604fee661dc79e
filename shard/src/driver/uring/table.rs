//! Everything that a shard has under way, in one place.

use std::io;

use greenroom_core::Shard;
use greenroom_core::runtime::{DiskRequest, IoResult, NetRequest, OpId};

use super::files::Files;
use super::message;
use super::operation::Op;
use super::ops::{Completed, Fd, Ops};
use super::ring::{Completion, Ring, Wait};
use super::sockets::Sockets;
use crate::driver::{Bell, RingLimits};
use crate::pool::Jobs;

/// Names no operation: a completion under it is dropped.
pub(super) const NOBODY: OpId = OpId::from_word(u64::MAX);

/// Operations of one turn that are told of as they are asked for. A task that does nothing else, as
/// one does that asks a closed socket again and again, waits for the next turn then, and others have
/// theirs.
const KNOWN_AT_ONCE_MAX: u32 = 32;

/// What sockets and files work with.
pub(super) struct Io {
    pub(super) ops: Ops,
    /// Completions that the shard has not been told of.
    pub(super) done: Vec<(OpId, IoResult)>,
    /// Sends may go by a call of their own at all, and what is known at once be told at once.
    pub(super) at_once: bool,
    /// Longer ones, and those of this length, are not copied.
    pub(super) zero_copy_min_bytes: usize,
    /// The next may, of what this turn sends on streams; see [`super::sends`].
    may_send: bool,
    /// So many operations of this turn may yet be told of as they are asked for.
    known_left: u32,
}

impl Io {
    /// Whether a send is to go by a call of its own. The next of the turn is not.
    pub(super) fn sends_at_once(&mut self) -> bool {
        std::mem::take(&mut self.may_send) && self.at_once && !self.ops.ring.has_entries()
    }

    /// What an operation came to that was just asked for, where it is known and may be told.
    fn known_at_once(&mut self, op: OpId) -> Option<IoResult> {
        if !self.at_once || self.known_left == 0 {
            return None;
        }
        let (_, result) = self.done.pop_if(|(done, _)| *done == op)?;
        self.known_left -= 1;
        Some(result)
    }
}

/// The ring with its sockets, its files, and the bell.
pub(super) struct Table {
    pub(super) io: Io,
    pub(super) sockets: Sockets,
    files: Files,
    bell: Bell,
    bell_fd: Fd,
    /// Completions that were read and not dealt with; kept for its memory.
    completions: Vec<Completion>,
    /// No bell is needed any more.
    deaf: bool,
}

impl Table {
    pub(super) fn new(limits: RingLimits, bell: &Bell, jobs: Jobs) -> io::Result<Self> {
        let io = Io {
            ops: Ops::new(Ring::new(limits)?, limits.buffers),
            done: Vec::new(),
            at_once: limits.at_once,
            zero_copy_min_bytes: limits.zero_copy_min_bytes,
            may_send: false,
            known_left: 0,
        };
        let ring = &io.ops.ring;
        let told = message::is_told(ring.features()).then(|| ring.share()).transpose()?;
        let mut table = Self {
            io,
            sockets: Sockets::default(),
            files: Files::new(jobs),
            bell: bell.clone(),
            bell_fd: bell.share()?,
            completions: Vec::new(),
            deaf: false,
        };
        // From here on there is an operation, which is to be ended.
        table.listen_for_bell();
        told.into_iter().for_each(|ring| bell.tell(ring));
        Ok(table)
    }

    fn listen_for_bell(&mut self) {
        self.io.ops.start(Some(self.bell_fd.clone()), Op::Bell);
    }

    pub(super) fn net(&mut self, op: OpId, request: NetRequest) -> Option<IoResult> {
        self.sockets.submit(&mut self.io, op, request);
        self.io.known_at_once(op)
    }

    pub(super) fn cancel_net(&mut self, op: OpId) {
        self.sockets.cancel(&mut self.io, op);
    }

    pub(super) fn disk(&mut self, op: OpId, request: DiskRequest) {
        self.files.submit(&mut self.io, op, request);
    }

    /// Whether completions wait that [`Table::begin_turn`] would find or the shard was not told of.
    #[inline]
    pub(super) fn has_input(&mut self) -> bool {
        !self.io.done.is_empty() || self.io.ops.ring.has_events()
    }

    /// Whether something was asked for that the kernel does not know of.
    #[inline]
    pub(super) fn has_entries(&mut self) -> bool {
        self.io.ops.ring.has_entries() || self.sockets.is_hungry()
    }

    /// Whether the ring should be entered, or read, before long.
    #[inline]
    pub(super) fn wants_a_turn(&mut self) -> bool {
        self.io.ops.ring.has_events() || self.has_entries()
    }

    /// Prepares what the kernel needs of the shard, and hands it all that was asked for.
    #[inline]
    pub(super) fn enter(&mut self, shard: &Shard, wait: Wait) {
        self.sockets.feed(&mut self.io, || shard.take_buffer());
        self.io.ops.refill_buffers(|| shard.take_buffer());
        let entered = self.io.ops.ring.enter(wait);
        entered.expect("a ring of ours can be entered");
    }

    /// Hands over what was asked for, and deals with the completions that there are.
    #[inline]
    pub(super) fn begin_turn(&mut self, shard: &Shard) {
        self.io.may_send = true;
        self.io.known_left = KNOWN_AT_ONCE_MAX;
        if self.wants_a_turn() {
            if self.has_entries() || self.io.ops.ring.has_work() {
                self.enter(shard, Wait::No);
            }
            self.reap(shard);
        }
    }

    fn reap(&mut self, shard: &Shard) {
        let mut completions = std::mem::take(&mut self.completions);
        self.io.ops.ring.take_completions(&mut completions);
        self.io.may_send = completions.len() <= 1;
        for completion in completions.drain(..) {
            let make = || shard.take_buffer();
            if let Some((id, bytes)) = self.io.ops.received(&completion, make) {
                self.sockets.bring(&mut self.io, id, bytes);
            } else if let Some(completed) = self.io.ops.complete(completion, make) {
                self.completed(completed);
            }
        }
        self.completions = completions;
    }

    fn completed(&mut self, completed: Completed) {
        match &completed.op {
            Op::Net(id, _) => {
                let id = *id;
                self.sockets.completed(&mut self.io, id, completed);
            }
            Op::Disk(op, _) => {
                let op = *op;
                self.files.completed(&mut self.io, op, completed);
            }
            // That it rang is all there is to know: the shard is awake. A watch that has ended
            // would find the old rings again.
            Op::Bell if !completed.more && !self.deaf => {
                self.bell.hush();
                self.listen_for_bell();
            }
            Op::Bell => {}
        }
    }

    /// Begins to close every socket and every file.
    pub(super) fn close_all(&mut self) {
        self.sockets.close_all(&mut self.io);
        self.files.close_all(&mut self.io);
    }

    /// Whether nothing but the bell is under way that could end, and everything was told.
    pub(super) fn is_quiet(&self) -> bool {
        let ops = &self.io.ops;
        let ended = ops.under_way() <= usize::from(!self.deaf) || ops.ring.has_lost();
        self.io.done.is_empty() && ended
    }

    /// Ends the watch of the bell.
    pub(super) fn stop_listening(&mut self) {
        self.deaf = true;
        self.io.ops.cancel_all(|op| matches!(op, Op::Bell));
    }
}
