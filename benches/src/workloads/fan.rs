//! `fan`: many producers, each of which asks few consumers in turn and awaits each answer.

use std::sync::Arc;

use greenroom_core::{Actor, ActorRef, Context, Flow, Placement, System};

use super::big::{Finish, Lap};
use super::messages::{Count, Counter, FOR_EVER, send_first};
use crate::meter::{Extent, Meter};

/// Actors that ask, on all shards together.
pub(crate) const PRODUCERS: usize = 100;
/// Actors that answer, on all shards together.
pub(crate) const CONSUMERS: usize = 10;
/// Asks of each producer between two looks at the clock; each consumer gets as many as another.
const ASKS_PER_LAP: u64 = 1_000;

struct Producer {
    consumers: Arc<[ActorRef<Counter>]>,
    /// Where it begins, so that they do not all ask the same one first.
    first: usize,
}

impl Actor for Producer {
    /// Ask so often, then tell.
    type Message = (u64, ActorRef<Finish>);

    async fn handle(&mut self, (asks, finish): Self::Message, _: &Context<Self>) -> Flow {
        let mut consumers = self.consumers.iter().cycle().skip(self.first);
        for _ in 0..asks {
            let consumer = consumers.next().expect("there are some");
            let total = consumer.call(|reply| Count::AddAndRead(1, reply)).await;
            assert!(total.expect("answered") > 0, "an ask was lost");
        }
        finish.cast(Lap::Done).expect("room for all");
        Flow::Continue
    }
}

/// Nanoseconds an ask, over all producers; they and the consumers are spread over the shards.
pub(crate) async fn measure(system: System, extent: Extent) -> f64 {
    let mut consumers = Vec::with_capacity(CONSUMERS);
    for _ in 0..CONSUMERS {
        let consumer = system.spawn(Placement::RoundRobin, Counter::new);
        consumers.push(consumer.await.expect("a consumer"));
    }
    let consumers: Arc<[_]> = consumers.into();
    let mut producers = Vec::with_capacity(PRODUCERS);
    for number in 0..PRODUCERS {
        // Neighbours begin on different shards, whichever they are on themselves.
        let (consumers, first) = (consumers.clone(), number / 2 % CONSUMERS);
        let producer =
            system.spawn(Placement::RoundRobin, move || Producer { consumers, first }).await;
        producers.push(producer.expect("a producer"));
    }
    let finish = system.spawn(Placement::Here, Finish::new).await.expect("a finish");
    let (mut meter, mut asked) = (Meter::new(extent), 0);
    loop {
        let over = finish.call(|reply| Lap::Wait(PRODUCERS, reply)).within(FOR_EVER);
        let mut over = std::pin::pin!(over);
        send_first(over.as_mut()).await;
        for producer in &producers {
            producer.send((ASKS_PER_LAP, finish)).await.expect("begun");
        }
        over.await.expect("all are done");
        asked += ASKS_PER_LAP * PRODUCERS as u64;
        if !meter.lap(ASKS_PER_LAP * PRODUCERS as u64) {
            break;
        }
    }
    for consumer in &*consumers {
        let total = consumer.call(|reply| Count::AddAndRead(0, reply)).await.expect("answered");
        assert_eq!(total, asked / CONSUMERS as u64, "an ask was lost");
    }
    meter.nanos_each()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mesh;

    #[test]
    fn every_consumer_counts_its_share() {
        let each = mesh::run_two(async move |s| measure(s, Extent::Units(1)).await);
        assert!(each > 0.0);
    }
}
