//! A test that decides itself what happens next.

use std::fmt;

use greenroom_core::{Instant, ShardId};

use super::TestRuntime;

/// Something that can happen next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Choice {
    /// A step of that shard: a round, or a part of its way into sleep.
    Shard {
        /// Its node.
        node: u16,
        /// Its number there.
        shard: u16,
    },
    /// The next event of the world: a timer, doorbell, completion or segment. Virtual time moves to
    /// that instant.
    Event(Instant),
}

impl TestRuntime {
    /// What can happen next: a step of each shard that can run, by node and shard, and then the
    /// next event. What is due happens first. Empty when nothing is left to do.
    ///
    /// # Panics
    ///
    /// As [`TestRuntime::step`].
    pub fn enabled(&mut self) -> Vec<Choice> {
        self.world.take_up_injected();
        self.deliver_due();
        self.forget_stale_events();
        let mut numbers = self.ready.clone();
        numbers.sort_unstable();
        let shard = |number: u32| {
            let place = self.world.shards[number as usize].place;
            Choice::Shard { node: place.node, shard: place.shard }
        };
        let next = self.world.events.borrow().next_at();
        let event = next.map(|at| Choice::Event(Instant::from_nanos(at)));
        numbers.into_iter().map(shard).chain(event).collect()
    }

    /// Lets the `index`th of [`TestRuntime::enabled`] happen, and says what it was.
    ///
    /// # Panics
    ///
    /// When there are not so many; and as [`TestRuntime::step`].
    pub fn choose(&mut self, index: usize) -> Choice {
        let enabled = self.enabled();
        let Some(&choice) = enabled.get(index) else {
            panic!("there is no choice {index} among {enabled:?}")
        };
        match choice {
            Choice::Shard { node, shard } => {
                let number = self.number(node, shard);
                self.run_step(number);
            }
            Choice::Event(_) => {
                self.jump(u64::MAX);
            }
        }
        choice
    }

    /// Holds the rings from one shard of a node to another: what is sent waits there, and nothing
    /// tells the receiver of it, until it is delivered one by one or released.
    ///
    /// # Panics
    ///
    /// When there is no such shard.
    pub fn hold(&mut self, node: u16, from: u16, to: u16) {
        let (from, to, number) = self.link(node, from, to);
        let counted = self.nodes[usize::from(node)].rings.hold(from, to);
        let inbound = &self.world.shards[number as usize].inbound;
        inbound.set(inbound.get() - counted);
    }

    /// Lets the rings from one shard to another go on as others do. Nothing happens where they are
    /// not held.
    ///
    /// # Panics
    ///
    /// When there is no such shard.
    pub fn release(&mut self, node: u16, from: u16, to: u16) {
        let (from, to, number) = self.link(node, from, to);
        let counted = self.nodes[usize::from(node)].rings.release(from, to);
        self.arrives(number, counted);
    }

    /// Delivers the oldest packet that one shard has in its rings to another, system packets first,
    /// and runs the receiver until it has taken it. The rings are held from then on. What other
    /// rings show the receiver it may take as well: hold those that it must not. False when there
    /// is no packet in the rings: the sender may still have to run.
    ///
    /// # Panics
    ///
    /// When there is no such shard; when the receiver stands still, because of a stall or because it
    /// is slow: let time pass until it goes on; and as [`TestRuntime::step`].
    pub fn deliver_next(&mut self, node: u16, from: u16, to: u16) -> bool {
        self.hold(node, from, to);
        let (from, to, number) = self.link(node, from, to);
        self.goes_on(number);
        if !self.nodes[usize::from(node)].rings.show_next(from, to) {
            return false;
        }
        self.arrives(number, 1);
        while self.nodes[usize::from(node)].rings.shows(from, to) {
            self.goes_on(number);
            self.rouse(number);
            self.run_step(number);
        }
        true
    }

    /// Sees to it that a shard that is to run does not stand still.
    fn goes_on(&self, number: u32) {
        let state = &self.world.shards[number as usize];
        let (place, left) =
            (state.place, state.stalled_until.get().saturating_sub(self.world.now()));
        assert!(left == 0, "{place:?} stands still, for another {left} ns");
    }

    /// Counts packets that have come in sight of a shard, and lets it run.
    fn arrives(&mut self, number: u32, packets: u32) {
        if packets > 0 {
            let inbound = &self.world.shards[number as usize].inbound;
            inbound.set(inbound.get() + packets);
            self.rouse(number);
        }
    }

    /// Both ends of a link, and the receiver's number among all shards.
    fn link(&self, node: u16, from: u16, to: u16) -> (ShardId, ShardId, u32) {
        self.number(node, from);
        (ShardId(from), ShardId(to), self.number(node, to))
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shard { node, shard } => write!(f, "a step of n{node}.{shard}"),
            Self::Event(at) => write!(f, "the next event, at {at:?}"),
        }
    }
}
