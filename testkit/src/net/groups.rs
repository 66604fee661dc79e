//! What goes wrong between many nodes at once.

use super::links::Way;
use super::operate::Net;
use crate::draws::Site;
use crate::faults::Fault;
use crate::world::World;

impl Net<'_> {
    /// Draws, as something sets out from a node, what goes wrong between all of them.
    pub(super) fn draw_groups(&mut self, from: u32) {
        let world = self.world;
        let until = || world.now() + world.fault_time(from, |times| times.partition_max);
        if world.goes_wrong(Fault::Split, from) {
            let group = self.some_nodes(from);
            self.split(&group, until());
        }
        if world.goes_wrong(Fault::Bridge, from) {
            let node = world.draws.below(Site::Fault, from, world.nodes.len() as u64) as u16;
            self.bridge(node, until());
        }
        if world.goes_wrong(Fault::SwizzleClog, from) {
            self.swizzle(world.fault_time(from, |times| times.clog_max));
        }
    }

    /// Each node with even odds.
    fn some_nodes(&self, place: u32) -> Vec<u16> {
        let draws = &self.world.draws;
        let nodes = 0..self.world.nodes.len() as u16;
        nodes.filter(|_| draws.below(Site::Fault, place, 2) == 1).collect()
    }

    /// Cuts a group of nodes off the others.
    pub(crate) fn split(&mut self, group: &[u16], until: u64) {
        self.cut_between(group, &[], Fault::Split, until);
    }

    /// Lets the nodes fall into two halves, drawn, that only one node sees both of.
    pub(crate) fn bridge(&mut self, node: u16, until: u64) {
        let place = u32::from(node);
        let mut others: Vec<u16> = (0..self.world.nodes.len() as u16).collect();
        others.retain(|&other| other != node);
        for place_of in (1..others.len()).rev() {
            let with = self.world.draws.below(Site::Fault, place, place_of as u64 + 1);
            others.swap(place_of, with as usize);
        }
        let half = others.len() / 2;
        self.cut_between(&others[..half], &[node], Fault::Bridge, until);
    }

    /// Cuts a group of nodes off all but those of another.
    fn cut_between(&mut self, group: &[u16], spared: &[u16], fault: Fault, until: u64) {
        let others = 0..self.world.nodes.len() as u16;
        for other in others.filter(|node| !group.contains(node) && !spared.contains(node)) {
            for &node in group {
                self.cut_both((node, other), fault, until);
            }
        }
    }

    /// Clogs links that are drawn, one after another within half of that time, and frees them one
    /// after another, in another order, within the rest.
    pub(crate) fn swizzle(&mut self, time: u64) {
        let (now, half) = (self.world.now(), (time / 2).max(1));
        for way in self.ways() {
            let draw = |n| self.world.draws.below(Site::Fault, u32::from(way.0), n);
            if draw(2) == 1 {
                let span = (now + draw(half), now + half + draw(half));
                self.network.links.clog(way, span, Fault::SwizzleClog, now);
            }
        }
    }

    fn ways(&self) -> Vec<Way> {
        let nodes = 0..self.world.nodes.len() as u16;
        let all = nodes.clone().flat_map(|from| nodes.clone().map(move |to| (from, to)));
        all.filter(|(from, to)| from != to).collect()
    }
}

impl World {
    /// Draws whether bytes that arrive at a node are not those that were sent.
    pub(super) fn corrupt(&self, node: u16, bytes: &mut [u8]) {
        let place = u32::from(node);
        if !bytes.is_empty() && self.goes_wrong(Fault::Corruption, place) {
            let bit = self.draws.below(Site::Fault, place, bytes.len() as u64 * 8);
            bytes[(bit / 8) as usize] ^= 1 << (bit % 8);
            self.went_wrong(Fault::Corruption, node, bit);
        }
    }
}
