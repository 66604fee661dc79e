//! The process-wide table: which nodes live in this process and how to reach their shards.
//!
//! Several systems, and any number of simulated nodes, share one process. A waker, a reply port or
//! an outside thread may hold on to any of them for ever, so what they hold is an index, and this
//! table is the one place that says whether the index still means something. It is locked only on
//! slow paths: messages between shards of one node never come here.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::pid::{NodeId, ShardId, ShardSerial};
use crate::runtime::{Injected, Injector};
use crate::shard::{Shard, current};
use crate::vitals::{NodeVitals, OwnVitals};

/// A node's place in the table; the node leaves the table when this is dropped.
#[derive(Debug)]
pub struct NodeRegistration {
    node: NodeId,
    /// Process-unique numbers of the node's shards, by shard.
    uniques: Vec<u16>,
    vitals: Arc<NodeVitals>,
}

struct Node {
    name: Arc<str>,
    incarnation: u32,
    /// The simulation it is in; 0 for none.
    world: u64,
    /// Process-unique numbers of the node's shards, by shard.
    uniques: Vec<u16>,
    /// Which of its shards were built.
    built: Vec<bool>,
    vitals: Arc<NodeVitals>,
}

struct Table {
    nodes: BTreeMap<u32, Node>,
    node_next: u32,
    /// Injectors by process-unique shard number; `None` when the number is free.
    shards: Vec<Option<Arc<dyn Injector>>>,
    /// Free numbers, oldest first, so that a stale waker's number stays unused as long as possible.
    free: VecDeque<u16>,
    /// How many incarnations each node name had.
    incarnations: BTreeMap<Arc<str>, u32>,
}

static TABLE: RwLock<Table> = RwLock::new(Table {
    nodes: BTreeMap::new(),
    node_next: 0,
    shards: Vec::new(),
    free: VecDeque::new(),
    incarnations: BTreeMap::new(),
});

fn read() -> RwLockReadGuard<'static, Table> {
    TABLE.read().unwrap_or_else(PoisonError::into_inner)
}

fn write() -> RwLockWriteGuard<'static, Table> {
    TABLE.write().unwrap_or_else(PoisonError::into_inner)
}

/// Enters a node with one injector per shard.
///
/// # Errors
///
/// The number of injectors given, when the process already runs so many shards that 16 bits cannot
/// number these as well; nothing was entered.
pub fn register_node(
    name: &str,
    injectors: Vec<Arc<dyn Injector>>,
) -> Result<NodeRegistration, usize> {
    enter(name, injectors, |table, name| {
        let seen = table.incarnations.entry(name.clone()).or_insert(0);
        *seen += 1;
        (0, *seen)
    })
}

/// Enters a node of a simulation, which is the process's `world`-th and counts the incarnations of
/// its nodes itself: what a pid is spelled as must not depend on how many others there are.
///
/// # Errors
///
/// As [`register_node`].
pub fn register_simulated(
    world: u64,
    (name, incarnation): (&str, u32),
    injectors: Vec<Arc<dyn Injector>>,
) -> Result<NodeRegistration, usize> {
    enter(name, injectors, |_, _| (world, incarnation))
}

fn enter(
    name: &str,
    injectors: Vec<Arc<dyn Injector>>,
    number: impl FnOnce(&mut Table, &Arc<str>) -> (u64, u32),
) -> Result<NodeRegistration, usize> {
    let mut table = write();
    let count = injectors.len();
    if table.shards.len() - table.free.len() + count > usize::from(u16::MAX) {
        return Err(count);
    }
    let node = NodeId::new(table.node_next);
    // One index per shard, so that index plus shard number is never used twice either.
    let indices = u32::try_from(count).unwrap_or(u32::MAX).max(1);
    let next = table.node_next.checked_add(indices);
    table.node_next = next.expect("four billion shards in one process");
    let name: Arc<str> = name.into();
    let (world, incarnation) = number(&mut table, &name);
    let uniques: Vec<u16> = injectors.into_iter().map(|injector| table.number(injector)).collect();
    let built = vec![false; count];
    let vitals = Arc::new(NodeVitals::new(node, count));
    let (numbers, seen) = (uniques.clone(), vitals.clone());
    let entry = Node { name, incarnation, world, uniques: numbers, built, vitals: seen };
    table.nodes.insert(node.index(), entry);
    Ok(NodeRegistration { node, uniques, vitals })
}

impl Table {
    fn number(&mut self, injector: Arc<dyn Injector>) -> u16 {
        if self.shards.len() < usize::from(u16::MAX) {
            self.shards.push(Some(injector));
            return (self.shards.len() - 1) as u16;
        }
        let unique = self.free.pop_front().expect("counted before");
        self.shards[usize::from(unique)] = Some(injector);
        unique
    }
}

/// Notes that a shard is being built, and gives what can be seen of it; `None` where there is no such
/// shard, or it was built before.
/// Ports and claims believe that a shard's serial number is the name of one table of reply slots.
pub(crate) fn build(node: NodeId, shard: ShardId, unique: u16) -> Option<OwnVitals> {
    let mut table = write();
    let node = table.nodes.get_mut(&node.index())?;
    let known = node.uniques.get(shard.index()) == Some(&unique);
    if !known || std::mem::replace(&mut node.built[shard.index()], true) {
        return None;
    }
    OwnVitals::new(node.vitals.clone(), shard)
}

/// What can be seen of the shards of a node that is still in this process.
pub(crate) fn vitals(node: NodeId) -> Option<Arc<NodeVitals>> {
    read().nodes.get(&node.index()).map(|entry| entry.vitals.clone())
}

impl NodeRegistration {
    /// The node's identity.
    #[must_use]
    pub const fn node(&self) -> NodeId {
        self.node
    }

    /// What can be seen of the node's shards from outside, for a watchdog.
    #[must_use]
    pub fn vitals(&self) -> Arc<NodeVitals> {
        self.vitals.clone()
    }

    /// The process-unique number of one of the node's shards, as its wakers carry it.
    ///
    /// # Panics
    ///
    /// When the node has no such shard.
    #[must_use]
    pub fn unique(&self, shard: ShardId) -> u16 {
        self.uniques[shard.index()]
    }
}

impl Drop for NodeRegistration {
    fn drop(&mut self) {
        let mut gone = Vec::with_capacity(self.uniques.len());
        {
            let mut table = write();
            table.nodes.remove(&self.node.index());
            for &unique in &self.uniques {
                gone.push(table.shards[usize::from(unique)].take());
                table.free.push_back(unique);
            }
        }
        // Injectors may own queued closures: their drop must not run under the table's lock.
        drop(gone);
    }
}

/// The name and incarnation of a node that is still in this process.
pub(crate) fn node_name(node: NodeId) -> Option<(Arc<str>, u32)> {
    read().nodes.get(&node.index()).map(|entry| (entry.name.clone(), entry.incarnation))
}

/// The node of that name and incarnation, if it is in this process: of several, which are in
/// simulations, the one that is in this thread's.
pub(crate) fn find_node(name: &str, incarnation: u32) -> Option<NodeId> {
    let here = current::with(Shard::node);
    let table = read();
    let here = here.and_then(|node| table.nodes.get(&node.index())).map_or(0, |node| node.world);
    let named = |(_, n): &(&u32, &Node)| *n.name == *name && n.incarnation == incarnation;
    let mut found: Vec<_> = table.nodes.iter().filter(named).collect();
    if found.len() > 1 {
        found.retain(|(_, node)| node.world == here);
    }
    found.first().map(|&(&index, _)| NodeId::new(index))
}

/// Hands `injected` to a shard by node and number; gives it back when that shard is gone.
pub(crate) fn inject(node: NodeId, shard: ShardId, injected: Injected) -> Result<(), Injected> {
    let injector = {
        let table = read();
        let unique = table.nodes.get(&node.index()).and_then(|n| n.uniques.get(shard.index()));
        unique.and_then(|&unique| table.shards[usize::from(unique)].clone())
    };
    match injector {
        Some(injector) => injector.inject(injected),
        None => Err(injected),
    }
}

/// The same by the shard's serial number.
pub(crate) fn inject_to(serial: ShardSerial, injected: Injected) -> Result<(), Injected> {
    let injector = {
        let table = read();
        let unique = table.nodes.iter().rev().find_map(|(&index, node)| {
            node.uniques.get(serial.within(NodeId::new(index)) as usize)
        });
        unique.and_then(|&unique| table.shards[usize::from(unique)].clone())
    };
    match injector {
        Some(injector) => injector.inject(injected),
        None => Err(injected),
    }
}

/// Tells the shard with that process-unique number, if there still is one, that a task's waker was
/// cloned away from it.
pub(crate) fn lend(unique: u16, slot: u32, generation_low: u32) {
    let injector = read().shards.get(usize::from(unique)).cloned().flatten();
    if let Some(injector) = injector {
        let note = move |shard: &Shard| shard.tasks.lend(slot, generation_low);
        // A shard that is gone has no task left to watch.
        drop(injector.inject(Injected::Run(Box::new(note))));
    }
}

/// Hands a wake-up to the shard with that process-unique number, if there still is one.
pub(crate) fn wake(unique: u16, slot: u32, generation_low: u32) {
    let injector = read().shards.get(usize::from(unique)).cloned().flatten();
    if let Some(injector) = injector {
        // A shard that is gone has no task left to wake.
        drop(injector.inject(Injected::Wake { slot, generation_low }));
    }
}
