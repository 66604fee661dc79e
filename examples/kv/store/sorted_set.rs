//! Sorted sets.

use std::collections::BTreeSet;
use std::ops::Bound;

use foldhash::fast::FixedState;
use indexmap::IndexMap;

use super::value::{Kind, variant};
use crate::bytes::SmallBytes;

/// Members with scores, in the order of the scores and, among equal ones, of the bytes.
///
/// A member is found by its name and by its score at once; the one at a rank is found by counting
/// from the nearer end.
#[derive(Debug)]
pub(crate) struct SortedSet {
    scores: IndexMap<SmallBytes, Score, FixedState>,
    order: BTreeSet<(Score, SmallBytes)>,
    /// Bytes of those members that have blocks of their own, once for each index.
    heap_bytes: usize,
}

/// A score: never NaN, and zero has no sign.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Score(f64);

impl Score {
    /// That score.
    ///
    /// # Panics
    ///
    /// If it is NaN.
    pub(crate) fn new(score: f64) -> Self {
        assert!(!score.is_nan(), "NaN is no score");
        // Minus zero and zero are one score; their sum is zero.
        Self(score + 0.0)
    }

    /// The number.
    pub(crate) fn number(self) -> f64 {
        self.0
    }
}

impl Eq for Score {}

impl Ord for Score {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl PartialOrd for Score {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Kind for SortedSet {
    fn empty(seed: u64) -> Self {
        let scores = IndexMap::with_hasher(FixedState::with_seed(seed));
        Self { scores, order: BTreeSet::new(), heap_bytes: 0 }
    }

    fn len(&self) -> usize {
        self.scores.len()
    }

    fn used_bytes(&self) -> usize {
        let member_bytes = size_of::<(SmallBytes, Score)>() + 3 * size_of::<usize>();
        // A B-tree is about two thirds full.
        let order_bytes = self.order.len() * size_of::<(Score, SmallBytes)>() * 3 / 2;
        self.scores.capacity() * member_bytes + order_bytes + self.heap_bytes
    }

    variant!(SortedSet);
}

impl SortedSet {
    /// The score of `member`.
    pub(crate) fn score(&self, member: &[u8]) -> Option<Score> {
        self.scores.get(member).copied()
    }

    /// Adds `member`, or gives it another score.
    pub(crate) fn set(&mut self, member: &[u8], score: Score) {
        let member = SmallBytes::from(member);
        match self.scores.get_mut(&member) {
            Some(current) if *current == score => {}
            Some(current) => {
                let mut place = (std::mem::replace(current, score), member);
                // Its place is another one now; the block of its name stays.
                place = self.order.take(&place).unwrap_or(place);
                self.order.insert((score, place.1));
            }
            None => {
                self.heap_bytes += 2 * member.heap_len();
                self.scores.insert(member.clone(), score);
                self.order.insert((score, member));
            }
        }
    }

    /// Removes `member`; whether it was there.
    pub(crate) fn remove(&mut self, member: &[u8]) -> bool {
        let Some((member, score)) = self.scores.swap_remove_entry(member) else { return false };
        self.heap_bytes -= 2 * member.heap_len();
        self.order.remove(&(score, member));
        true
    }

    /// Takes the member whose score is the least.
    pub(crate) fn pop_least(&mut self) -> Option<(SmallBytes, Score)> {
        let (score, member) = self.order.pop_first()?;
        self.scores.swap_remove(&*member);
        self.heap_bytes -= 2 * member.heap_len();
        Some((member, score))
    }

    /// The members in order.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = (&[u8], Score)> + use<'_> {
        self.order.iter().map(|(score, member)| (&**member, *score))
    }

    /// The members whose scores lie within these bounds, in order.
    pub(crate) fn by_score(
        &self,
        range: ScoreRange,
    ) -> impl DoubleEndedIterator<Item = (&[u8], Score)> + use<'_> {
        let found = range.half_open().map(|(first, end)| {
            // No member is less than one without bytes, so that one stands before all of its score.
            let before = |score: f64| (Score::new(score), SmallBytes::from(&[][..]));
            let end = end.map_or(Bound::Unbounded, |end| Bound::Excluded(before(end)));
            self.order.range((Bound::Included(before(first)), end))
        });
        found.into_iter().flatten().map(|(score, member)| (&**member, *score))
    }
}

/// Scores from one to another; either may be left out itself.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct ScoreRange {
    pub(crate) min: Bound<f64>,
    pub(crate) max: Bound<f64>,
}

impl ScoreRange {
    /// The least score in the range and, unless there is none, the least beyond it; `None` if
    /// nothing lies between.
    fn half_open(self) -> Option<(f64, Option<f64>)> {
        let first = match self.min {
            Bound::Included(min) => min,
            Bound::Excluded(f64::INFINITY) => return None,
            Bound::Excluded(min) => min.next_up(),
            Bound::Unbounded => f64::NEG_INFINITY,
        };
        let end = match self.max {
            Bound::Excluded(max) => Some(max),
            Bound::Included(f64::INFINITY) | Bound::Unbounded => None,
            Bound::Included(max) => Some(max.next_up()),
        };
        end.is_none_or(|end| first < end).then_some((first, end))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_of_scores() {
        let mut set = SortedSet::empty(1);
        for score in [f64::NEG_INFINITY, -1.0, 0.0, 1.0, f64::INFINITY] {
            set.set(score.to_string().as_bytes(), Score::new(score));
        }
        set.set(b"also 1", Score::new(1.0));
        use Bound::{Excluded as Ex, Included as In};
        let (least, most) = (f64::NEG_INFINITY, f64::INFINITY);
        for (min, max, count) in [
            (In(least), In(most), 6),
            (Ex(least), Ex(most), 4),
            (In(1.0), In(1.0), 2),
            (Ex(1.0), In(1.0), 0),
            (In(1.0), Ex(1.0), 0),
            (In(-0.0), Ex(1.0), 1),
            (Ex(-1.0), In(0.0), 1),
            (In(most), In(most), 1),
            (Ex(most), In(most), 0),
            (In(least), In(least), 1),
            (In(2.0), In(1.0), 0),
        ] {
            let range = ScoreRange { min, max };
            assert_eq!(set.by_score(range).count(), count, "{range:?}");
        }
    }

    #[test]
    fn both_indices_agree() {
        let mut rng = crate::tests::Rng::new(1);
        let mut set = SortedSet::empty(1);
        for _ in 0..5_000 {
            let member = "m".repeat(rng.below(40) as usize);
            match rng.below(8) {
                0 => drop(set.remove(member.as_bytes())),
                1 => drop(set.pop_least()),
                _ => set.set(member.as_bytes(), Score::new(rng.below(10) as f64)),
            }
            assert_eq!(set.order.len(), set.scores.len());
            assert!(set.iter().all(|(member, score)| set.score(member) == Some(score)));
            let heap = set.scores.keys().map(|member| 2 * member.heap_len()).sum::<usize>();
            assert_eq!(set.heap_bytes, heap);
        }
    }
}
