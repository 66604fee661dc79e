//! The envelope that crosses a shard border: one cache line, with its content inside.
//!
//! ```text
//!  0        8        16         24        32                                64
//! | target | handle | deadline | caller  | content of up to 32 bytes, or    |
//! |        |        |          |         | a box when it is larger          |
//! ```
//!
//! *Target* is the receiver's slot and generation, in one word (a word that is stored in halves and
//! copied whole a moment later makes the processor wait), and so is the *caller*; *handle* is the function that knows the
//! content's type, made where the type was known, so the receiving pump needs no table and no
//! `match`. A packet that is dropped on the way drops its content.
//!
//! This file is the home of two unsafe facts. A packet's `content` holds a valid `T` exactly as long
//! as `handle` is the function made for `T`, and `handle` is called once. And of an [`Outbox`]'s
//! places, exactly those from `head` on hold a packet.

#![allow(unsafe_code)]

use std::fmt;
use std::mem::{ManuallyDrop, MaybeUninit};

use crate::limits::{PACKET_BYTES, PACKET_INLINE_BYTES};
use crate::pid::ShardId;
use crate::shard::{Shard, current, shielded};
use crate::time::Instant;
use crate::words;

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
    target: Place,
    handle: Handle,
    deadline: Instant,
    caller: Place,
    content: Content,
}

/// Slot and generation.
#[derive(Clone, Copy)]
struct Place(u64);

impl Place {
    #[inline(always)]
    const fn new((slot, generation): (u32, u32)) -> Self {
        Self((slot as u64) << 32 | generation as u64)
    }

    #[inline(always)]
    const fn parts(self) -> (u32, u32) {
        ((self.0 >> 32) as u32, self.0 as u32)
    }
}

/// The picture above, and that a packet is one cache line and not parts of two.
const _: () = {
    use std::mem::offset_of;
    assert!(size_of::<Packet>() == PACKET_BYTES && align_of::<Packet>() == 64);
    assert!(offset_of!(Packet, target) == 0 && offset_of!(Packet, handle) == 8);
    assert!(offset_of!(Packet, deadline) == 16 && offset_of!(Packet, caller) == 24);
    assert!(offset_of!(Packet, content) == PACKET_BYTES - PACKET_INLINE_BYTES);
};

/// A content type with the function that delivers it.
pub(crate) trait Deliver: Send + 'static {
    /// Whether it is a user message, which is counted where it is dropped on the way.
    const IS_MESSAGE: bool = false;

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
        unsafe { words::read(place.cast::<T>()) }
    } else {
        // SAFETY: as above, and a `T` that is not inline was written as a `Box<T>`.
        *unsafe { place.cast::<Box<T>>().read() }
    };
    match to {
        Some((shard, meta)) => content.deliver(shard, meta),
        None => {
            if T::IS_MESSAGE {
                current::with(Shard::message_abandoned);
            }
            drop(content);
        }
    }
}

impl Packet {
    /// Makes a packet where `place` points to.
    ///
    /// # Safety
    ///
    /// `place` must be valid for a packet to be written to.
    #[inline(always)]
    unsafe fn write<T: Deliver>(
        place: *mut Self,
        target: (u32, u32),
        deadline: Instant,
        caller: (u32, u32),
        content: T,
    ) {
        // SAFETY: the caller vouches for the place. Each field is written once; `inline` checked
        // that a `T` fits into the content, which is aligned to 8, and a box is one word.
        unsafe {
            (&raw mut (*place).target).write(Place::new(target));
            (&raw mut (*place).handle).write(handle::<T>);
            (&raw mut (*place).deadline).write(deadline);
            (&raw mut (*place).caller).write(Place::new(caller));
            let into = (&raw mut (*place).content).cast::<T>();
            if inline::<T>() {
                into.write(content);
            } else {
                into.cast::<Box<T>>().write(Box::new(content));
            }
        }
    }

    #[inline]
    pub(crate) fn new<T: Deliver>(
        target: (u32, u32),
        deadline: Instant,
        caller: (u32, u32),
        content: T,
    ) -> Self {
        let mut packet = MaybeUninit::uninit();
        // SAFETY: there is room for a packet, and afterwards it is one.
        unsafe {
            Self::write(packet.as_mut_ptr(), target, deadline, caller, content);
            packet.assume_init()
        }
    }

    /// A packet without deadline or context.
    pub(crate) fn system<T: Deliver>(slot: u32, content: T) -> Self {
        Self::new((slot, 0), Instant::NEVER, (0, 0), content)
    }

    /// Hands the content to `shard`.
    #[inline(always)]
    pub(crate) fn open(self, shard: &Shard, from: ShardId) {
        let mut packet = ManuallyDrop::new(self);
        let (slot, generation) = packet.target.parts();
        let (deadline, caller) = (packet.deadline, packet.caller.parts());
        let meta = PacketMeta { from, slot, generation, deadline, caller };
        let handle = packet.handle;
        // SAFETY: `new` stored `handle` together with a content of its type, and the packet is
        // consumed without being dropped, so this is the one call.
        unsafe { handle(&mut packet.content, Some((shard, meta))) };
    }

    /// What the trace says of the packet: the receiver's slot and generation.
    #[must_use]
    pub const fn target(&self) -> (u32, u32) {
        self.target.parts()
    }
}

impl Drop for Packet {
    fn drop(&mut self) {
        // Packets are dropped by the ring or the list: a panic would take others with it.
        shielded("a message's drop", || {
            // SAFETY: as in `open`, which forgets the packet; so nobody took the content before.
            unsafe { (self.handle)(&mut self.content, None) };
        });
    }
}

// SAFETY: the content is a `T: Send` (see `new` and `Deliver`); the rest are numbers and a function.
unsafe impl Send for Packet {}

/// Packets that wait for room in a ring, oldest first.
///
/// A packet is made in its place here, field by field, and moved once, into the ring: made elsewhere
/// and moved here it would be read whole before its fields have left the store buffer, which makes
/// the processor wait. Emptied, an outbox begins again at its first place, so that one that is
/// flushed often stays in the cache however much goes through it.
#[derive(Default)]
pub struct Outbox {
    places: Vec<MaybeUninit<Packet>>,
    /// The place of the oldest packet.
    head: usize,
}

impl Outbox {
    /// Packets in it.
    #[inline]
    #[must_use]
    pub const fn len(&self) -> usize {
        self.places.len() - self.head
    }

    /// Whether there are none.
    #[inline]
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds a packet behind the others.
    #[inline(always)]
    pub fn push(&mut self, packet: Packet) {
        self.make_room();
        self.places.push(MaybeUninit::new(packet));
    }

    /// Makes a packet behind the others.
    #[inline(always)]
    pub(crate) fn push_new<T: Deliver>(
        &mut self,
        target: (u32, u32),
        deadline: Instant,
        caller: (u32, u32),
        content: T,
    ) {
        self.make_room();
        let len = self.places.len();
        // SAFETY: `make_room` left capacity for one place more, where a packet is made before the
        // place counts.
        unsafe {
            let place = self.places.as_mut_ptr().add(len).cast();
            Packet::write(place, target, deadline, caller, content);
            self.places.set_len(len + 1);
        }
    }

    /// Takes the oldest packet.
    #[inline(always)]
    pub fn pop_front(&mut self) -> Option<Packet> {
        let place = self.places.get(self.head)?;
        // SAFETY: places from `head` on hold packets, and this one does not any more by the next
        // line.
        let packet = unsafe { place.assume_init_read() };
        self.advance();
        Some(packet)
    }

    /// Moves the oldest packet to a place, and returns it there.
    ///
    /// Word by word, as packets are made: one that was made a moment ago is still in the store
    /// buffer, behind those that were moved into a ring before it, which wait for their lines to
    /// come from another core. A load that covers two of its words would wait for all of them.
    #[inline(always)]
    pub fn move_front<'p>(&mut self, place: &'p mut MaybeUninit<Packet>) -> Option<&'p mut Packet> {
        let source = self.places.get(self.head)?.as_ptr();
        let target = place.as_mut_ptr();
        // SAFETY: both are places of a packet, which is so many words.
        unsafe { words::copy(source.cast(), target.cast(), PACKET_BYTES / size_of::<u64>()) };
        self.advance();
        // SAFETY: all words of a packet were moved here from a place that held one, and does not
        // any more.
        Some(unsafe { place.assume_init_mut() })
    }

    /// Forgets the oldest packet, which has been moved.
    #[inline(always)]
    fn advance(&mut self) {
        self.head += 1;
        if self.head == self.places.len() {
            self.places.clear();
            self.head = 0;
        }
    }

    /// Makes sure that there is capacity for one place more.
    #[inline(always)]
    fn make_room(&mut self) {
        if self.places.len() == self.places.capacity() {
            self.grow();
        }
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self) {
        if self.head > self.places.len() / 2 {
            // What is left moves to the front: at most as many as were taken before.
            self.places.drain(..self.head);
            self.head = 0;
        } else {
            self.places.reserve(1);
        }
    }
}

impl Drop for Outbox {
    fn drop(&mut self) {
        while let Some(packet) = self.pop_front() {
            drop(packet);
        }
    }
}

impl fmt::Debug for Outbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outbox").field("len", &self.len()).finish_non_exhaustive()
    }
}

impl fmt::Debug for Packet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Packet")
            .field("target", &self.target())
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}
