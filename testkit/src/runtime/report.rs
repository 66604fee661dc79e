//! What a run looks like when it has failed.

use std::fmt::Write;

use greenroom_core::runtime::Lane;
use greenroom_core::{Instant, Pid, ShardId, Wait};

use super::TestRuntime;
use crate::world::{NodeState, Phase};

/// Records at the end of a report.
const LAST_RECORDS: usize = 12;

impl TestRuntime {
    /// Which run this is: one line.
    pub(crate) fn headline(&self) -> String {
        format!(
            "seed {:#x}, policy {}, virtual time {:?}, {} turns, {} events, hash {:#018x}",
            self.world.seed,
            self.world.swarm.policy,
            self.now(),
            self.turns,
            self.events(),
            self.trace_hash()
        )
    }

    /// Where everything stands: a circle of waits if there is one, then shard by shard who waits
    /// for what, packets that were not delivered, and the last events.
    #[must_use]
    pub fn report(&self) -> String {
        let mut report = self.headline();
        report.push('\n');
        if let Some(cycle) = self.wait_cycle() {
            report.push_str("  a circle of waits: ");
            for &pid in cycle.iter().chain(cycle.first()) {
                let arrow = if report.ends_with(": ") { "" } else { " -> " };
                let _ = write!(report, "{arrow}{}", self.called(pid));
            }
            report.push('\n');
        }
        for (number, node) in (0u16..).zip(&self.world.nodes) {
            self.report_node(&mut report, number, node);
        }
        report.push_str("  last events:\n");
        for record in self.records(LAST_RECORDS) {
            let _ = writeln!(report, "    {record:?}");
        }
        report
    }

    fn report_node(&self, report: &mut String, number: u16, node: &NodeState) {
        for shard in 0..node.shards {
            self.report_shard(report, node, shard);
        }
        for ring in self.nodes[usize::from(number)].rings.undelivered() {
            let state = &self.world.shards[(node.first_shard + u32::from(ring.to.0)) as usize];
            let asleep = state.phase.get() == Phase::Parked && state.bells.get() == 0;
            let _ = writeln!(
                report,
                "  {} ring {} -> {}, {:?} lane: {} packets{}{}",
                node.name,
                ring.from,
                ring.to,
                ring.lane,
                ring.packets,
                if ring.full { ", full" } else { "" },
                if asleep { ", and the shard is parked with no doorbell under way" } else { "" },
            );
        }
    }

    fn report_shard(&self, report: &mut String, node: &NodeState, shard: u16) {
        let number = node.first_shard + u32::from(shard);
        let (state, core) =
            (&self.world.shards[number as usize], &self.cells[number as usize].shard);
        let used = core.in_use();
        let deadline = Instant::from_nanos(state.deadline.get());
        let _ = write!(
            report,
            "  {} shard {shard}: {:?}, next timer {deadline:?}, {} tasks ({} ready)",
            node.name,
            state.phase.get(),
            used.tasks,
            used.ready,
        );
        let _ = writeln!(
            report,
            ", {} operations, {} calls, {} packets to leave",
            used.operations,
            used.replies,
            self.outgoing(number),
        );
        for wait in core.waits() {
            let _ = writeln!(report, "    {}", self.describe(&wait));
        }
    }

    fn describe(&self, wait: &Wait) -> String {
        let somebody = |from: &Option<Pid>| from.map_or("somebody".into(), |pid| self.called(pid));
        match wait {
            Wait::Reply { from, to, deadline } => {
                let (from, to) = (self.called(*from), self.called(*to));
                format!("{from} waits for an answer of {to}, until {deadline:?}")
            }
            Wait::Room { from, to } => {
                format!("{} waits for room at {}", somebody(from), self.called(*to))
            }
            Wait::Busy { actor, queued, overflow } => {
                let actor = self.called(*actor);
                format!("{actor} is in a handler, {queued} queued, {overflow} in overflow")
            }
            other => other.to_string(),
        }
    }

    /// A pid with its actor's name, where it has one.
    fn called(&self, pid: Pid) -> String {
        let node = self.nodes.iter().position(|node| node.registration.node() == pid.node());
        let Some(node) = node else { return pid.to_string() };
        let state = &self.world.nodes[node];
        if pid.shard().0 >= state.shards {
            return pid.to_string();
        }
        let number = state.first_shard + u32::from(pid.shard().0);
        let name = self.cells[number as usize].observer.name(pid.slot(), pid.generation());
        match name {
            Some(name) => format!("{pid} ({name})"),
            None => format!("{pid} (a task)"),
        }
    }

    /// Packets that a shard has in its outboxes.
    pub(super) fn outgoing(&self, number: u32) -> usize {
        let shard = &self.cells[number as usize].shard;
        let peers = (0..shard.shards()).map(ShardId);
        peers
            .map(|peer| Lane::ALL.map(|lane| shard.outgoing(peer, lane)).iter().sum::<usize>())
            .sum()
    }
}
