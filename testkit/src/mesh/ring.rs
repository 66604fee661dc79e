//! One directed ring.

use greenroom_core::mesh::Packet;

use super::store::{NOWHERE, Store};

/// One direction of one pair and lane. Its packets are in the node's store, its depth is that of
/// all rings of its lane. Small, so that all that are not empty stay in the cache.
#[derive(Debug)]
pub(super) struct Ring {
    oldest: u32,
    newest: u32,
    len: u16,
    /// How many of the packets the consumer has seen, oldest first.
    visible: u16,
    /// Polls in a row that missed a packet.
    lag: u16,
    /// A test decides what the consumer sees.
    held: bool,
}

const _: () = assert!(size_of::<Ring>() == 16);

/// Most slots of a ring.
pub(super) const DEPTH_MAX: u32 = u16::MAX as u32;

impl Ring {
    pub(super) const EMPTY: Self =
        Self { oldest: NOWHERE, newest: NOWHERE, len: 0, visible: 0, lag: 0, held: false };

    /// Whether it is empty, and no test holds it.
    #[inline]
    pub(super) const fn is_as_new(&self) -> bool {
        self.len == 0 && !self.held
    }

    /// Packets pushed and not popped.
    pub(super) const fn len(&self) -> u32 {
        self.len as u32
    }

    /// Packets that wait for the consumer: of a ring that is held, those that a test showed.
    pub(super) const fn waiting(&self) -> u32 {
        if self.held { self.visible as u32 } else { self.len as u32 }
    }

    pub(super) const fn hidden(&self) -> u32 {
        (self.len - self.visible) as u32
    }

    pub(super) const fn visible(&self) -> u32 {
        self.visible as u32
    }

    pub(super) const fn is_held(&self) -> bool {
        self.held
    }

    /// Hides everything until a test shows it. Returns how many packets no longer wait.
    pub(super) fn hold(&mut self) -> u32 {
        let waiting = self.waiting();
        (self.held, self.visible, self.lag) = (true, 0, 0);
        waiting
    }

    /// Ends that. Returns how many packets wait that did not.
    pub(super) fn release(&mut self) -> u32 {
        let waiting = if self.held { self.hidden() } else { 0 };
        self.held = false;
        waiting
    }

    /// The mark of the event that pushed the oldest packet out of sight; 0 when there is none.
    pub(super) fn oldest_hidden(&self, store: &Store) -> u64 {
        store.cause_after(self.oldest, self.visible())
    }

    /// Whether the consumer may miss packets once more.
    #[inline]
    pub(super) fn may_lag(&self, lag_max: u32) -> bool {
        u32::from(self.lag) < lag_max
    }

    /// Counts a poll that missed packets, or one that saw all.
    #[inline]
    pub(super) const fn polled(&mut self, missed: bool) {
        self.lag = if missed { self.lag.saturating_add(1) } else { 0 };
    }

    /// Brings that many more packets in sight.
    pub(super) fn show(&mut self, more: u32) {
        self.visible += more as u16;
        debug_assert!(self.visible <= self.len);
    }

    /// Brings everything in sight, unless a test decides.
    pub(super) fn show_all(&mut self) {
        if !self.held {
            (self.visible, self.lag) = (self.len, 0);
        }
    }

    #[inline]
    pub(super) fn push(&mut self, store: &mut Store, packet: Packet, cause: u64) {
        self.newest = store.put(packet, cause, self.newest);
        if self.len == 0 {
            self.oldest = self.newest;
        }
        self.len += 1;
    }

    /// Takes the oldest visible packet, with the mark of the event that pushed it, and tells whether
    /// the one behind it was pushed later.
    #[inline]
    pub(super) fn pop(&mut self, store: &mut Store) -> Option<(Packet, u64, bool)> {
        if self.visible == 0 {
            return None;
        }
        let (packet, cause, next) = store.take(self.oldest)?;
        self.visible -= 1;
        self.len -= 1;
        self.oldest = next;
        if self.len == 0 {
            self.newest = NOWHERE;
            return Some((packet, cause, true));
        }
        Some((packet, cause, store.cause_of(next) > cause))
    }

    /// The planted bug: the two oldest packets change places.
    pub(super) fn swap_oldest(&self, store: &mut Store) {
        store.swap_with_next(self.oldest);
    }
}
