//! The envelope that crosses a shard border: one cache line, with its content inside.
//!
//! ```text
//!  0        8        16         24        32                                64
//! | target | handle | deadline | caller  | content of up to 32 bytes, or    |
//! |        |        |          |         | a box when it is larger          |
//! ```
//!
//! *Target* is the receiver's slot and generation; *handle* is the function that knows the
//! content's type, made where the type was known, so the receiving pump needs no table and no
//! `match`. A packet that is dropped on the way drops its content.
//!
//! This file is the home of one unsafe fact: `content` holds a valid `T` exactly as long as
//! `handle` is the function made for `T`, and `handle` is called once.

#![allow(unsafe_code)]

use std::fmt;
use std::mem::{ManuallyDrop, MaybeUninit};

use crate::limits::{PACKET_BYTES, PACKET_INLINE_BYTES};
use crate::pid::ShardId;
use crate::shard::Shard;
use crate::time::Instant;

type Content = MaybeUninit<[u64; PACKET_INLINE_BYTES / 8]>;

/// Takes the content out and delivers it to the shard, or drops it where there is none.
type Handle = unsafe fn(&mut Content, Option<(&Shard, PacketMeta)>);

/// Everything about a packet but its content.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PacketMeta {
    pub(crate) from: ShardId,
    /// Slot of the receiver: an actor's or a reply's.
    pub(crate) slot: u32,
    pub(crate) generation: u32,
    pub(crate) deadline: Instant,
    /// Slot and generation of the actor on `from` that waits for the answer; generation 0 when
    /// nobody does. A longer chain, or a trace, travels with the content (`deliver::Traced`).
    pub(crate) caller: (u32, u32),
}

/// One message, reply, credit, signal or spawn on its way to another shard.
#[repr(C, align(64))]
pub struct Packet {
    slot: u32,
    generation: u32,
    handle: Handle,
    deadline: Instant,
    caller: (u32, u32),
    content: Content,
}

const _: () = assert!(size_of::<Packet>() == PACKET_BYTES);

/// A content type with the function that delivers it.
pub(crate) trait Deliver: Send + 'static {
    /// Runs on the receiving shard, between turns.
    fn deliver(self, shard: &Shard, meta: PacketMeta);
}

/// Whether a `T` travels inside the packet.
const fn inline<T>() -> bool {
    size_of::<T>() <= PACKET_INLINE_BYTES && align_of::<T>() <= 8
}

unsafe fn handle<T: Deliver>(content: &mut Content, to: Option<(&Shard, PacketMeta)>) {
    let place = content.as_mut_ptr();
    let content: T = if inline::<T>() {
        // SAFETY: the caller vouches that `Packet::new::<T>` wrote a `T` here which nobody took;
        // size and alignment were checked by `inline`.
        unsafe { place.cast::<T>().read() }
    } else {
        // SAFETY: as above, and a `T` that is not inline was written as a `Box<T>`.
        *unsafe { place.cast::<Box<T>>().read() }
    };
    match to {
        Some((shard, meta)) => content.deliver(shard, meta),
        None => drop(content),
    }
}

impl Packet {
    #[inline]
    pub(crate) fn new<T: Deliver>(
        (slot, generation): (u32, u32),
        deadline: Instant,
        caller: (u32, u32),
        content: T,
    ) -> Self {
        let mut bytes: Content = MaybeUninit::uninit();
        let place = bytes.as_mut_ptr();
        if inline::<T>() {
            // SAFETY: `inline` checked that a `T` fits, and `Content` is aligned to 8.
            unsafe { place.cast::<T>().write(content) };
        } else {
            // SAFETY: a box is one word.
            unsafe { place.cast::<Box<T>>().write(Box::new(content)) };
        }
        Self { slot, generation, handle: handle::<T>, deadline, caller, content: bytes }
    }

    /// A packet without deadline or context.
    pub(crate) fn system<T: Deliver>(slot: u32, content: T) -> Self {
        Self::new((slot, 0), Instant::NEVER, (0, 0), content)
    }

    /// Hands the content to `shard`.
    #[inline]
    pub(crate) fn open(self, shard: &Shard, from: ShardId) {
        let mut packet = ManuallyDrop::new(self);
        let meta = PacketMeta {
            from,
            slot: packet.slot,
            generation: packet.generation,
            deadline: packet.deadline,
            caller: packet.caller,
        };
        let handle = packet.handle;
        // SAFETY: `new` stored `handle` together with a content of its type, and the packet is
        // consumed without being dropped, so this is the one call.
        unsafe { handle(&mut packet.content, Some((shard, meta))) };
    }

    /// What the trace says of the packet: the receiver's slot and generation.
    #[must_use]
    pub const fn target(&self) -> (u32, u32) {
        (self.slot, self.generation)
    }
}

impl Drop for Packet {
    fn drop(&mut self) {
        // SAFETY: as in `open`, which forgets the packet; so nobody took the content before.
        unsafe { (self.handle)(&mut self.content, None) };
    }
}

// SAFETY: the content is a `T: Send` (see `new` and `Deliver`); the rest are numbers and a function.
unsafe impl Send for Packet {}

impl fmt::Debug for Packet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Packet")
            .field("slot", &self.slot)
            .field("generation", &self.generation)
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}
