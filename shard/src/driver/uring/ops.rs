//! Operations under way in the kernel: what each owns, and its end.
//!
//! # Why the kernel never touches what is not its
//!
//! [`Ops::start`] moves an operation into the table first and builds its entry then, so every
//! pointer of the entry leads into memory that the table's entry owns: the heap of a `Vec`, of a
//! `CString` or of a `Box`, which stays where it is when the table moves. The table lends none of
//! it, to nobody: what it holds can be had by [`Ops::complete`] alone, when the completion that was
//! the operation's last has come. So between start and completion there is no reference to the
//! memory, and it is not freed: a table that is dropped with operations under way leaks them.
//!
//! The descriptor is owned the same way, by a share of it. So its number names the same file when
//! the kernel gets to see the entry.

#![expect(unsafe_code, reason = "what the kernel is told of in addresses; see above")]

use std::fmt;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::rc::Rc;

use greenroom_core::runtime::SocketId;
use io_uring::squeue::{Entry, Flags};
use io_uring::{cqueue, opcode};

use super::buffers::Buffers;
use super::entry::entry;
use super::features::Feature;
use super::operation::{DiskOp, NetOp, Op};
use super::ring::{Completion, NOTHING, Ring};

/// A descriptor, shared by who holds it open and the operations on it.
pub(super) type Fd = Rc<OwnedFd>;

/// Names an operation under way: the place in the table, and how often that was used. Nobody keeps
/// it beyond the operation's end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Key(u64);

/// The completion of a cancel: of no interest, since that of what it cancelled comes as well.
const CANCEL: u64 = NOTHING;

/// What became of an operation, or of a part of it.
pub(super) struct Completed {
    /// The operation, given back with all it owns; where there is [`more`](Self::more) to come, its
    /// like.
    pub(super) op: Op,
    /// It goes on.
    pub(super) more: bool,
    /// What a system call would have returned; of [`DiskOp::Stat`] the file's length.
    pub(super) result: io::Result<usize>,
    /// The descriptor it brought.
    pub(super) fd: Option<OwnedFd>,
    /// The bytes it brought in a buffer of the buffer ring.
    pub(super) bytes: Option<Vec<u8>>,
}

struct Live {
    op: Op,
    fd: Option<Fd>,
}

#[derive(Default)]
struct Slot {
    generation: u32,
    live: Option<Live>,
}

/// The ring, and the operations it holds.
pub(super) struct Ops {
    pub(super) ring: Ring,
    buffers: Option<Buffers>,
    slots: Vec<Slot>,
    free: Vec<u32>,
    /// How many are over but for the memory that the kernel still reads.
    lent: usize,
}

impl Ops {
    /// An empty table, and as many buffers for what is received.
    pub(super) fn new(ring: Ring, buffers: u16) -> Self {
        let wanted = ring.features().has(Feature::BufferRings)
            && ring.features().has(Feature::MultishotReceive);
        // A kernel that knows them and refuses them is taken for one that does not.
        let buffers = wanted.then(|| Buffers::new(ring.io_uring(), buffers).ok()).flatten();
        Self { ring, buffers, slots: Vec::new(), free: Vec::new(), lent: 0 }
    }

    /// Whether a receive takes its buffers from the buffer ring, and goes on by itself.
    pub(super) const fn receives_many(&self) -> bool {
        self.buffers.is_some()
    }

    /// Operations in the table.
    fn live(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// Operations whose end is awaited: all but those that have only lent their memory. That comes
    /// back when the peer has what lies there, which nobody can hasten.
    pub(super) fn under_way(&self) -> usize {
        self.live() - self.lent
    }

    /// Starts an operation on `fd`; the kernel sees it when the ring is entered next.
    pub(super) fn start(&mut self, fd: Option<Fd>, op: Op) -> Key {
        let (key, entry) = self.enter(fd, op);
        // SAFETY: the entry points into what the table owns, and nowhere else. It is in the table, by
        // its heap unmoved, and leaves it in `complete` with its last completion, or never; nobody
        // is lent it. The descriptor is open until then.
        unsafe { self.ring.push(entry) };
        key
    }

    /// Starts two operations on `fd`, the second of which the kernel begins when the first is done,
    /// and cancels when it failed or was cut short.
    pub(super) fn start_linked(&mut self, fd: &Fd, ops: [Op; 2]) {
        let [first, second] = ops.map(|op| self.enter(Some(fd.clone()), op).1);
        // SAFETY: as in `start`, for either entry.
        unsafe { self.ring.push_linked(first.flags(Flags::IO_LINK), second) };
    }

    /// Takes an operation into the table, and makes its entry.
    fn enter(&mut self, fd: Option<Fd>, op: Op) -> (Key, Entry) {
        let index = self.free.pop().unwrap_or_else(|| {
            self.slots.push(Slot::default());
            u32::try_from(self.slots.len() - 1).expect("operations are fewer")
        });
        let slot = &mut self.slots[index as usize];
        let key = Key(u64::from(slot.generation) << 32 | u64::from(index));
        let raw = fd.as_ref().map_or(-1, |fd| fd.as_raw_fd());
        let live = slot.live.insert(Live { op, fd });
        let entry = entry(&mut live.op, raw, self.ring.features()).user_data(key.0);
        (key, entry)
    }

    /// Asks the kernel to end an operation early. It completes all the same.
    pub(super) fn cancel(&mut self, key: Key) {
        let entry = opcode::AsyncCancel::new(key.0).build().user_data(CANCEL);
        // SAFETY: the entry points to nothing.
        unsafe { self.ring.push(entry) };
    }

    /// Asks the kernel to end all those early of which `is_one` says so.
    pub(super) fn cancel_all(&mut self, is_one: impl Fn(&Op) -> bool) {
        let slots = self.slots.iter().zip(0_u64..);
        let ones = slots.filter(|(slot, _)| slot.live.as_ref().is_some_and(|it| is_one(&it.op)));
        let keys = ones.map(|(slot, index)| Key(u64::from(slot.generation) << 32 | index));
        keys.collect::<Vec<_>>().into_iter().for_each(|key| self.cancel(key));
    }

    /// The buffers of the buffer ring did not suffice.
    pub(super) fn grow_buffers(&mut self) {
        self.buffers.iter_mut().for_each(Buffers::grow);
    }

    /// Gives the kernel the buffers it lacks, each made by `make`.
    #[inline]
    pub(super) fn refill_buffers(&mut self, make: impl FnMut() -> Vec<u8>) {
        if let Some(buffers) = &mut self.buffers {
            buffers.refill(make);
        }
    }

    /// Bytes that a receive which goes on has brought, and to which socket: what a busy server hears
    /// most. `None` where a completion says anything else, which [`Ops::complete`] is for. `make`
    /// makes the buffer that replaces the one that was taken.
    #[inline]
    pub(super) fn received(
        &mut self,
        Completion { user_data, result, flags }: &Completion,
        make: impl FnOnce() -> Vec<u8>,
    ) -> Option<(SocketId, Vec<u8>)> {
        let written = usize::try_from(*result).ok().filter(|&written| written > 0)?;
        let slot = self.slots.get(*user_data as u32 as usize)?;
        let of_this = slot.generation == (user_data >> 32) as u32 && cqueue::more(*flags);
        let Some(Live { op: Op::Net(id, NetOp::Receive), .. }) = &slot.live else { return None };
        let number = cqueue::buffer_select(*flags).filter(|_| of_this)?;
        // SAFETY: the completion names the buffer and what was written to it, and each completion
        // that is told of here is told of nowhere else.
        Some((*id, unsafe { self.buffers.as_mut()?.exchange(number, written, make) }))
    }

    /// What a completion means. `make` makes the buffer that replaces one that was taken.
    pub(super) fn complete(
        &mut self,
        completion: Completion,
        make: impl FnOnce() -> Vec<u8>,
    ) -> Option<Completed> {
        let Completion { user_data, result, flags } = completion;
        if user_data == NOTHING {
            return None;
        }
        let more = cqueue::more(flags);
        let mut op = self.take(user_data, more, result)?;
        let result = match &op {
            Op::Net(_, NetOp::SendZc { told: Some(told), .. }) => *told,
            _ => result,
        };
        let written = usize::try_from(result).unwrap_or(0);
        let bytes = cqueue::buffer_select(flags).and_then(|number| {
            // SAFETY: the completion names the buffer and what was written to it, and each
            // completion comes here once.
            let exchange = |it: &mut Buffers| unsafe { it.exchange(number, written, make) };
            self.buffers.as_mut().map(exchange)
        });
        let (mut fd, mut told) = (None, written);
        match &mut op {
            Op::Net(_, NetOp::Accept) | Op::Disk(_, DiskOp::Open { .. }) if result >= 0 => {
                // SAFETY: the kernel has just made the descriptor for this operation, and tells
                // nobody else of it.
                fd = Some(unsafe { OwnedFd::from_raw_fd(result) });
            }
            Op::Net(_, NetOp::ReceiveInto(data)) | Op::Disk(_, DiskOp::Read { data, .. }) => {
                let len = data.len() + written;
                assert!(len <= data.capacity(), "the kernel writes what fits");
                // SAFETY: the kernel has written so many bytes behind those that were there.
                unsafe { data.set_len(len) };
            }
            Op::Net(_, NetOp::ReceiveMessage(incoming)) => {
                // A longer datagram is told of as long as it was, and written as far as it fits.
                let len = written.min(incoming.room());
                // SAFETY: the kernel has written so many bytes at the beginning, and they fit.
                unsafe { incoming.data.set_len(len) };
            }
            Op::Disk(_, DiskOp::Stat { stat, .. }) if result >= 0 => {
                // SAFETY: the kernel has filled it in; any bits are a valid one.
                told = usize::try_from(unsafe { stat.assume_init_ref() }.stx_size)
                    .unwrap_or(usize::MAX);
            }
            _ => {}
        }
        let result = match result {
            0.. => Ok(told),
            error => Err(io::Error::from_raw_os_error(-error)),
        };
        Some(Completed { op, more, result, fd, bytes })
    }

    /// The operation that a completion names: taken out, or its like where it goes on.
    fn take(&mut self, user_data: u64, more: bool, result: i32) -> Option<Op> {
        let (index, generation) = (user_data as u32, (user_data >> 32) as u32);
        let slot = self.slots.get_mut(index as usize).filter(|it| it.generation == generation);
        // A name that is not in the table is not the kernel's to say; it is not worth more.
        debug_assert!(slot.is_some(), "a completion names an operation under way");
        let slot = slot?;
        if more {
            let live = slot.live.as_mut()?;
            match &mut live.op {
                Op::Net(id, NetOp::SendZc { op, told, .. }) => {
                    debug_assert!(told.is_none(), "a send is told of twice");
                    *told = Some(result);
                    self.lent += 1;
                    // The socket may be closed: what it holds still is sent all the same.
                    live.fd = None;
                    let like = NetOp::SendZc { op: *op, data: Vec::new(), start: 0, told: None };
                    return Some(Op::Net(*id, like));
                }
                Op::Bell => return Some(Op::Bell),
                Op::Net(id, NetOp::Accept) => return Some(Op::Net(*id, NetOp::Accept)),
                Op::Net(id, NetOp::Receive) => return Some(Op::Net(*id, NetOp::Receive)),
                Op::Net(id, NetOp::ReceiveMessages) => {
                    return Some(Op::Net(*id, NetOp::ReceiveMessages));
                }
                Op::Net(..) | Op::Disk(..) => unreachable!("these complete once"),
            }
        }
        let live = slot.live.take()?;
        slot.generation = slot.generation.wrapping_add(1);
        self.free.push(index);
        let was_lent = matches!(&live.op, Op::Net(_, NetOp::SendZc { told: Some(_), .. }));
        self.lent -= usize::from(was_lent);
        drop(live.fd);
        Some(live.op)
    }
}

impl Drop for Ops {
    fn drop(&mut self) {
        match self.buffers.take() {
            Some(buffers) if self.under_way() == 0 => buffers.unregister(self.ring.io_uring()),
            buffers => std::mem::forget(buffers),
        }
        if self.live() > 0 {
            // The kernel may touch what they own after the ring is closed.
            std::mem::forget(std::mem::take(&mut self.slots));
        }
    }
}

impl fmt::Debug for Ops {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ops")
            .field("ring", &self.ring)
            .field("buffers", &self.buffers)
            .field("live", &self.live())
            .finish_non_exhaustive()
    }
}
