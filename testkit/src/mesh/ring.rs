//! One directed ring.

use std::collections::VecDeque;

use greenroom_core::mesh::Packet;

/// One direction of one pair and lane.
#[derive(Debug)]
pub(crate) struct Ring {
    packets: VecDeque<Packet>,
    /// The events that pushed them.
    causes: VecDeque<u64>,
    depth: u32,
    /// How many of the packets the consumer has seen, oldest first.
    visible: u32,
    /// Polls in a row that missed a packet.
    pub(crate) lag: u32,
    /// The producer found no room and spins for some.
    pub(crate) producer_waits: bool,
}

impl Ring {
    pub(crate) const fn new(depth: u32) -> Self {
        Self {
            packets: VecDeque::new(),
            causes: VecDeque::new(),
            depth,
            visible: 0,
            lag: 0,
            producer_waits: false,
        }
    }

    /// Packets pushed and not popped.
    pub(crate) fn len(&self) -> u32 {
        self.packets.len() as u32
    }

    pub(crate) fn room(&self) -> u32 {
        self.depth - self.len()
    }

    pub(crate) fn hidden(&self) -> u32 {
        self.len() - self.visible
    }

    pub(crate) const fn visible(&self) -> u32 {
        self.visible
    }

    /// Brings that many more packets in sight.
    pub(crate) fn show(&mut self, more: u32) {
        self.visible += more;
        debug_assert!(self.visible <= self.len());
    }

    pub(crate) fn push(&mut self, packet: Packet, cause: u64) {
        debug_assert!(self.room() > 0);
        self.packets.push_back(packet);
        self.causes.push_back(cause);
    }

    /// Takes the oldest visible packet and the event that pushed it.
    pub(crate) fn pop(&mut self) -> Option<(Packet, u64)> {
        if self.visible == 0 {
            return None;
        }
        self.visible -= 1;
        Some((self.packets.pop_front()?, self.causes.pop_front()?))
    }

    /// The planted bug: the two oldest packets change places.
    pub(crate) fn swap_oldest(&mut self) {
        if self.packets.len() >= 2 {
            self.packets.swap(0, 1);
            self.causes.swap(0, 1);
        }
    }

    pub(crate) fn take_all(&mut self) -> VecDeque<Packet> {
        self.visible = 0;
        self.causes.clear();
        std::mem::take(&mut self.packets)
    }
}
