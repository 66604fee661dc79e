//! What a message carries besides itself: deadline, trace, and who waits for the answer.
//!
//! A message's local header is one word. Most headers are zero (a cast with no deadline) or name
//! the reply slot of the call they belong to, where deadline and chain are kept anyway. Only a
//! message that carries context without being a local call needs a [`Record`].

use std::cell::RefCell;
use std::rc::Rc;

use crate::pid::Pid;
use crate::time::Instant;

/// A trace's identity, as the W3C trace context names it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct TraceContext {
    /// The whole trace; never zero.
    pub trace_id: u128,
    /// The span that sent the message.
    pub span_id: u64,
}

/// A local message's header.
///
/// Zero, or a slot number in the low half (its top bit tells a record from a reply slot) and the
/// slot's serial number in the high half. The serial makes a header that outlived its slot
/// harmless: it reads as no context.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Header(u64);

const RECORD: u32 = 1 << 31;

/// What a header points to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum HeaderKind {
    None,
    /// A call of this shard: slot and serial of its reply.
    Reply(u32, u32),
    /// A context record: slot and serial.
    Record(u32, u32),
}

impl Header {
    pub(crate) const NONE: Self = Self(0);
    /// Of no message: says that a header has still to be made.
    pub(crate) const UNMADE: Self = Self(u64::MAX);

    #[inline]
    pub(crate) const fn reply(slot: u32, serial: u32) -> Self {
        debug_assert!(serial != 0 && slot < RECORD);
        Self((serial as u64) << 32 | slot as u64)
    }

    pub(crate) const fn record(slot: u32, serial: u32) -> Self {
        debug_assert!(serial != 0 && slot < RECORD);
        Self((serial as u64) << 32 | (slot | RECORD) as u64)
    }

    #[inline]
    pub(crate) const fn is_none(self) -> bool {
        self.0 == 0
    }

    /// What the casts of the message's handler have before the first is made.
    #[inline(always)]
    pub(crate) const fn casts(self) -> Self {
        if self.is_none() { Self::NONE } else { Self::UNMADE }
    }

    /// Whether this names a record. Not to be asked of an unmade one.
    #[inline]
    const fn is_record(self) -> bool {
        self.0 as u32 & RECORD != 0
    }

    #[inline]
    pub(crate) const fn is_unmade(self) -> bool {
        self.0 == Self::UNMADE.0
    }

    #[inline]
    pub(crate) const fn kind(self) -> HeaderKind {
        let (slot, serial) = (self.0 as u32, (self.0 >> 32) as u32);
        if serial == 0 {
            HeaderKind::None
        } else if slot & RECORD == 0 {
            HeaderKind::Reply(slot, serial)
        } else {
            HeaderKind::Record(slot & !RECORD, serial)
        }
    }
}

/// The context of a message that is not a local call.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    pub(crate) deadline: Instant,
    pub(crate) trace: Option<Rc<TraceContext>>,
    /// Who waits for the answer to this message, nearest first; empty for a cast.
    pub(crate) chain: Chain,
}

/// Actors that wait for one another's answers, nearest first. Two links need no allocation.
#[derive(Clone, Debug, Default)]
pub(crate) enum Chain {
    #[default]
    Empty,
    One(Pid),
    Two([Pid; 2]),
    Many(Vec<Pid>),
}

impl Chain {
    pub(crate) fn as_slice(&self) -> &[Pid] {
        match self {
            Self::Empty => &[],
            Self::One(pid) => std::slice::from_ref(pid),
            Self::Two(pids) => pids,
            Self::Many(pids) => pids,
        }
    }
}

/// What a cross-shard message carries beyond a deadline and one waiting caller.
#[derive(Clone, Debug)]
pub(crate) struct RemoteContext {
    pub(crate) trace: Option<TraceContext>,
    pub(crate) chain: Vec<Pid>,
}

/// The records of a shard. Each belongs to one queued or running message.
#[derive(Debug, Default)]
pub(crate) struct Records {
    inner: RefCell<RecordsInner>,
}

#[derive(Debug, Default)]
struct RecordsInner {
    slots: Vec<RecordSlot>,
    free: Vec<u32>,
}

#[derive(Debug, Default)]
struct RecordSlot {
    serial: u32,
    /// Messages that carry the record, and the handler that sends them.
    users: u32,
    record: Option<Record>,
}

impl Records {
    /// Adds a record with one user.
    pub(crate) fn insert(&self, record: Record) -> Header {
        let inner = &mut *self.inner.borrow_mut();
        let slot = inner.free.pop().unwrap_or_else(|| {
            inner.slots.push(RecordSlot::default());
            (inner.slots.len() - 1) as u32
        });
        let entry = &mut inner.slots[slot as usize];
        // Zero is no serial: a header of zero is no context.
        entry.serial = entry.serial.wrapping_add(1).max(1);
        entry.users = 1;
        entry.record = Some(record);
        Header::record(slot, entry.serial)
    }

    /// Adds a user to the record a header names, if it names one.
    pub(crate) fn share(&self, header: Header) -> Header {
        if let HeaderKind::Record(slot, serial) = header.kind() {
            let entry = &mut self.inner.borrow_mut().slots[slot as usize];
            debug_assert_eq!(entry.serial, serial);
            entry.users += 1;
        }
        header
    }

    pub(crate) fn with<R>(
        &self,
        (slot, serial): (u32, u32),
        f: impl FnOnce(&Record) -> R,
    ) -> Option<R> {
        let inner = self.inner.borrow();
        let entry = inner.slots.get(slot as usize).filter(|entry| entry.serial == serial)?;
        entry.record.as_ref().map(f)
    }

    /// Takes a user off the record a header names; the last one ends it.
    #[inline]
    pub(crate) fn release(&self, header: Header) {
        if header.is_record() {
            self.release_record(header);
        }
    }

    #[inline(never)]
    fn release_record(&self, header: Header) {
        let HeaderKind::Record(slot, serial) = header.kind() else { return };
        let inner = &mut *self.inner.borrow_mut();
        let entry = &mut inner.slots[slot as usize];
        debug_assert_eq!(entry.serial, serial);
        entry.users -= 1;
        if entry.users == 0 {
            entry.record = None;
            inner.free.push(slot);
        }
    }

    /// Records in use; for the check that nothing leaks.
    pub(crate) fn len(&self) -> usize {
        let inner = self.inner.borrow();
        inner.slots.len() - inner.free.len()
    }
}
