//! The faults of one run.

use std::cell::Cell;

use super::masks::Masks;
use super::rates::{MILLION, Times};
use super::{Crash, Fault, Faults};
use crate::draws::Site;
use crate::events::What;
use crate::trace::Kind;
use crate::world::World;

/// What Linux calls it when a process has no descriptor left.
pub(crate) const EMFILE: i32 = 24;

/// Rates, and what came of them.
#[derive(Debug)]
pub(crate) struct FaultState {
    rates: Cell<Faults>,
    masks: Masks,
    /// Whether a fault had a probability at any time of the run.
    enabled: [Cell<bool>; Fault::LIMIT],
    effects: [Cell<u64>; Fault::LIMIT],
}

impl FaultState {
    /// Without any faults yet; `masks` is whether this run knows only some of those to come.
    pub(crate) const fn new(masks: bool) -> Self {
        Self {
            rates: Cell::new(Faults::none()),
            masks: Masks::new(masks),
            enabled: [const { Cell::new(false) }; Fault::LIMIT],
            effects: [const { Cell::new(0) }; Fault::LIMIT],
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
    /// Changes the rates from now on.
    pub(crate) fn set_faults(&self, faults: Faults) {
        let state = &self.fault_state;
        for fault in faults.enabled() {
            state.enabled[fault as usize].set(true);
        }
        state.rates.set(state.masks.apply(&self.draws, faults));
        self.draw_clocks();
        self.draw_slow_shards();
    }

    /// Whether a fault has a rate now.
    pub(crate) const fn may_go_wrong(&self, fault: Fault) -> bool {
        self.fault_state.rates.get().rate(fault) > 0
    }

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
    #[inline]
    pub(crate) fn draw_crash(&self, shard: u32) {
        let node = self.node_of(shard);
        if self.nodes[usize::from(node)].boots.get() {
            self.draw_crash_of(node, shard);
        }
    }

    #[inline(never)]
    fn draw_crash_of(&self, node: u16, shard: u32) {
        for (fault, how) in [(Fault::PowerLoss, Crash::Power), (Fault::ProcessKill, Crash::Process)]
        {
            if self.goes_wrong(fault, shard) {
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

    /// How far faults go.
    pub(crate) const fn fault_extents(&self) -> Times {
        self.fault_state.rates.get().times
    }

    /// Draws, once for each shard, whether it is slow.
    fn draw_slow_shards(&self) {
        if self.fault_state.rates.get().rate(Fault::SlowShard) == 0 {
            return;
        }
        let most = u64::from(self.fault_extents().slow_factor_max);
        for (number, shard) in (0u32..).zip(&self.shards) {
            if !shard.slowness_drawn.replace(true) && self.goes_wrong(Fault::SlowShard, number) {
                let factor = 2 + self.draws.below(Site::Fault, number, most - 1);
                shard.slowness.set(factor as u32);
            }
        }
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
