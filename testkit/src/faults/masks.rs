//! Which faults a seed knows.
//!
//! A run in which everything goes wrong at its rate seldom gets far, and one fault hides another:
//! connections that are reset all the time never fill a buffer. So each seed of a campaign knows a
//! subset of the faults that are enabled, each with even odds (swarm testing; Groce, Zhang, Eide,
//! Chen and Regehr, 2012). A fault that is certain is left alone: the test builds on it.

use std::cell::Cell;

use super::rates::MILLION;
use super::{Fault, Faults};
use crate::draws::{Draws, Site};

/// The subset of one run.
#[derive(Debug)]
pub(crate) struct Masks {
    on: bool,
    /// What was drawn for a fault.
    drawn: [Cell<Option<bool>>; Fault::LIMIT],
}

impl Masks {
    pub(crate) const fn new(on: bool) -> Self {
        Self { on, drawn: [const { Cell::new(None) }; Fault::LIMIT] }
    }

    /// What is left of the rates in this run.
    pub(crate) fn apply(&self, draws: &Draws, faults: Faults) -> Faults {
        let uncertain = |fault: &Fault| u64::from(faults.rate(*fault)) < MILLION;
        let masked = faults.enabled().filter(uncertain).filter(|&f| self.hides(draws, f));
        masked.fold(faults, Faults::without)
    }

    /// Draws once for each fault. A replay that does not know it goes without the fault.
    fn hides(&self, draws: &Draws, fault: Fault) -> bool {
        let drawn = &self.drawn[fault as usize];
        let knows = || draws.below(Site::Mask, fault as u32, 2) == 1;
        if self.on && drawn.get().is_none() {
            drawn.set(Some(!knows()));
        }
        drawn.get().unwrap_or(false)
    }
}
