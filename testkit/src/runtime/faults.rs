//! Faults that a test asks for, and what came of those that were drawn.

use super::TestRuntime;
use crate::faults::{Fault, Faults, Peer};
use crate::net;

impl TestRuntime {
    /// Changes the rates of faults from now on. What has gone wrong stays wrong; see
    /// [`TestRuntime::heal`].
    pub fn set_faults(&mut self, faults: Faults) {
        self.world.set_faults(faults);
        self.enter_moved_deadlines();
    }

    /// How often a fault has had an effect.
    #[must_use]
    pub fn fault_effects(&self, fault: Fault) -> u64 {
        self.world.fault_state.effects(fault)
    }

    /// Lets nothing pass between two nodes, either way, until they are healed. What is on its way
    /// is lost; it is sent again after healing, as long as the sender has not given up.
    ///
    /// # Panics
    ///
    /// When there is no such node.
    pub fn partition(&mut self, a: impl Into<Peer>, b: impl Into<Peer>) {
        let (a, b) = (self.node_of(a.into()), self.node_of(b.into()));
        let links = &mut self.world.network.borrow_mut().links;
        links.cut((a, b), Fault::Partition, u64::MAX);
        links.cut((b, a), Fault::Partition, u64::MAX);
    }

    /// Lets nothing pass from one node to another until they are healed; the other way is free.
    ///
    /// # Panics
    ///
    /// When there is no such node.
    pub fn partition_one_way(&mut self, from: impl Into<Peer>, to: impl Into<Peer>) {
        let way = (self.node_of(from.into()), self.node_of(to.into()));
        self.world.network.borrow_mut().links.cut(way, Fault::OneWayPartition, u64::MAX);
    }

    /// Lets nothing pass between a node and all others until it is healed.
    ///
    /// # Panics
    ///
    /// When there is no such node.
    pub fn isolate(&mut self, node: impl Into<Peer>) {
        let node = self.node_of(node.into());
        net::steer(&self.world, |net| net.isolate(node, u64::MAX));
    }

    /// Lets nothing that is sent from one node to another from now on arrive before `time` has
    /// passed.
    ///
    /// # Panics
    ///
    /// When there is no such node.
    pub fn clog(&mut self, from: impl Into<Peer>, to: impl Into<Peer>, time: std::time::Duration) {
        let way = (self.node_of(from.into()), self.node_of(to.into()));
        net::steer(&self.world, |net| net.clog(way, time.as_nanos() as u64));
    }

    /// Clogs links that are drawn, about half of all, one after another within half of `time`, and
    /// frees them one after another, in another order, within the rest.
    pub fn swizzle_clog(&mut self, time: std::time::Duration) {
        net::steer(&self.world, |net| net.swizzle(time.as_nanos() as u64));
    }

    /// Lets nothing pass between those nodes and the others until they are healed.
    ///
    /// # Panics
    ///
    /// When there is no such node.
    pub fn split(&mut self, group: &[u16]) {
        for &node in group {
            self.number(node, 0);
        }
        net::steer(&self.world, |net| net.split(group, u64::MAX));
    }

    /// Lets the other nodes fall into two halves, drawn, that see nothing of each other until they
    /// are healed; `node` sees both.
    ///
    /// # Panics
    ///
    /// When there is no such node.
    pub fn bridge(&mut self, node: impl Into<Peer>) {
        let node = self.node_of(node.into());
        net::steer(&self.world, |net| net.bridge(node, u64::MAX));
    }

    /// Ends all partitions and clogs, those that were drawn as well; what they kept back goes on its
    /// way.
    pub fn heal(&mut self) {
        net::steer(&self.world, |net| net.heal(|_| true));
    }

    /// Ends what stands between two nodes, both ways.
    ///
    /// # Panics
    ///
    /// When there is no such node.
    pub fn heal_between(&mut self, a: impl Into<Peer>, b: impl Into<Peer>) {
        let (a, b) = (self.node_of(a.into()), self.node_of(b.into()));
        net::steer(&self.world, |net| net.heal(|way| way == (a, b) || way == (b, a)));
    }

    /// The faults that had a probability, and how often each has had an effect.
    pub(crate) fn enabled_effects(&self) -> Vec<(Fault, u64)> {
        let state = &self.world.fault_state;
        let enabled = Fault::ALL.into_iter().filter(|&fault| state.was_enabled(fault));
        enabled.map(|fault| (fault, state.effects(fault))).collect()
    }

    fn node_of(&self, peer: Peer) -> u16 {
        let nodes = &self.world.nodes;
        let found = match peer {
            Peer::Node(node) => Some(usize::from(node)).filter(|&node| node < nodes.len()),
            Peer::Address(address) => nodes.iter().position(|node| node.address == address),
        };
        found.unwrap_or_else(|| panic!("there is no node {peer:?}")) as u16
    }
}
