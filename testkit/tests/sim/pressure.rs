//! What happens when there is no room.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use greenroom_core::limits::OUTBOX_DEPTH;
use greenroom_core::{
    Actor, ActorConfig, Context, Flow, MailboxBound, Placement, ShardId, System, Undelivered,
};
use greenroom_testkit::Campaign;

use super::actors::come_to_rest;

/// Takes a millisecond over its first message and no time over the rest.
struct Slow {
    handled: Arc<AtomicU64>,
    undelivered: Arc<AtomicU64>,
}

impl Actor for Slow {
    type Message = u64;

    async fn handle(&mut self, _: u64, ctx: &Context<Self>) -> Flow {
        if self.handled.fetch_add(1, Ordering::Relaxed) == 0 {
            ctx.sleep(Duration::from_millis(1)).await;
        }
        Flow::Continue
    }

    async fn on_undelivered(&mut self, _: u64, _: Undelivered, _: &Context<Self>) {
        self.undelivered.fetch_add(1, Ordering::Relaxed);
    }
}

const SENDERS: u16 = 2;
/// Enough to fill outbox and ring and then some.
const BURST: u64 = OUTBOX_DEPTH as u64 + 1500;

/// Casts until refused, then sends what is left. Returns how many were accepted.
async fn flood(to: greenroom_core::ActorRef<Slow>, burst: u64) -> u64 {
    let mut number = 0;
    while number < burst {
        // Not all in one turn: the pump has to come between.
        let stride = (number + 257).min(burst);
        while number < stride {
            if to.cast(number).is_err() {
                to.send(number).await.unwrap();
            }
            number += 1;
        }
        greenroom_core::sleep(Duration::from_nanos(1)).await;
    }
    number
}

async fn start_slow(
    system: System,
    handled: Arc<AtomicU64>,
    undelivered: Arc<AtomicU64>,
) -> greenroom_core::ActorRef<Slow> {
    let config = ActorConfig::named("slow").mailbox(MailboxBound::Fixed(1));
    let make = move || Slow { handled, undelivered };
    system.spawn_with(config, Placement::Shard(0), make).await.unwrap()
}

#[test]
fn a_full_mailbox_stops_other_shards_within_the_bound_and_loses_nothing() {
    let name =
        "sim::pressure::a_full_mailbox_stops_other_shards_within_the_bound_and_loses_nothing";
    let nearest = AtomicU64::new(0);
    let campaign = Campaign::new(name).seeds(40);
    let summary = campaign.runtime(|builder, _| builder.shards(SENDERS + 1)).run(|sim| {
        // What can be on the way from one shard when its STOP arrives: a full outbox, a full ring,
        // and one flush, which is at most another ring.
        let ring = u64::from(sim.ring_depth());
        let bound = 1 + u64::from(SENDERS) * (OUTBOX_DEPTH as u64 + 2 * ring);
        let handled = Arc::new(AtomicU64::new(0));
        let counts = handled.clone();
        let root = sim.start_on(0, async move |system| {
            let slow = start_slow(system, counts.clone(), Arc::default()).await;
            let senders = (1..=SENDERS).map(|shard| {
                system.handle().run_on(ShardId(shard), async move |_| flood(slow, BURST).await)
            });
            let mut accepted = 0;
            for sender in senders.collect::<Vec<_>>() {
                accepted += sender.await.unwrap();
            }
            while counts.load(Ordering::Relaxed) < accepted {
                greenroom_core::sleep(Duration::from_micros(10)).await;
            }
            slow.drain();
            slow.exit().await;
            accepted
        });
        let mut most = 0;
        for step in 0u64.. {
            if root.is_finished() {
                break;
            }
            assert!(sim.step(), "a deadlock: {}", sim.report());
            if step % 16 == 0 {
                most = most.max(sim.in_use(0, 0).queued as u64);
            }
        }
        assert!(most <= bound, "{most} messages were kept, more than {bound}");
        nearest.fetch_max(most * 100 / bound, Ordering::Relaxed);
        let accepted = sim.finish(root);
        assert_eq!(accepted, u64::from(SENDERS) * BURST);
        assert_eq!(handled.load(Ordering::Relaxed), accepted, "a message was lost");
        come_to_rest(sim, 1, SENDERS + 1);
    });
    if !summary.is_whole() {
        return;
    }
    // A bound that no run comes near is not the bound.
    assert!(nearest.into_inner() >= 80, "no run came near the bound");
}

#[test]
fn a_drain_racing_sends_accepts_nothing_that_it_then_drops() {
    let name = "sim::pressure::a_drain_racing_sends_accepts_nothing_that_it_then_drops";
    let campaign = Campaign::new(name).seeds(300).runtime(|builder, _| builder.shards(3));
    campaign.run(|sim| {
        let (handled, undelivered) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let (counts, returned) = (handled.clone(), undelivered.clone());
        let (after, ends_by_stop) = (sim.draw(3000), sim.draw(2) == 1);
        let accepted = sim.run(async move |system| {
            let slow = start_slow(system, counts, returned).await;
            let senders = (0..3).map(|shard| {
                system.handle().run_on(ShardId(shard), async move |_| {
                    let mut accepted = 0;
                    for number in 0..40 {
                        let sent = match number % 2 {
                            0 => slow.cast(number).is_ok(),
                            _ => slow.send(number).await.is_ok(),
                        };
                        accepted += u64::from(sent);
                        greenroom_core::sleep(Duration::from_nanos(50)).await;
                    }
                    accepted
                })
            });
            let senders: Vec<_> = senders.collect();
            greenroom_core::sleep(Duration::from_micros(after)).await;
            if ends_by_stop {
                slow.stop();
            } else {
                slow.drain();
            }
            let mut accepted = 0;
            for sender in senders {
                accepted += sender.await.unwrap();
            }
            slow.exit().await;
            accepted
        });
        come_to_rest(sim, 1, 3);
        let ledger = sim.ledger(0, 0);
        assert_eq!(ledger.accepted, accepted, "{ledger:?}");
        assert_eq!(ledger.handled, handled.load(Ordering::Relaxed), "{ledger:?}");
        let lost = ledger.accepted - ledger.handled;
        assert_eq!(ledger.undelivered.iter().sum::<u64>(), lost, "{ledger:?}");
        assert!(undelivered.load(Ordering::Relaxed) <= lost, "{ledger:?}");
    });
}
