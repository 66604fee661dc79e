//! The faults of one run.

use std::cell::Cell;

use super::rates::{MILLION, Times};
use super::{Crash, Fault, Faults};
use crate::draws::Site;
use crate::events::What;
use crate::trace::Kind;
use crate::world::World;

/// Rates, and what came of them.
#[derive(Debug)]
pub(crate) struct FaultState {
    rates: Cell<Faults>,
    /// Whether a fault had a probability at any time of the run.
    enabled: [Cell<bool>; Fault::COUNT],
    effects: [Cell<u64>; Fault::COUNT],
}

impl FaultState {
    pub(crate) fn new(faults: Faults) -> Self {
        let state = Self {
            rates: Cell::new(Faults::none()),
            enabled: Default::default(),
            effects: Default::default(),
        };
        state.set(faults);
        state
    }

    /// Changes the rates from now on.
    pub(crate) fn set(&self, faults: Faults) {
        self.rates.set(faults);
        for fault in faults.enabled() {
            self.enabled[fault as usize].set(true);
        }
    }

    pub(crate) const fn nodes_down_max(&self) -> usize {
        self.rates.get().times.nodes_down_max as usize
    }

    pub(crate) fn effects(&self, fault: Fault) -> u64 {
        self.effects[fault as usize].get()
    }

    pub(crate) fn was_enabled(&self, fault: Fault) -> bool {
        self.enabled[fault as usize].get()
    }
}

impl World {
    /// Whether a fault happens, at its rate. No choice is made at a rate of 0.
    #[inline]
    pub(crate) fn goes_wrong(&self, fault: Fault, place: u32) -> bool {
        let rate = self.fault_state.rates.get().rate(fault);
        rate > 0 && self.unlikely(place, rate)
    }

    /// The same, at a rate of its own where the test gave none.
    pub(crate) fn goes_wrong_or(&self, fault: Fault, place: u32, default: u32) -> bool {
        let rate = self.fault_state.rates.get().rate(fault);
        self.unlikely(place, if rate == 0 { default } else { rate })
    }

    /// Yes with a probability in parts of a million.
    #[cold]
    pub(crate) fn unlikely(&self, place: u32, rate: u32) -> bool {
        // The first of the choices is that all goes well: what replays a run with a choice missing
        // takes that.
        self.draws.below(Site::Fault, place, MILLION) >= MILLION - u64::from(rate)
    }

    /// Draws, as a shard submits an operation, whether its node goes down before or after that has
    /// its effect.
    pub(crate) fn draw_crash(&self, shard: u32) {
        let node = self.node_of(shard);
        for (fault, how) in [(Fault::PowerLoss, Crash::Power), (Fault::ProcessKill, Crash::Process)]
        {
            let boots = self.nodes[usize::from(node)].boots.get();
            if boots && self.goes_wrong(fault, shard) {
                let delay = self.draws.heavy_tail(Site::Fault, shard, self.swarm.device);
                self.enter_after(delay, What::Crash(node, how));
            }
        }
    }

    /// How long something drawn lasts: as likely a thousandth of the longest time as nearly all.
    pub(crate) fn fault_time(&self, place: u32, longest: impl Fn(&Times) -> u64) -> u64 {
        let longest = longest(&self.fault_state.rates.get().times).max(1);
        let scale = self.draws.below(Site::Fault, place, 10);
        1 + self.draws.below(Site::Fault, place, (longest >> scale).max(1))
    }

    /// An extra delay, with a heavy tail.
    pub(crate) fn fault_delay(&self, place: u32) -> u64 {
        let typical = self.fault_state.rates.get().times.delay_typical;
        self.draws.heavy_tail(Site::Fault, place, typical)
    }

    /// Counts that a fault has had an effect on a node, and notes it.
    pub(crate) fn went_wrong(&self, fault: Fault, node: u16, detail: u64) {
        let effects = &self.fault_state.effects[fault as usize];
        effects.set(effects.get() + 1);
        self.note_node(node, Kind::Fault, fault as u32, detail);
    }
}
