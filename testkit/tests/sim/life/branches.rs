//! Supervision trees drawn at random.

use std::collections::BTreeMap;
use std::time::Duration;

use greenroom_core::supervision::{
    AutoShutdown, Backoff, Budget, ChildShutdown, ChildSpec, DynamicSupervisor, Restart, Strategy,
    SupervisorSpec,
};
use greenroom_core::{ActorConfig, Placement, StopMode};
use greenroom_testkit::TestRuntime;

use super::shards;
use super::workers::{Log, Worker};

const MILLI: Duration = Duration::from_millis(1);
/// More restarts than there are in a run.
const PLENTY: Budget = Budget::new(100_000, Duration::from_secs(1));

/// What was drawn of a child, by its id, which is unique in the tree.
#[derive(Clone, Copy, Debug)]
pub(super) struct Drawn {
    pub(super) restart: Restart,
    pub(super) budget: Budget,
}

pub(super) struct Tree {
    pub(super) strategy: Strategy,
    pub(super) budget: Budget,
    /// Whether budgets are such that nobody is ever given up.
    pub(super) generous: bool,
    pub(super) drawn: BTreeMap<String, Drawn>,
    log: Log,
}

impl Tree {
    /// A tree and what there is to know of it.
    pub(super) fn draw(sim: &TestRuntime, log: &Log, generous: bool) -> (SupervisorSpec, Self) {
        let mut tree = Self {
            strategy: Strategy::OneForOne,
            budget: PLENTY,
            generous,
            drawn: BTreeMap::new(),
            log: log.clone(),
        };
        let (spec, strategy, budget) = tree.supervisor(sim, 0);
        (tree.strategy, tree.budget) = (strategy, budget);
        (spec, tree)
    }

    fn budget(&self, sim: &TestRuntime) -> Budget {
        if self.generous {
            PLENTY
        } else {
            Budget::new(sim.draw(6) as u32, MILLI * (1 + sim.draw(20) as u32))
        }
    }

    fn supervisor(&mut self, sim: &TestRuntime, depth: u32) -> (SupervisorSpec, Strategy, Budget) {
        let strategy = match sim.draw(4) {
            0 | 1 => Strategy::OneForOne,
            2 => Strategy::OneForAll,
            _ => Strategy::RestForOne,
        };
        let budget = self.budget(sim);
        let mut spec = SupervisorSpec::new(strategy).budget(budget);
        if !self.generous {
            spec = spec.auto_shutdown(match sim.draw(4) {
                0 => AutoShutdown::AnySignificant,
                1 => AutoShutdown::AllSignificant,
                _ => AutoShutdown::Never,
            });
            if sim.draw(3) == 0 {
                spec = spec.healthy_min(sim.draw(2) as usize);
            }
        }
        for _ in 0..1 + sim.draw(4) {
            let child = match sim.draw(6) {
                0 if depth < 2 => self.inner(sim, depth),
                _ => self.worker(sim),
            };
            spec = spec.child(child);
        }
        (spec, strategy, budget)
    }

    fn inner(&mut self, sim: &TestRuntime, depth: u32) -> ChildSpec {
        let spec = match sim.draw(3) {
            0 => DynamicSupervisor::with_budget(self.budget(sim)),
            _ => self.supervisor(sim, depth + 1).0,
        };
        let id = format!("s{}", self.drawn.len());
        let child = ChildSpec::supervisor(id.clone(), spec);
        self.child(sim, id, child, Restart::Permanent)
    }

    /// A worker as a child that was not there before.
    pub(super) fn worker(&mut self, sim: &TestRuntime) -> ChildSpec {
        let restart = match sim.draw(6) {
            0 => Restart::Transient,
            1 => Restart::Temporary,
            _ => Restart::Permanent,
        };
        let stop_mode = match sim.draw(3) {
            0 => StopMode::AbortAtAwait { grace: MILLI },
            _ => StopMode::BetweenMessages,
        };
        let config = ActorConfig { stop_mode, ..ActorConfig::default() };
        let (id, log) = (format!("w{}", self.drawn.len()), self.log.clone());
        let child = ChildSpec::with_config(id.clone(), config, move || Worker::new(log.clone()));
        let child = child.shutdown(match sim.draw(4) {
            0 => ChildShutdown::Kill,
            1 => ChildShutdown::Wait,
            _ => ChildShutdown::Within(MILLI * (1 + sim.draw(30) as u32)),
        });
        self.child(sim, id, child, restart)
    }

    fn child(
        &mut self,
        sim: &TestRuntime,
        id: String,
        child: ChildSpec,
        restart: Restart,
    ) -> ChildSpec {
        let budget = self.budget(sim);
        self.drawn.insert(id, Drawn { restart, budget });
        let shard = sim.draw(u64::from(shards(sim))) as u16;
        let mut child = child.restart(restart).budget(budget).placement(Placement::Shard(shard));
        if sim.draw(3) == 0 {
            let most = MILLI * (1 + sim.draw(50) as u32);
            child = child.backoff(Backoff::exponential(most / 4, most));
        }
        if !self.generous && sim.draw(3) == 0 {
            child = child.significant();
        }
        child
    }
}
