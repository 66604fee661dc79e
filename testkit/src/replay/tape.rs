//! What records a run's choices, and plays recorded ones.

use std::cell::RefCell;

use greenroom_core::hash::DetHashMap;

use super::script::Player;
use super::{Drift, Script, Taken};
use crate::draws::{Decision, Site};

/// The recorder of one run; a run without one is not slowed down by it.
#[derive(Debug)]
pub(crate) struct Tape {
    player: Option<Player>,
    recorded: RefCell<Recorded>,
}

#[derive(Debug, Default)]
struct Recorded {
    decisions: Vec<Decision>,
    ordinals: DetHashMap<(Site, u32), u32>,
    /// Which shard took each step.
    steps: Vec<u32>,
    /// How often another shard ran while the one before could have gone on.
    preemptions: usize,
}

impl Tape {
    pub(crate) fn new(script: Option<Script>) -> Self {
        Self { player: script.map(Player::new), recorded: RefCell::default() }
    }

    pub(crate) fn decisions(&self) -> Vec<Decision> {
        self.recorded.borrow().decisions.clone()
    }

    pub(crate) fn schedule(&self) -> Taken {
        let recorded = self.recorded.borrow();
        Taken { steps: recorded.steps.clone(), preemptions: recorded.preemptions }
    }

    /// How far a replay is from its record; `None` when nothing is replayed.
    pub(crate) fn drift(&self) -> Option<Drift> {
        self.player.as_ref().map(Player::drift)
    }

    /// A choice of a number below `choices`: the recorded one, `tame` where there is none, or
    /// `drawn` when nothing is replayed.
    #[cold]
    pub(crate) fn number(
        &self,
        (site, place): (Site, u32),
        choices: u64,
        drawn: u64,
        tame: u64,
    ) -> u64 {
        let ordinal = self.next_ordinal(site, place);
        let chosen = match &self.player {
            None => drawn,
            Some(player) => {
                let recalled = player.recall((site, place, ordinal), choices, |n| n < choices);
                recalled.unwrap_or(tame)
            }
        };
        self.record(Decision { site, place, ordinal, choices, chosen });
        chosen
    }

    /// A choice among things with names; `drawn`, `tame` and what is returned are indices. What
    /// is recorded is the name.
    #[cold]
    pub(crate) fn named(
        &self,
        (site, place): (Site, u32),
        names: &[u32],
        drawn: usize,
        tame: usize,
    ) -> usize {
        let (ordinal, choices) = (self.next_ordinal(site, place), names.len() as u64);
        let find = |name: u64| names.iter().position(|&other| u64::from(other) == name);
        let index = match &self.player {
            None => drawn,
            Some(Player { schedule: Some(schedule), .. }) if site == Site::Shard => {
                schedule.choose(names).unwrap_or(tame)
            }
            Some(player) => {
                let key = (site, place, ordinal);
                let recalled = player.recall(key, choices, |name| find(name).is_some());
                recalled.and_then(find).unwrap_or(tame)
            }
        };
        let chosen = names[index].into();
        self.record(Decision { site, place, ordinal, choices, chosen });
        index
    }

    /// Says which of the shards that can run takes a step.
    pub(crate) fn step(&self, shard: u32, ready: &[u32]) {
        let recorded = &mut *self.recorded.borrow_mut();
        let last = recorded.steps.last();
        let preempts = last.is_some_and(|last| *last != shard && ready.contains(last));
        recorded.preemptions += usize::from(preempts);
        recorded.steps.push(shard);
        if let Some(Player { schedule: Some(schedule), .. }) = &self.player {
            schedule.took(shard);
        }
    }

    fn next_ordinal(&self, site: Site, place: u32) -> u32 {
        let recorded = &mut *self.recorded.borrow_mut();
        let next = recorded.ordinals.entry((site, place)).or_insert(0);
        *next += 1;
        *next - 1
    }

    fn record(&self, decision: Decision) {
        self.recorded.borrow_mut().decisions.push(decision);
    }
}
