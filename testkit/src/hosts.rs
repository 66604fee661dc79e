//! What hosts are called, and where they were before.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::faults::Fault;
use crate::world::World;

/// The names that look-ups know.
#[derive(Debug)]
pub(crate) struct Hosts {
    by_name: BTreeMap<String, Host>,
}

#[derive(Clone, Copy, Debug)]
struct Host {
    address: IpAddr,
    /// Where it was before it moved, and when it did.
    before: Option<(IpAddr, u64)>,
}

impl Hosts {
    pub(crate) fn new(names: BTreeMap<String, IpAddr>) -> Self {
        let host = |(name, address)| (name, Host { address, before: None });
        Self { by_name: names.into_iter().map(host).collect() }
    }

    /// Gives a host another address.
    pub(crate) fn move_to(&mut self, name: String, address: IpAddr, now: u64) {
        let host = self.by_name.entry(name).or_insert(Host { address, before: None });
        *host = Host { address, before: Some((host.address, now)) };
    }
}

impl World {
    /// What a shard is told of a host: where it is, or, for a while after it has moved, where it
    /// was.
    pub(crate) fn look_up(&self, shard: u32, name: &str) -> Option<IpAddr> {
        let host = *self.hosts.borrow().by_name.get(name)?;
        let lag = self.fault_extents().name_lag_max;
        if let Some((before, moved)) = host.before
            && before != host.address
            && self.now() - moved < lag
            && self.goes_wrong(Fault::StaleName, shard)
        {
            self.went_wrong(Fault::StaleName, self.node_of(shard), self.now() - moved);
            return Some(before);
        }
        Some(host.address)
    }
}
