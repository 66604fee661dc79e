//! `fan`: producers that ask few consumers.

use super::{Outcome, local::check, meter::Meter};
use crate::rivals::OnTwoCores;
use std::sync::Arc;
use tokio::sync::mpsc;

/// Those who ask.
const PRODUCERS: usize = 100;
/// Those who answer.
const CONSUMERS: usize = 10;
/// Asks of each producer between two looks at the clock.
const ASKS_PER_LAP: u64 = 1_000;

pub(super) async fn asks<R: OnTwoCores>(rival: R, secs: f64) -> Outcome {
    let mut consumers = Vec::with_capacity(CONSUMERS);
    for number in 0..CONSUMERS {
        consumers.push(rival.counter_on(number % 2).await);
    }
    let consumers: Arc<[_]> = consumers.into();
    let (over, mut laps_over) = mpsc::unbounded_channel();
    let mut producers = Vec::with_capacity(PRODUCERS);
    for number in 0..PRODUCERS {
        let (begin, begun) = mpsc::unbounded_channel();
        producers.push(begin);
        let (consumers, first) = (consumers.clone(), number / 2 % CONSUMERS);
        rival.go(number % 2, produce::<R>(consumers, first, begun, over.clone()));
    }
    drop(over);
    let (mut meter, mut asked) = (Meter::start(secs), 0);
    while meter.more() {
        for producer in &producers {
            producer.send(()).map_err(|_| "a producer is gone")?;
        }
        for _ in 0..PRODUCERS {
            laps_over.recv().await.ok_or("the producers are gone")?;
        }
        asked += PRODUCERS as u64 * ASKS_PER_LAP;
        meter.count(PRODUCERS as u64 * ASKS_PER_LAP);
    }
    for consumer in &*consumers {
        check(R::ask(consumer, 0).await, asked / CONSUMERS as u64)?;
    }
    Ok(meter.millions_per_second())
}

/// A producer is a task, which costs no framework more than an actor would.
async fn produce<R: OnTwoCores>(
    consumers: Arc<[R::Counter]>,
    first: usize,
    mut begun: mpsc::UnboundedReceiver<()>,
    over: mpsc::UnboundedSender<()>,
) {
    while begun.recv().await.is_some() {
        let mut consumer = first;
        for _ in 0..ASKS_PER_LAP {
            R::ask(&consumers[consumer], 1).await;
            consumer = (consumer + 1) % CONSUMERS;
        }
        // The client has gone only if it has failed, which it reports itself.
        let _ = over.send(());
    }
}
