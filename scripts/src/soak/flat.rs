//! Whether what a server holds at rest stays the same.

use crate::failure::{Failure, failed};

/// What a server holds while nobody is connected and nothing is stored.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Rest {
    pub(crate) resident_kib: u64,
    pub(crate) descriptors: usize,
}

/// By which part the memory of the last rounds may be above that of the first ones.
///
/// An allocator gives back what it likes, so that a single round says little: but the lowest of
/// several is as low as any other if nothing is kept. What is kept for each connection or command
/// is kept many thousand times over.
const SLACK_DIVISOR: u64 = 4;

/// The rounds are cut into so many parts, of which the first and the last are compared: neighbours
/// differ too little where memory grows by the same in each round.
const PARTS: usize = 3;

/// Rounds that say nothing of memory: it takes them to come to its level, the pools of buffers to
/// their size and the allocator to its arenas. In ten minutes under load it rose by a half over these,
/// and was flat from then on.
const WARM_UP: usize = 3;

/// Fewest rounds that say something: those that warm up, and two of each part.
pub(crate) const ROUNDS_MIN: usize = WARM_UP + 2 * PARTS;

/// Compares the lowest of the last rounds with the lowest of the first ones after the warm-up.
///
/// # Errors
///
/// When the descriptors are ever others than in the beginning, or memory has grown.
pub(crate) fn judge(before: Rest, rounds: &[Rest]) -> Result<(), Failure> {
    let mut left = rounds.iter().filter(|rest| rest.descriptors != before.descriptors);
    if let Some(rest) = left.next() {
        let (was, is) = (before.descriptors, rest.descriptors);
        return Err(failed(format!("{is} descriptors are open at rest; it were {was}")));
    }
    if rounds.len() < ROUNDS_MIN {
        return Err(failed(format!("{} rounds say nothing of memory", rounds.len())));
    }
    let warm = &rounds[WARM_UP..];
    let part = warm.len() / PARTS;
    let lowest = |rounds: &[Rest]| rounds.iter().map(|rest| rest.resident_kib).min().unwrap_or(0);
    let (early, late) = (lowest(&warm[..part]), lowest(&warm[warm.len() - part..]));
    if late > early + early / SLACK_DIVISOR {
        return Err(failed(format!("memory grows: from {early} KiB to {late} KiB at the least")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(resident_kib: &[u64], descriptors: usize) -> Result<(), String> {
        let rest = |&resident_kib| Rest { resident_kib, descriptors };
        let rounds: Vec<_> = resident_kib.iter().map(rest).collect();
        let before = Rest { resident_kib: 1, descriptors: 9 };
        judge(before, &rounds).map_err(|failure| failure.to_string())
    }

    #[test]
    fn what_comes_and_goes_is_no_growth() {
        assert_eq!(told(&[900, 300, 100, 100, 140, 120, 180, 110, 170], 9), Ok(()));
        assert_eq!(told(&[10, 40, 70, 100, 100, 100, 100, 100, 100], 9), Ok(()), "it warms up");
    }

    #[test]
    fn what_is_kept_in_each_round_is() {
        let steady: Vec<u64> = (10..20).map(|round| round * 10).collect();
        let grows = told(&steady, 9).unwrap_err();
        assert_eq!(grows, "memory grows: from 130 KiB to 180 KiB at the least");
    }

    #[test]
    fn growth_is_found_when_one_late_round_cannot_hide_it() {
        let told = |late: &[u64]| told(&[&[100; 3], late].concat(), 9);
        assert!(told(&[100, 100, 100, 100, 126, 126]).is_err());
        assert_eq!(told(&[100, 100, 100, 100, 126, 125]), Ok(()), "one is low");
        assert!(told(&[100, 180, 100, 100, 126, 126]).is_err(), "one was high");
    }

    #[test]
    fn a_descriptor_more_or_less_is_found() {
        assert!(told(&[1; 9], 10).unwrap_err().contains("10 descriptors"));
        assert!(told(&[1; 9], 8).is_err());
    }

    #[test]
    fn too_few_rounds_are_no_success() {
        assert!(told(&[1; 8], 9).unwrap_err().contains("say nothing"));
    }
}
