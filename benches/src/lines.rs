//! Which cache lines have to move between two cores for the mesh's traffic: a model, fed with what
//! the shards of [`mesh`](crate::mesh) really do with their rings.
//!
//! A ring's lines are those of `shard/src/mesh/ring.rs`: the tail, the head, and one for each slot.
//! The model keeps, for each line, which of its two cores have a copy. A read without a copy moves
//! the line; a write moves it unless the writer has the only copy. Both ends look at cursors when
//! the ring does, no more: its rules (cached cursors, one publish a batch) are repeated here. Caches
//! are taken to be large enough that nothing is evicted, and rings to be in use for long, so that
//! each slot was last read by its reader. Shards never sleep here, so the line of the doorbell, read
//! at each flush and written by going to sleep alone, never moves: its reads are counted apart.

use std::cell::RefCell;
use std::rc::Rc;

use greenroom_core::mesh::Packet;
use greenroom_core::runtime::Lane;
use greenroom_shard::mesh::Depth;

use crate::mesh::Tap;

/// What was counted.
#[derive(Clone, Copy, Default, Debug, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Packets moved into rings.
    pub(crate) packets: u64,
    /// Stores of a tail: each publishes a batch of one lane.
    pub(crate) publishes: u64,
    /// Moves of slots' lines: to the writer, and to the reader.
    pub(crate) slot_moves: u64,
    /// Moves of tails' lines, either way.
    pub(crate) tail_moves: u64,
    /// Moves of heads' lines, either way.
    pub(crate) head_moves: u64,
    /// Reads of a tail, of which most find it in the reader's own cache.
    pub(crate) tail_looks: u64,
    /// Reads of a doorbell's line, in the sender's own cache.
    pub(crate) bell_looks: u64,
}

impl Counts {
    /// What a longer run counted more than a shorter one.
    pub(crate) const fn less(self, shorter: Self) -> Self {
        Self {
            packets: self.packets - shorter.packets,
            publishes: self.publishes - shorter.publishes,
            slot_moves: self.slot_moves - shorter.slot_moves,
            tail_moves: self.tail_moves - shorter.tail_moves,
            head_moves: self.head_moves - shorter.head_moves,
            tail_looks: self.tail_looks - shorter.tail_looks,
            bell_looks: self.bell_looks - shorter.bell_looks,
        }
    }

    /// Lines that moved from one core to another.
    pub(crate) const fn moves(&self) -> u64 {
        self.slot_moves + self.tail_moves + self.head_moves
    }
}

/// Which end of a ring.
#[derive(Clone, Copy)]
enum End {
    Writer = 1,
    Reader = 2,
}

/// Who has a copy of a line: a bit for each end. Nobody has one of a line that was never touched,
/// and its first touch moves it from memory, not from a core.
#[derive(Clone, Copy, Default)]
struct Line(u8);

impl Line {
    fn read(&mut self, end: End) -> u64 {
        let moved = self.0 != 0 && self.0 & end as u8 == 0;
        self.0 |= end as u8;
        moved.into()
    }

    fn write(&mut self, end: End) -> u64 {
        let moved = self.0 & !(end as u8) != 0;
        self.0 = end as u8;
        moved.into()
    }
}

/// One ring: its cursors, what either end has seen of them, and its two lines.
#[derive(Clone, Default)]
struct Ring {
    capacity: usize,
    tail: usize,
    head: usize,
    head_seen: usize,
    tail_seen: usize,
    tail_line: Line,
    head_line: Line,
}

impl Ring {
    /// As `Writer::write_batch` and `publish` do; how many were moved.
    fn push(&mut self, wanted: usize, counts: &mut Counts) -> usize {
        let seen = self.capacity - (self.tail - self.head_seen);
        if seen < wanted {
            counts.head_moves += self.head_line.read(End::Writer);
            self.head_seen = self.head;
        }
        let moved = wanted.min(self.capacity - (self.tail - self.head_seen));
        if moved > 0 {
            self.tail += moved;
            counts.packets += moved as u64;
            counts.slot_moves += moved as u64;
            counts.publishes += 1;
            counts.tail_moves += self.tail_line.write(End::Writer);
        }
        moved
    }

    /// As `Reader::read_batch` does.
    fn pop(&mut self, max: usize, taken: usize, counts: &mut Counts) {
        if self.tail_seen - self.head < max {
            self.look(counts);
            self.tail_seen = self.tail;
        }
        assert_eq!(taken, max.min(self.tail_seen - self.head), "the model is not the ring");
        if taken > 0 {
            self.head += taken;
            counts.slot_moves += taken as u64;
            counts.head_moves += self.head_line.write(End::Reader);
        }
    }

    /// As `Reader::len` does; how many there are.
    fn look(&mut self, counts: &mut Counts) -> usize {
        counts.tail_looks += 1;
        counts.tail_moves += self.tail_line.read(End::Reader);
        self.tail - self.head
    }
}

/// The lines of all rings between so many shards. Its clones are the same.
#[derive(Clone)]
pub(crate) struct Lines(Rc<RefCell<Model>>);

struct Model {
    shards: usize,
    /// By sender, receiver and lane; system first.
    rings: Vec<[Ring; 2]>,
    counts: Counts,
}

impl Model {
    fn ring(&mut self, from: usize, to: usize, lane: Lane) -> (&mut Ring, &mut Counts) {
        let lane = usize::from(lane == Lane::User);
        (&mut self.rings[from * self.shards + to][lane], &mut self.counts)
    }
}

impl Lines {
    pub(crate) fn new(shards: u16) -> Self {
        let shards = usize::from(shards);
        let Depth { system, user } = Depth::derive::<Packet>(shards);
        let pair = [system, user].map(|capacity| Ring { capacity, ..Ring::default() });
        let rings = vec![pair; shards * shards];
        Self(Rc::new(RefCell::new(Model { shards, rings, counts: Counts::default() })))
    }

    pub(crate) fn counts(&self) -> Counts {
        self.0.borrow().counts
    }
}

impl Tap for Lines {
    fn flushes(&self, from: usize, to: usize, waiting: [usize; 2]) {
        let mut model = self.0.borrow_mut();
        let mut moved = 0;
        for (lane, wanted) in Lane::ALL.into_iter().zip(waiting) {
            if wanted > 0 {
                let (ring, counts) = model.ring(from, to, lane);
                moved += ring.push(wanted, counts);
            }
        }
        model.counts.bell_looks += u64::from(moved > 0);
    }

    fn took(&self, from: usize, to: usize, lane: Lane, max: usize, taken: usize) {
        let mut model = self.0.borrow_mut();
        let (ring, counts) = model.ring(from, to, lane);
        ring.pop(max, taken, counts);
    }

    fn looked(&self, from: usize, to: usize, found: bool) {
        let mut model = self.0.borrow_mut();
        let mut any = false;
        for lane in Lane::ALL {
            let (ring, counts) = model.ring(from, to, lane);
            any = any || ring.look(counts) > 0;
        }
        assert_eq!(any, found, "the model is not the ring");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_moves_two_lines_a_packet_and_two_a_publish() {
        let lines = Lines::new(2);
        let batch = |count| {
            lines.flushes(0, 1, [0, count]);
            lines.looked(0, 1, true);
            lines.took(0, 1, Lane::System, 256, 0);
            lines.took(0, 1, Lane::User, 256, count);
        };
        batch(1);
        let before = lines.counts();
        batch(32);
        let after = lines.counts();
        assert_eq!((after.packets - before.packets, after.publishes - before.publishes), (32, 1));
        assert_eq!(after.slot_moves - before.slot_moves, 64);
        assert_eq!(after.tail_moves - before.tail_moves, 2, "to the writer and to the reader");
        assert_eq!(after.head_moves, 0, "the ring never looks full");
    }

    #[test]
    fn looking_at_empty_rings_moves_nothing() {
        let lines = Lines::new(3);
        for _ in 0..10 {
            lines.looked(1, 0, false);
        }
        assert_eq!((lines.counts().tail_looks, lines.counts().moves()), (20, 0));
    }

    #[test]
    fn a_ring_that_looks_full_has_its_head_read_again() {
        let (lines, depth) = (Lines::new(2), Depth::derive::<Packet>(2).user);
        lines.flushes(0, 1, [0, depth]);
        let taken: usize = std::iter::repeat_n(256, depth / 256).sum();
        for _ in 0..depth / 256 {
            lines.took(0, 1, Lane::User, 256, 256);
        }
        assert_eq!((taken, lines.counts().head_moves), (depth, 0));
        lines.flushes(0, 1, [0, 1]);
        assert_eq!(lines.counts().head_moves, 1, "the reader wrote it, the writer reads it");
    }
}
