//! What the runs of a campaign had in common: which faults had effects, which sites fired, what
//! assertions saw.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use super::Summary;
use super::one::Outcome;
use crate::faults::Fault;

/// Counts over all runs of a campaign.
#[derive(Debug, Default)]
pub(super) struct Tally(Mutex<Counts>);

#[derive(Debug, Default)]
pub(super) struct Counts {
    /// Of the faults that were enabled under any seed.
    effects: BTreeMap<Fault, u64>,
    /// Of the `maybe!` sites that were active under any seed.
    fired: BTreeMap<&'static str, u64>,
    pub(super) summary: Summary,
}

impl Tally {
    /// Adds a run.
    pub(super) fn add(&self, outcome: &Outcome) {
        let counts = &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.summary.add(&outcome.tally);
        for &(fault, count) in &outcome.effects {
            *counts.effects.entry(fault).or_insert(0) += count;
        }
        for site in outcome.maybe_sites.iter().filter(|site| site.active) {
            *counts.fired.entry(site.name).or_insert(0) += site.fired;
        }
    }

    pub(super) fn into_counts(self) -> Counts {
        self.0.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counts {
    /// The faults that had a probability and never an effect, and the sites that were active and
    /// never fired.
    pub(super) fn idle(&self) -> (Vec<Fault>, Vec<&'static str>) {
        (zeros(&self.effects), zeros(&self.fired))
    }
}

fn zeros<K: Copy>(counts: &BTreeMap<K, u64>) -> Vec<K> {
    counts.iter().filter(|(_, count)| **count == 0).map(|(key, _)| *key).collect()
}
