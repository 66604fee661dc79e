//! Choices to make again.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::sync::Arc;

use greenroom_core::hash::DetHashMap;

use super::{DecisionLog, Schedule, Segment};
use crate::draws::Site;

/// How far a replay was from what was recorded. All zero when the run was the same.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Drift {
    /// Choices that the record does not have.
    pub missing: u64,
    /// Choices among another number, or without what was chosen.
    pub changed: u64,
    /// Recorded choices that were not asked for.
    pub unused: u64,
}

/// What a run is to do again.
#[derive(Clone, Debug)]
pub(crate) struct Script {
    pub(crate) log: Arc<DecisionLog>,
    /// In place of the recorded choices of shards.
    pub(crate) schedule: Option<Vec<Segment>>,
}

/// By site, place and ordinal: out of how many, and which.
type Choices = DetHashMap<(Site, u32, u32), (u64, u64)>;

/// The script of a run that is under way.
#[derive(Debug)]
pub(super) struct Player {
    choices: RefCell<Choices>,
    pub(super) schedule: Option<Schedule>,
    drift: Cell<Drift>,
}

impl Player {
    pub(super) fn new(script: Script) -> Self {
        let decisions = script.log.decisions.iter();
        let choices = decisions.map(|d| ((d.site, d.place, d.ordinal), (d.choices, d.chosen)));
        Self {
            choices: RefCell::new(choices.collect()),
            schedule: script.schedule.map(Schedule::new),
            drift: Cell::default(),
        }
    }

    /// What was chosen, if it is known; `possible` says whether it can be chosen now.
    pub(super) fn recall(
        &self,
        key: (Site, u32, u32),
        choices: u64,
        possible: impl FnOnce(u64) -> bool,
    ) -> Option<u64> {
        let known = self.choices.borrow_mut().remove(&key);
        let mut drift = self.drift.get();
        let recalled = match known {
            None => {
                drift.missing += 1;
                None
            }
            Some((recorded, chosen)) => {
                let can = possible(chosen);
                drift.changed += u64::from(recorded != choices || !can);
                can.then_some(chosen)
            }
        };
        self.drift.set(drift);
        recalled
    }

    pub(super) fn drift(&self) -> Drift {
        Drift { unused: self.choices.borrow().len() as u64, ..self.drift.get() }
    }
}

impl Drift {
    /// Whether the replay was anything but the recorded run.
    #[must_use]
    pub fn any(self) -> bool {
        self != Self::default()
    }
}

impl fmt::Display for Drift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { missing, changed, unused } = self;
        write!(f, "drift: {missing} choices were not recorded, {changed} ")?;
        write!(f, "were among other things, {unused} recorded ones were not asked for")
    }
}
