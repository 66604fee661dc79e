//! All runs of a tiny test, one after the other.
//!
//! The choices of a run are the digits of a number: the first run takes the first way at each, and
//! each further run counts on, the last choice fastest. A choice behind the one that changed is new,
//! and begins at its first way. When the first digit runs over, everything was tried.
//!
//! What is tried is who goes next, and what the test itself and its planted and `maybe!` sites
//! draw; the world around them is the tame one. Of schedules, those are tried that take a shard's
//! turn away, while it could go on, at most so many times: what few preemptions cannot show is
//! seldom there, and without a bound no test is tiny.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::draws::Site;

/// What the runs of one search share.
#[derive(Clone, Debug)]
pub(crate) struct Odometer(Arc<Mutex<Digits>>);

#[derive(Debug)]
struct Digits {
    digits: Vec<Digit>,
    /// The choice that comes next.
    at: usize,
    preemptions: u32,
    preemptions_max: u32,
    /// A run did not come by the choices of the one before, up to where it was to differ.
    strayed: bool,
}

/// A choice: which way, and how many there are.
#[derive(Clone, Copy, Debug)]
struct Digit {
    chosen: usize,
    ways: usize,
}

/// The sites at which everything is tried.
const TRIED: [Site; 4] = [Site::Task, Site::Test, Site::Plant, Site::Maybe];

impl Odometer {
    pub(crate) fn new(preemptions_max: u32) -> Self {
        let digits =
            Digits { digits: Vec::new(), at: 0, preemptions: 0, preemptions_max, strayed: false };
        Self(Arc::new(Mutex::new(digits)))
    }

    /// Goes on to the next run; false when there is none.
    pub(crate) fn advance(&self) -> bool {
        let digits = &mut *self.lock();
        let at = std::mem::take(&mut digits.at);
        digits.strayed |= at < digits.digits.len();
        digits.preemptions = 0;
        while let Some(last) = digits.digits.last_mut() {
            last.chosen += 1;
            if last.chosen < last.ways {
                return true;
            }
            digits.digits.pop();
        }
        false
    }

    /// Whether a run was anything but a function of its choices.
    pub(crate) fn strayed(&self) -> bool {
        self.lock().strayed
    }

    /// A number below `choices`; `tame` is the first way.
    pub(super) fn number(&self, site: Site, choices: u64, tame: u64) -> u64 {
        if !TRIED.contains(&site) {
            return tame;
        }
        match self.lock().turn(choices as usize) as u64 {
            0 => tame,
            way if way <= tame => way - 1,
            way => way,
        }
    }

    /// The index of the shard that runs next. `last` is the one that ran last, as long as it may go
    /// on; it does in the first way, and in every way when no preemption is left.
    pub(super) fn shard(&self, ready: &[u32], last: Option<u32>) -> usize {
        let digits = &mut *self.lock();
        let last = last.and_then(|last| ready.iter().position(|&shard| shard == last));
        let Some(last) = last else {
            let mut order: Vec<usize> = (0..ready.len()).collect();
            order.sort_unstable_by_key(|&index| ready[index]);
            return order[digits.turn(ready.len())];
        };
        if digits.preemptions == digits.preemptions_max {
            return last;
        }
        let mut others: Vec<usize> = (0..ready.len()).filter(|&index| index != last).collect();
        others.sort_unstable_by_key(|&index| ready[index]);
        match digits.turn(ready.len()).checked_sub(1) {
            None => last,
            Some(other) => {
                digits.preemptions += 1;
                others[other]
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Digits> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Digits {
    /// The way that this run takes at its next choice, of so many.
    fn turn(&mut self, ways: usize) -> usize {
        if ways <= 1 {
            return 0;
        }
        let at = self.at;
        self.at += 1;
        match self.digits.get(at) {
            Some(digit) => {
                self.strayed |= digit.ways != ways;
                digit.chosen.min(ways - 1)
            }
            None => {
                self.digits.push(Digit { chosen: 0, ways });
                0
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_comes_once() {
        let odometer = Odometer::new(0);
        let mut seen = Vec::new();
        loop {
            let first = odometer.number(Site::Test, 3, 1);
            // How many choices follow may depend on the ones before.
            let second = if first == 2 { odometer.number(Site::Test, 2, 0) } else { 9 };
            assert_eq!(odometer.number(Site::Cost, 100, 7), 7, "the world is tame");
            seen.push((first, second));
            if !odometer.advance() {
                break;
            }
        }
        assert_eq!(seen, [(1, 9), (0, 9), (2, 0), (2, 1)]);
        assert!(!odometer.strayed());
    }

    #[test]
    fn a_run_of_other_choices_is_noticed() {
        let odometer = Odometer::new(0);
        odometer.number(Site::Test, 3, 0);
        assert!(odometer.advance() && !odometer.strayed());
        odometer.number(Site::Test, 2, 0);
        assert!(odometer.strayed());
        let odometer = Odometer::new(0);
        odometer.number(Site::Test, 3, 0);
        assert!(odometer.advance());
        odometer.advance();
        assert!(odometer.strayed(), "the choice was not asked for again");
    }

    #[test]
    fn a_turn_is_taken_away_only_so_often() {
        let odometer = Odometer::new(1);
        let mut seen = Vec::new();
        loop {
            let first = odometer.shard(&[5, 4], None);
            let second = odometer.shard(&[5, 4], Some([5, 4][first]));
            let third = odometer.shard(&[5, 4], Some([5, 4][second]));
            seen.push([first, second, third].map(|index| [5, 4][index]));
            if !odometer.advance() {
                break;
            }
        }
        assert_eq!(seen, [[4, 4, 4], [4, 4, 5], [4, 5, 5], [5, 5, 5], [5, 5, 4], [5, 4, 4]]);
    }
}
