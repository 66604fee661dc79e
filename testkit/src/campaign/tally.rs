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
struct Counts {
    /// Of the faults that were enabled under any seed.
    effects: BTreeMap<Fault, u64>,
    /// Of the `maybe!` sites that were active under any seed.
    fired: BTreeMap<&'static str, u64>,
    summary: Summary,
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

    /// The faults that had a probability and never an effect, and the sites that were active and
    /// never fired.
    pub(super) fn idle(&self) -> (Vec<Fault>, Vec<&'static str>) {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (zeros(&counts.effects), zeros(&counts.fired))
    }

    /// What assertions saw, in a campaign that ran as it is or did not.
    pub(super) fn into_summary(self, is_whole: bool) -> Summary {
        let mut summary = self.0.into_inner().unwrap_or_else(PoisonError::into_inner).summary;
        summary.is_whole = is_whole;
        summary
    }
}

fn zeros<K: Copy>(counts: &BTreeMap<K, u64>) -> Vec<K> {
    counts.iter().filter(|(_, count)| **count == 0).map(|(key, _)| *key).collect()
}
