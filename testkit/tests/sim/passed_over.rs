//! Tasks that are ready and are not polled.

use std::cell::Cell;
use std::future::poll_fn;
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::Poll;

use greenroom_testkit::{Campaign, Fault, Faults, TaskOrder};

use super::actors::is_whole;

/// Lets the other tasks that are ready be polled.
async fn give_way() {
    let mut has = false;
    poll_fn(|cx| {
        if std::mem::replace(&mut has, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// By how many polls one of three tasks that always can run is behind another at most, where they take
/// turns; and how often one was passed over.
fn lag(name: &str, faults: Faults) -> (u32, u32) {
    const ROUNDS: u32 = 300;
    let (lag, effects) = (AtomicU32::new(0), AtomicU32::new(0));
    let campaign = Campaign::new(name).seeds(40);
    let campaign =
        campaign.runtime(move |b, _| b.shards(1).task_order(TaskOrder::Fifo).faults(faults));
    campaign.run(|sim| {
        let most = sim.run(async |_| {
            let polls = Rc::new([const { Cell::new(0) }; 3]);
            let most = Rc::new(Cell::new(0));
            let tasks = [0, 1, 2].map(|number| {
                let (polls, most) = (polls.clone(), most.clone());
                greenroom_core::spawn_local(async move {
                    for round in 0..ROUNDS {
                        polls[number].set(round);
                        let least = polls.iter().map(Cell::get).min().unwrap_or(0);
                        most.set(round.abs_diff(least).max(most.get()));
                        give_way().await;
                    }
                })
            });
            for task in tasks {
                task.await.unwrap();
            }
            most.get()
        });
        lag.fetch_max(most, Ordering::Relaxed);
        effects.fetch_add(sim.fault_effects(Fault::Starvation) as u32, Ordering::Relaxed);
    });
    (lag.into_inner(), effects.into_inner())
}

#[test]
fn a_task_that_is_ready_may_be_passed_over_for_long() {
    let name = "sim::passed_over::a_task_that_is_ready_may_be_passed_over_for_long";
    let (fair, none) = lag(name, Faults::none());
    // One ends before the others do, and a spurious wake-up polls one more often.
    assert_eq!(none, 0);
    let (starved, effects) = lag(name, Faults::none().starvation_probability(0.01));
    if is_whole(40) {
        assert!(
            starved > 50 && starved > 2 * fair,
            "{starved} behind, and {fair} without the fault"
        );
        assert!(effects > 0);
    }
}
