//! Questions to a runtime.

use std::path::PathBuf;

use greenroom_core::{InUse, Instant, Ledger, System, Ties, TypeLedger, Wait};

use super::TestRuntime;
use crate::draws::{Decision, Site};
use crate::maybe::MaybeSite;
use crate::policy::Policy;
use crate::replay::{DecisionLog, Drift, Taken, Tape};
use crate::trace::{Checkpoints, Close, Record};

impl TestRuntime {
    /// Virtual time.
    #[must_use]
    pub fn now(&self) -> Instant {
        Instant::from_nanos(self.world.now())
    }

    /// The seed this run is a function of.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.world.seed
    }

    /// The policy that chooses the next shard.
    #[must_use]
    pub fn policy(&self) -> Policy {
        self.world.swarm.policy
    }

    /// How many packets a ring of user messages holds in this run.
    #[must_use]
    pub fn ring_depth(&self) -> u32 {
        self.world.swarm.ring_user
    }

    /// Rounds of shards so far.
    #[must_use]
    pub const fn turns(&self) -> u64 {
        self.turns
    }

    /// A node's system, for [`TestRuntime::on`] and comparisons; it acts only inside its shards.
    ///
    /// # Panics
    ///
    /// When there is no such node.
    #[must_use]
    pub fn system(&self, node: u16) -> System {
        let number = self.number(node, 0);
        let system = self.cells[number as usize].shard.enter(System::current);
        system.expect("a shard was just entered")
    }

    /// What became of every message that a shard accepted.
    ///
    /// # Panics
    ///
    /// When there is no such shard.
    #[must_use]
    pub fn ledger(&self, node: u16, shard: u16) -> Ledger {
        self.cells[self.number(node, shard) as usize].shard.ledger()
    }

    /// The same for each type of actor.
    ///
    /// # Panics
    ///
    /// When there is no such shard.
    #[must_use]
    pub fn ledger_by_type(&self, node: u16, shard: u16) -> Vec<TypeLedger> {
        self.cells[self.number(node, shard) as usize].shard.ledger_by_type()
    }

    /// Checks that the ledger of every shard adds up, type by type. Done as well whenever a root has
    /// finished, and whenever nothing can move.
    ///
    /// # Panics
    ///
    /// When one does not.
    pub fn check_ledgers(&self) {
        for (cell, state) in self.cells.iter().zip(&self.world.shards) {
            if let Err(error) = cell.shard.check_ledger() {
                panic!("{:?}: {error}\n{}", state.place, self.headline());
            }
        }
    }

    /// What is in use on a shard.
    ///
    /// # Panics
    ///
    /// When there is no such shard.
    #[must_use]
    pub fn in_use(&self, node: u16, shard: u16) -> InUse {
        self.cells[self.number(node, shard) as usize].shard.in_use()
    }

    /// Who waits for what on a shard.
    ///
    /// # Panics
    ///
    /// When there is no such shard.
    #[must_use]
    pub fn waits(&self, node: u16, shard: u16) -> Vec<Wait> {
        self.cells[self.number(node, shard) as usize].shard.waits()
    }

    /// Whom each actor of a shard is bound to.
    ///
    /// # Panics
    ///
    /// When there is no such shard.
    #[must_use]
    pub fn ties(&self, node: u16, shard: u16) -> Vec<Ties> {
        self.cells[self.number(node, shard) as usize].shard.ties()
    }

    /// Packets that were pushed into a node's rings and not taken out, and those that wait in
    /// outboxes for room.
    ///
    /// # Panics
    ///
    /// When there is no such node.
    #[must_use]
    pub fn packets_under_way(&self, node: u16) -> usize {
        let first = self.number(node, 0);
        let rings = self.nodes[usize::from(node)].rings.undelivered();
        let in_rings: u32 = rings.iter().map(|ring| ring.packets).sum();
        let shards = self.world.nodes[usize::from(node)].shards;
        let outgoing = (first..first + u32::from(shards)).map(|number| self.outgoing(number));
        in_rings as usize + outgoing.sum::<usize>()
    }

    /// The files on a node's disk that have a name, and how many bytes they hold.
    ///
    /// # Panics
    ///
    /// When there is no such node.
    #[must_use]
    pub fn files(&self, node: u16) -> Vec<(PathBuf, u64)> {
        self.number(node, 0);
        self.world.disks.borrow().list(node)
    }

    /// The hash of everything that has happened.
    #[must_use]
    pub fn trace_hash(&self) -> u64 {
        self.world.trace.hash()
    }

    /// How many events have happened.
    #[must_use]
    pub fn events(&self) -> u64 {
        self.world.trace.events()
    }

    /// The last `count` events, oldest first; at most 4,096 are kept unless the
    /// builder said to keep the trace.
    #[must_use]
    pub fn records(&self, count: usize) -> Vec<Record> {
        self.world.trace.shown(count)
    }

    /// All events that are kept, oldest first.
    pub(crate) fn all_records(&self) -> Vec<Record> {
        self.world.trace.records(usize::MAX)
    }

    /// Every choice that was made, if the builder said to log them.
    #[must_use]
    pub fn decisions(&self) -> Vec<Decision> {
        self.world.draws.tape().map(Tape::decisions).unwrap_or_default()
    }

    /// Every choice that was made, as a log that [`crate::Builder::replay`] takes; without choices
    /// unless the builder said to log them or to replay.
    #[must_use]
    pub fn decision_log(&self) -> DecisionLog {
        DecisionLog {
            test: String::new(),
            seed: self.world.seed,
            shards: self.world.nodes.iter().map(|node| node.shards).collect(),
            decisions: self.decisions(),
        }
    }

    /// How far a replay has been from its record until now; nothing when nothing is replayed.
    /// Choices that are still to come count as unused.
    #[must_use]
    pub fn drift(&self) -> Option<Drift> {
        self.world.draws.tape().and_then(Tape::drift)
    }

    /// Which shard ran when, where choices are recorded.
    pub(crate) fn schedule_taken(&self) -> Taken {
        self.world.draws.tape().map(Tape::schedule).unwrap_or_default()
    }

    /// How much of a workload to do: `most`, and less in a run that looks for a smaller failure.
    /// Whoever counts operations, messages or clients should ask here.
    #[must_use]
    pub fn extent(&self, most: u64) -> u64 {
        self.world.draws.fixed(Site::Extent, 0, most.saturating_add(1), most)
    }

    /// A number below `n` out of this run's seed, for workloads.
    ///
    /// # Panics
    ///
    /// When `n` is 0.
    #[must_use]
    pub fn draw(&self, n: u64) -> u64 {
        assert!(n > 0, "there is no number below 0");
        self.world.draws.below(Site::Test, 0, n)
    }

    /// The sites of [`greenroom_core::maybe!`] that the run has come by, by name.
    #[must_use]
    pub fn maybe_sites(&self) -> Vec<MaybeSite> {
        self.world.maybe_sites.all()
    }

    /// What was kept for a comparison.
    pub(crate) fn looked_at_closely(&self) -> Vec<Close> {
        self.world.trace.close()
    }

    pub(crate) fn checkpoints(&self) -> Checkpoints {
        self.world.trace.checkpoints()
    }
}
