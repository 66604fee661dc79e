//! Seeds one after the other, or side by side.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use super::Failure;
use super::environment::Steering;

/// Checks the numbers from 0 to `count` until one fails, or until the time is up; gives the failure
/// of the least number, whoever was first.
#[expect(clippy::disallowed_methods, reason = "a soak goes on for so long in real time")]
pub(super) fn first_of(
    steering: &Steering,
    count: u64,
    check: &(dyn Fn(u64) -> Option<Failure> + Sync),
) -> Option<Failure> {
    let end = steering.time.map(|time| Instant::now() + time);
    let (next, found) = (AtomicU64::new(0), Mutex::new(None::<Failure>));
    let work = || {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            // One is run in any case.
            let is_late = number > 0 && end.is_some_and(|end| Instant::now() >= end);
            let found = || found.lock().unwrap_or_else(PoisonError::into_inner);
            if number >= count || is_late || found().as_ref().is_some_and(|f| f.after < number) {
                return;
            }
            if let Some(failure) = check(number) {
                let place = &mut *found();
                if place.as_ref().is_none_or(|other| failure.after < other.after) {
                    *place = Some(failure);
                }
                return;
            }
        }
    };
    if steering.jobs == 1 {
        work();
    } else {
        std::thread::scope(|scope| {
            (0..steering.jobs.min(count)).for_each(|_| drop(scope.spawn(work)));
        });
    }
    found.into_inner().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replay::DecisionLog;
    use crate::trace::TraceFile;

    fn failure(after: u64) -> Failure {
        Failure {
            seed: after,
            after,
            message: String::new(),
            log: DecisionLog::default(),
            trace: TraceFile::default(),
        }
    }

    #[test]
    fn the_least_number_counts_however_many_work() {
        for jobs in [1, 2, 5] {
            let steering = Steering { jobs, ..Steering::default() };
            let check = |number| [17, 18, 40].contains(&number).then(|| failure(number));
            assert_eq!(first_of(&steering, 100, &check).map(|f| f.after), Some(17));
            assert!(first_of(&steering, 17, &check).is_none());
        }
    }

    #[test]
    fn the_time_ends_a_soak() {
        for (jobs, millis) in [(1, 0), (1, 20), (2, 0), (2, 20)] {
            let time = Some(std::time::Duration::from_millis(millis));
            let steering = Steering { jobs, time, ..Steering::default() };
            let checked = AtomicU64::new(0);
            let check = |_| {
                checked.fetch_add(1, Ordering::Relaxed);
                None
            };
            assert!(first_of(&steering, u64::MAX, &check).is_none());
            assert!(checked.into_inner() > 0);
        }
    }
}
