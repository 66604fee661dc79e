//! Where the packets of all rings of a node are.
//!
//! A node of many shards has hundreds of rings, most of which hold a packet now and then. They
//! share one store and chain their packets in it, so that a short run does not spend itself on
//! allocating rings.

use greenroom_core::mesh::Packet;

/// No place.
pub(super) const NOWHERE: u32 = u32::MAX;

/// What a chain says of a packet.
#[derive(Clone, Copy, Debug)]
struct Link {
    /// The mark of the event that pushed it.
    cause: u64,
    /// The next packet of the same ring, or the next free place.
    next: u32,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Store {
    packets: Vec<Option<Packet>>,
    links: Vec<Link>,
    free: u32,
}

impl Store {
    pub(super) const fn new() -> Self {
        Self { packets: Vec::new(), links: Vec::new(), free: NOWHERE }
    }

    /// Puts a packet somewhere, behind the packet at `last` if there is one. Returns where.
    pub(super) fn put(&mut self, packet: Packet, cause: u64, last: u32) -> u32 {
        let link = Link { cause, next: NOWHERE };
        let place = self.free;
        let place = if place == NOWHERE {
            self.packets.push(Some(packet));
            self.links.push(link);
            (self.packets.len() - 1) as u32
        } else {
            self.free = self.links[place as usize].next;
            self.packets[place as usize] = Some(packet);
            self.links[place as usize] = link;
            place
        };
        if last != NOWHERE {
            self.links[last as usize].next = place;
        }
        place
    }

    /// Takes the packet out of a place, with the event that pushed it and where the next one is.
    pub(super) fn take(&mut self, place: u32) -> Option<(Packet, u64, u32)> {
        let packet = self.packets.get_mut(place as usize)?.take()?;
        let Link { cause, next } = self.links[place as usize];
        self.links[place as usize].next = self.free;
        self.free = place;
        Some((packet, cause, next))
    }

    /// The mark of the event that pushed the packet in a place.
    #[inline]
    pub(super) fn cause_of(&self, place: u32) -> u64 {
        self.links.get(place as usize).map_or(0, |link| link.cause)
    }

    /// The mark of the event that pushed the packet that many places behind one of a chain.
    pub(super) fn cause_after(&self, first: u32, count: u32) -> u64 {
        let link = |place: u32| self.links.get(place as usize);
        let place = (0..count).fold(first, |place, _| link(place).map_or(NOWHERE, |it| it.next));
        link(place).map_or(0, |link| link.cause)
    }

    /// The planted bug: a packet changes places with the next one.
    pub(super) fn swap_with_next(&mut self, place: u32) {
        let Some(&Link { cause, next }) = self.links.get(place as usize) else { return };
        if next != NOWHERE {
            self.packets.swap(place as usize, next as usize);
            self.links[place as usize].cause = self.links[next as usize].cause;
            self.links[next as usize].cause = cause;
        }
    }

    /// Takes every packet out; the rings that chained them are of no use afterwards.
    pub(super) fn take_all(&mut self) -> Vec<Packet> {
        std::mem::take(&mut self.packets).into_iter().flatten().collect()
    }
}
