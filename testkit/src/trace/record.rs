//! One event as it is kept.

use std::fmt;

use super::Kind;

/// One event.
///
/// ```text
///  0     8        16     18      20     22       24      28      32
/// | seq | time   | node | shard | kind | detail | actor | cause |
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(C)]
pub struct Record {
    /// The event's number in its run, from 0.
    pub seq: u64,
    /// Virtual time in nanoseconds.
    pub time: u64,
    /// The node it happened on.
    pub node: u16,
    /// The shard it happened on; 65,535 when it happened on none.
    pub shard: u16,
    /// What happened.
    pub kind: Kind,
    /// The low bits of whatever the kind has to say beyond the actor.
    pub detail: u16,
    /// The slot of the actor or task it is about, or another number of that kind of event.
    pub actor: u32,
    /// How many events ago its cause happened; 0 when that is not known.
    pub cause: u32,
}

const _: () = assert!(size_of::<Record>() == 32);

/// The shard of an event that happened on none.
pub(crate) const NO_SHARD: u16 = u16::MAX;

impl Record {
    /// Fills the places of events that have not happened.
    pub(super) const NOTHING: Self = Self {
        seq: 0,
        time: 0,
        node: 0,
        shard: NO_SHARD,
        kind: Kind::Other,
        detail: 0,
        actor: 0,
        cause: 0,
    };
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{} +{}ns n{}", self.seq, self.time, self.node)?;
        if self.shard != NO_SHARD {
            write!(f, ".{}", self.shard)?;
        }
        write!(f, " {:?} {} ({:#x})", self.kind, self.actor, self.detail)?;
        if self.cause != 0 {
            write!(f, " because of #{}", self.seq - u64::from(self.cause))?;
        }
        Ok(())
    }
}
