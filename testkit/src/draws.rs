//! The one source of choice of a simulated run.
//!
//! Everything that a real machine leaves open (who runs next, when a packet is seen, how long a
//! write takes) is asked here, so a run is a function of its seed. Each choice says where it was
//! made, for whom, and out of how many, and can be logged: a log is enough to make the same run
//! again without the seed, also after the code around a choice has changed.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use greenroom_core::hash::mix;

/// Where a choice is made.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
#[non_exhaustive]
pub enum Site {
    /// A parameter of the whole run.
    Swarm,
    /// Which shard runs next.
    Shard,
    /// Which ready task of a shard is polled next.
    Task,
    /// How many tasks a turn polls.
    TasksMax,
    /// How often a task of the turn hands over to an idle callee.
    Handoffs,
    /// Whether the driver wants its thread back.
    Preempt,
    /// How many packets of a ring a poll sees.
    Visible,
    /// How much room of a ring a producer sees.
    Room,
    /// How long a doorbell takes, and whether it merges with one under way.
    Bell,
    /// Whether, and how long, a shard spins before it parks.
    Spin,
    /// Whether, and when, a parked shard wakes for no reason, or a task is polled for none.
    Spurious,
    /// How late a timer is.
    Late,
    /// How long a wake-up from outside takes.
    Inject,
    /// What a turn costs.
    Cost,
    /// Anything about sockets.
    Net,
    /// Anything about files.
    Disk,
    /// Name resolution and blocking jobs.
    Blocking,
    /// A choice of the test itself.
    Test,
    /// Whether a planted bug shows.
    Plant,
    /// What goes wrong, and for how long.
    Fault,
}

/// A choice as it was made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Decision {
    /// Where.
    pub site: Site,
    /// For which shard, numbered through all nodes; for other things their own numbers.
    pub place: u32,
    /// The how-manieth choice at this site for this place.
    pub ordinal: u32,
    /// Out of how many; at least 2, since there is no choice among one.
    pub choices: u64,
    /// Which, from 0.
    pub chosen: u64,
}

/// The source. Shared by everything in one run.
#[derive(Debug)]
pub(crate) struct Draws {
    state: Cell<u64>,
    logging: bool,
    log: RefCell<Log>,
}

#[derive(Debug, Default)]
struct Log {
    decisions: Vec<Decision>,
    ordinals: BTreeMap<(Site, u32), u32>,
}

/// Chances are given out of this many.
pub(crate) const SURE: u32 = 1024;

impl Draws {
    pub(crate) fn new(seed: u64, logging: bool) -> Self {
        Self { state: Cell::new(mix(seed ^ 0x6472_6177)), logging, log: RefCell::default() }
    }

    pub(crate) fn log(&self) -> Vec<Decision> {
        self.log.borrow().decisions.clone()
    }

    /// 64 random bits that are no choice of their own: a priority, say.
    #[inline]
    pub(crate) fn raw(&self) -> u64 {
        let state = self.state.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
        self.state.set(state);
        mix(state)
    }

    /// A number below `n`; `n` is at least 1.
    #[inline]
    pub(crate) fn below(&self, site: Site, place: u32, n: u64) -> u64 {
        debug_assert!(n > 0, "no choice among none");
        if n <= 1 {
            return 0;
        }
        let chosen = ((u128::from(self.raw()) * u128::from(n)) >> 64) as u64;
        self.note(site, place, n, chosen);
        chosen
    }

    /// A number from `least` to `most`, both possible.
    #[inline]
    pub(crate) fn between(&self, site: Site, place: u32, (least, most): (u64, u64)) -> u64 {
        debug_assert!(least <= most, "an empty range");
        least + self.below(site, place, most - least + 1)
    }

    /// Yes with a probability of `chance` in [`SURE`]. No choice is made at 0 and at `SURE`.
    #[inline]
    pub(crate) fn chance(&self, site: Site, place: u32, chance: u32) -> bool {
        if chance == 0 || chance >= SURE {
            return chance > 0;
        }
        // Logged as a choice of two, so that a replay need not know the chance.
        let yes = self.raw() >> 54 < u64::from(chance);
        self.note(site, place, 2, u64::from(yes));
        yes
    }

    /// A time around `typical`, with a heavy tail: one in k is longer than k times `typical`, up
    /// to a thousand times.
    pub(crate) fn heavy_tail(&self, site: Site, place: u32, typical: u64) -> u64 {
        typical * 1000 / (1 + self.below(site, place, 1000))
    }

    /// Notes a choice that somebody else made with [`Draws::raw`].
    #[inline]
    pub(crate) fn note(&self, site: Site, place: u32, choices: u64, chosen: u64) {
        if self.logging && choices > 1 {
            self.log_choice(site, place, choices, chosen);
        }
    }

    #[cold]
    fn log_choice(&self, site: Site, place: u32, choices: u64, chosen: u64) {
        let log = &mut *self.log.borrow_mut();
        let next = log.ordinals.entry((site, place)).or_insert(0);
        let ordinal = *next;
        *next += 1;
        log.decisions.push(Decision { site, place, ordinal, choices, chosen });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_stays_in_its_range_and_reaches_both_ends() {
        let draws = Draws::new(1, false);
        let drawn: Vec<u64> = (0..1000).map(|_| draws.between(Site::Test, 0, (3, 9))).collect();
        assert_eq!((drawn.iter().min(), drawn.iter().max()), (Some(&3), Some(&9)));
    }

    #[test]
    fn only_real_choices_are_logged_with_their_ordinal() {
        let draws = Draws::new(1, true);
        draws.below(Site::Test, 4, 1);
        assert!(draws.chance(Site::Test, 4, SURE));
        let first = draws.below(Site::Test, 4, 10);
        draws.below(Site::Test, 5, 10);
        draws.chance(Site::Test, 4, 512);
        let log = draws.log();
        let ordinals: Vec<_> = log.iter().map(|d| (d.place, d.ordinal)).collect();
        assert_eq!(ordinals, [(4, 0), (5, 0), (4, 1)]);
        assert_eq!((log[0].choices, log[0].chosen), (10, first));
    }

    #[test]
    fn the_tail_is_heavy_and_ends() {
        let draws = Draws::new(7, false);
        let mut times: Vec<u64> =
            (0..100_000).map(|_| draws.heavy_tail(Site::Test, 0, 100)).collect();
        times.sort_unstable();
        assert!(times[50_000] < 250, "the median is near what is typical: {}", times[50_000]);
        assert!(times[99_900] > 10_000, "one in a thousand is very late: {}", times[99_900]);
        assert!(times[99_999] <= 100_000, "but not for ever: {}", times[99_999]);
    }
}
