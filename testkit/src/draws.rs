//! The one source of choice of a simulated run.
//!
//! Everything that a real machine leaves open (who runs next, when a packet is seen, how long a
//! write takes) is asked here, so a run is a function of its seed. Each choice says where it was
//! made, for whom, and out of how many, and can be logged: a log is enough to make the same run
//! again without the seed, also after the code around a choice has changed.

use std::cell::Cell;

use greenroom_core::hash::mix;

use crate::replay::Tape;

macro_rules! sites {
    ($($(#[$doc:meta])* $site:ident,)+) => {
        /// Where a choice is made.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[repr(u8)]
        #[non_exhaustive]
        pub enum Site {
            $($(#[$doc])* $site,)+
        }

        impl Site {
            /// All of them.
            pub(crate) const ALL: [Self; [$(Self::$site),+].len()] = [$(Self::$site),+];

            /// Its name in a log.
            pub(crate) const fn name(self) -> &'static str {
                match self {
                    $(Self::$site => stringify!($site),)+
                }
            }
        }
    };
}

sites! {
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
    /// How much of its work a test does.
    Extent,
    /// Which faults a run knows.
    Mask,
    /// Whether a `maybe!` is active, and whether it fires.
    Maybe,
}

/// A choice as it was made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Decision {
    /// Where.
    pub site: Site,
    /// For which shard, numbered through all nodes; for other things their own numbers; for a
    /// choice of the next shard the one that was chosen before.
    pub place: u32,
    /// The how-manieth choice at this site for this place.
    pub ordinal: u32,
    /// Out of how many; at least 2, since there is no choice among one.
    pub choices: u64,
    /// Which, from 0; of shards the number, of tasks the slot.
    pub chosen: u64,
}

/// The source. Shared by everything in one run.
#[derive(Debug)]
pub(crate) struct Draws {
    state: Cell<u64>,
    /// Boxed and mostly absent: a run that is not recorded pays one test for each choice.
    tape: Option<Box<Tape>>,
}

/// Chances are given out of this many.
pub(crate) const SURE: u32 = 1024;

/// Finer ones out of this many.
const MILLION: u32 = 1_000_000;

impl Draws {
    pub(crate) fn new(seed: u64, tape: Option<Tape>) -> Self {
        Self { state: Cell::new(mix(seed ^ 0x6472_6177)), tape: tape.map(Box::new) }
    }

    /// What records this run, if it is recorded.
    #[inline]
    pub(crate) fn tape(&self) -> Option<&Tape> {
        self.tape.as_deref()
    }

    /// 64 random bits that are no choice of their own: a priority, say.
    #[inline]
    pub(crate) fn raw(&self) -> u64 {
        let state = self.state.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
        self.state.set(state);
        mix(state)
    }

    /// A number below `n`; `n` is at least 1. A replay that does not know it takes 0.
    #[inline]
    pub(crate) fn below(&self, site: Site, place: u32, n: u64) -> u64 {
        self.below_or(site, place, n, 0)
    }

    /// A number below `n`, with the one that a replay takes when it does not know it.
    #[inline]
    pub(crate) fn below_or(&self, site: Site, place: u32, n: u64, tame: u64) -> u64 {
        debug_assert!(n > 0, "no choice among none");
        if n <= 1 {
            return 0;
        }
        let drawn = ((u128::from(self.raw()) * u128::from(n)) >> 64) as u64;
        self.settle(site, place, n, drawn, tame)
    }

    /// A parameter of the whole run, by name: a number below `n`, with the one that a replay takes
    /// when it does not know it. A new one leaves the others of a recorded run where they are.
    pub(crate) fn parameter(&self, name: &str, n: u64, tame: u64) -> u64 {
        self.below_or(Site::Swarm, place_of(name), n, tame)
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
        self.settle(site, place, 2, u64::from(yes), 0) > 0
    }

    /// Yes with a probability of `parts` in a million. No choice is made at 0 and at a million.
    pub(crate) fn seldom(&self, site: Site, place: u32, parts: u32) -> bool {
        if parts == 0 || parts >= MILLION {
            return parts > 0;
        }
        let drawn = (u128::from(self.raw()) * u128::from(MILLION)) >> 64;
        self.settle(site, place, 2, u64::from(drawn < u128::from(parts)), 0) > 0
    }

    /// A time around `typical`, with a heavy tail: one in k is longer than k times `typical`, up
    /// to a thousand times.
    pub(crate) fn heavy_tail(&self, site: Site, place: u32, typical: u64) -> u64 {
        typical * 1000 / (1 + self.below_or(site, place, 1000, 999))
    }

    /// A number below `n` that is `value` in every run but a replay with another.
    pub(crate) fn fixed(&self, site: Site, place: u32, n: u64, value: u64) -> u64 {
        if n <= 1 { 0 } else { self.settle(site, place, n, value, value) }
    }

    #[inline]
    fn settle(&self, site: Site, place: u32, n: u64, drawn: u64, tame: u64) -> u64 {
        match &self.tape {
            None => drawn,
            Some(tape) => tape.number((site, place), n, drawn, tame),
        }
    }
}

/// What stands for a name where numbers do.
pub(crate) fn place_of(name: &str) -> u32 {
    name.bytes().fold(0, |hash, byte| mix(hash ^ u64::from(byte))) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replay::Source;

    #[test]
    fn a_choice_stays_in_its_range_and_reaches_both_ends() {
        let draws = Draws::new(1, None);
        let drawn: Vec<u64> = (0..1000).map(|_| draws.between(Site::Test, 0, (3, 9))).collect();
        assert_eq!((drawn.iter().min(), drawn.iter().max()), (Some(&3), Some(&9)));
    }

    #[test]
    fn only_real_choices_are_logged_with_their_ordinal() {
        let draws = Draws::new(1, Some(Tape::new(Source::Seed)));
        draws.below(Site::Test, 4, 1);
        assert!(draws.chance(Site::Test, 4, SURE));
        let first = draws.below(Site::Test, 4, 10);
        draws.below(Site::Test, 5, 10);
        draws.chance(Site::Test, 4, 512);
        let log = draws.tape().unwrap().decisions();
        let ordinals: Vec<_> = log.iter().map(|d| (d.place, d.ordinal)).collect();
        assert_eq!(ordinals, [(4, 0), (5, 0), (4, 1)]);
        assert_eq!((log[0].choices, log[0].chosen), (10, first));
    }

    #[test]
    fn the_tail_is_heavy_and_ends() {
        let draws = Draws::new(7, None);
        let mut times: Vec<u64> =
            (0..100_000).map(|_| draws.heavy_tail(Site::Test, 0, 100)).collect();
        times.sort_unstable();
        assert!(times[50_000] < 250, "the median is near what is typical: {}", times[50_000]);
        assert!(times[99_900] > 10_000, "one in a thousand is very late: {}", times[99_900]);
        assert!(times[99_999] <= 100_000, "but not for ever: {}", times[99_999]);
    }
}
