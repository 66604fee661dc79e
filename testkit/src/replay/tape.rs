//! What records a run's choices, and plays recorded ones.

use std::cell::RefCell;

use greenroom_core::hash::DetHashMap;

use super::script::Player;
use super::{Drift, Odometer, Script, Taken};
use crate::draws::{Decision, Site};

/// Where the choices of a run come from.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    /// From the seed; they are only recorded.
    Seed,
    /// From a recorded run.
    Script(Script),
    /// From a recorded run as far as its log goes, and from that seed beyond.
    Branch(Script, u64),
    /// From a count of all runs.
    Odometer(Odometer),
}

/// The recorder of one run; a run without one is not slowed down by it.
#[derive(Debug)]
pub(crate) struct Tape {
    from: Origin,
    recorded: RefCell<Recorded>,
}

#[derive(Debug)]
enum Origin {
    Seed,
    Script(Player),
    Branch(Player),
    Odometer(Odometer),
}

#[derive(Debug, Default)]
struct Recorded {
    decisions: Vec<Decision>,
    ordinals: DetHashMap<(Site, u32), u32>,
    /// Which shard took each step.
    steps: Vec<u32>,
    /// How many of them in a row were the last one's.
    steps_in_row: u32,
    /// How often another shard ran while the one before could have gone on.
    preemptions: usize,
}

/// Steps in a row of one shard after which, of all runs, those are tried in which it gives way.
const FAIR_STEPS: u32 = 10_000;

impl Tape {
    pub(crate) fn new(source: Source) -> Self {
        let from = match source {
            Source::Seed => Origin::Seed,
            Source::Script(script) => Origin::Script(Player::new(script)),
            Source::Branch(script, _) => Origin::Branch(Player::new(script)),
            Source::Odometer(odometer) => Origin::Odometer(odometer),
        };
        Self { from, recorded: RefCell::default() }
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
        match &self.from {
            Origin::Script(player) => Some(player.drift()),
            Origin::Seed | Origin::Branch(_) | Origin::Odometer(_) => None,
        }
    }

    /// A choice of a number below `choices`: the recorded one, `tame` where there is none, or
    /// `drawn` when nothing is replayed.
    #[cold]
    #[inline(never)]
    pub(crate) fn number(
        &self,
        (site, place): (Site, u32),
        choices: u64,
        drawn: u64,
        tame: u64,
    ) -> u64 {
        let ordinal = self.next_ordinal(site, place);
        let chosen = match &self.from {
            Origin::Seed => drawn,
            Origin::Script(player) => {
                let recalled = player.recall((site, place, ordinal), choices, |n| n < choices);
                recalled.unwrap_or(tame)
            }
            Origin::Branch(player) => {
                let recalled = player.recall((site, place, ordinal), choices, |n| n < choices);
                recalled.unwrap_or(drawn)
            }
            Origin::Odometer(odometer) => odometer.number(site, choices, tame),
        };
        self.record(Decision { site, place, ordinal, choices, chosen });
        chosen
    }

    /// A choice among things with names; `drawn`, `tame` and what is returned are indices. What
    /// is recorded is the name.
    #[cold]
    #[inline(never)]
    pub(crate) fn named(
        &self,
        (site, place): (Site, u32),
        names: &[u32],
        drawn: usize,
        tame: usize,
    ) -> usize {
        let (ordinal, choices) = (self.next_ordinal(site, place), names.len() as u64);
        let find = |name: u64| names.iter().position(|&other| u64::from(other) == name);
        let index = match &self.from {
            Origin::Seed => drawn,
            Origin::Script(Player { schedule: Some(schedule), .. }) if site == Site::Shard => {
                schedule.choose(names).unwrap_or(tame)
            }
            Origin::Script(player) => {
                let key = (site, place, ordinal);
                let recalled = player.recall(key, choices, |name| find(name).is_some());
                recalled.and_then(find).unwrap_or(tame)
            }
            Origin::Branch(player) => {
                let key = (site, place, ordinal);
                let recalled = player.recall(key, choices, |name| find(name).is_some());
                recalled.and_then(find).unwrap_or(drawn)
            }
            Origin::Odometer(odometer) if site == Site::Shard => {
                odometer.shard(names, self.goes_on())
            }
            Origin::Odometer(odometer) => odometer.number(site, choices, tame as u64) as usize,
        };
        let chosen = names[index].into();
        self.record(Decision { site, place, ordinal, choices, chosen });
        index
    }

    /// Says which of the shards that can run takes a step.
    #[cold]
    #[inline(never)]
    pub(crate) fn step(&self, shard: u32, ready: &[u32]) {
        let recorded = &mut *self.recorded.borrow_mut();
        let last = recorded.steps.last();
        let preempts = last.is_some_and(|last| *last != shard && ready.contains(last));
        recorded.preemptions += usize::from(preempts);
        let in_row = if last == Some(&shard) { recorded.steps_in_row } else { 0 };
        recorded.steps_in_row = in_row + 1;
        recorded.steps.push(shard);
        if let Origin::Script(Player { schedule: Some(schedule), .. }) = &self.from {
            schedule.took(shard);
        }
    }

    /// The shard that took the last step, unless it took so many that it has to give way.
    fn goes_on(&self) -> Option<u32> {
        let recorded = self.recorded.borrow();
        recorded.steps.last().copied().filter(|_| recorded.steps_in_row < FAIR_STEPS)
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
