//! Counts of what actors did, for the workloads whose actors send no answer.
//!
//! A count has a single writer and is a plain load and store: a rival pays about a nanosecond for
//! being watched. Where actors run on two threads, each thread has a part of its own.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// One count.
pub(crate) struct Count(AtomicU64);

/// Idle actors that ran their start hook.
pub(crate) static STARTED: Count = Count::new();
/// Messages that idle actors handled.
pub(crate) static HANDLED: Count = Count::new();
/// Idle actors whose state was dropped.
pub(crate) static GONE: Count = Count::new();

impl Count {
    const fn new() -> Self {
        Self(AtomicU64::new(0))
    }

    /// Adds one; to be called from one thread only.
    pub(crate) fn add_one(&self) {
        self.0.store(self.0.load(Relaxed) + 1, Relaxed);
    }

    /// The count so far.
    pub(crate) fn read(&self) -> u64 {
        self.0.load(Relaxed)
    }

    /// Yields to the other tasks of the runtime until the count reaches `target`.
    ///
    /// # Errors
    ///
    /// When it is still short of it after a million yields, or has passed it.
    pub(crate) async fn wait_for(&self, target: u64, what: &str) -> Result<(), String> {
        const YIELDS_MAX: u32 = 1_000_000;
        for _ in 0..YIELDS_MAX {
            if self.read() >= target {
                break;
            }
            tokio::task::yield_now().await;
        }
        match self.read() {
            count if count == target => Ok(()),
            count => Err(format!("{count} {what}, expected {target}")),
        }
    }
}

thread_local! {
    /// The calling thread's part of [`ENDED`], on cache lines of its own.
    static PART: &'static Part = {
        let part: &'static Part = Box::leak(Box::new(Part(Count::new())));
        ENDED.0.lock().expect("nobody panics with it").push(part);
        part
    };
}

#[repr(align(128))]
struct Part(Count);

/// A count in parts, one for each thread that counts.
pub(crate) struct Parts(Mutex<Vec<&'static Part>>);

/// Actor states of `skynet` that were dropped.
pub(crate) static ENDED: Parts = Parts(Mutex::new(Vec::new()));

impl Parts {
    /// Adds one to the calling thread's part.
    pub(crate) fn add_one(&self) {
        // A thread that ends with actors left on it has nobody left to count for.
        let _ = PART.try_with(|part| part.0.add_one());
    }

    fn read(&self) -> u64 {
        self.0.lock().expect("nobody panics with it").iter().map(|part| part.0.read()).sum()
    }

    /// Waits until the count reaches `target`, and sleeps between two looks at it, for the actors
    /// end on other threads as well.
    ///
    /// # Errors
    ///
    /// When it is still short of it after some seconds, or has passed it.
    pub(crate) async fn wait_for(&self, target: u64, what: &str) -> Result<(), String> {
        for _ in 0..5_000 {
            if self.read() >= target {
                break;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        match self.read() {
            count if count == target => Ok(()),
            count => Err(format!("{count} {what}, expected {target}")),
        }
    }
}

/// The state of an idle actor: lives inside it and counts its end.
pub(crate) struct Resident {
    /// What the messages added up to.
    pub(crate) total: u64,
}

impl Resident {
    /// The state of a new actor.
    pub(crate) const fn new() -> Self {
        Self { total: 0 }
    }

    /// Handles one message.
    pub(crate) fn handle(&mut self, amount: u64) {
        self.total += amount;
        HANDLED.add_one();
    }
}

impl Drop for Resident {
    fn drop(&mut self) {
        GONE.add_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block_on<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
    }

    #[test]
    fn waiting_ends_when_another_task_has_counted() {
        static COUNT: Count = Count::new();
        let outcome = block_on(async {
            tokio::spawn(async { COUNT.add_one() });
            COUNT.wait_for(1, "tasks ran").await
        });
        assert_eq!(outcome, Ok(()));
    }

    #[test]
    fn a_count_beyond_the_target_is_an_error() {
        static COUNT: Count = Count::new();
        COUNT.add_one();
        COUNT.add_one();
        let outcome = block_on(COUNT.wait_for(1, "tasks ran"));
        assert_eq!(outcome, Err("2 tasks ran, expected 1".to_owned()));
    }
}
