//! What crosses a shard border, by the pump.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use super::{Count, counter_with};
use crate::limits::{OUTBOX_DEPTH, OUTBOX_FLUSH};
use crate::runtime::Lane;
use crate::shard::{Fifo, Next, Pumped};
use crate::testing::Rig;
use crate::{Actor, ActorConfig, CastError, Context, Flow, MailboxBound, spawn_local};

#[test]
fn a_turn_leaves_no_more_than_the_bound_however_often_it_is_flushed() {
    let rig = Rig::new(2);
    let config = ActorConfig::default().mailbox(MailboxBound::Unbounded);
    let counter = counter_with(&rig, 1, config);
    let cast = || rig.on(0, || counter.cast(Count::Add(1)));
    for sent in 1..=OUTBOX_DEPTH {
        cast().unwrap();
        let flushed = sent - sent % OUTBOX_FLUSH;
        assert_eq!(rig.on_the_way(0, 1, Lane::User), flushed, "after {sent}");
    }
    assert!(matches!(cast(), Err(CastError::Full(_))), "the wires took all, the bound counts it");
    assert!(rig.on(0, || rig.shards[0].flush()));
    assert!(cast().is_ok(), "the turn is over");
}

#[test]
fn senders_that_a_flush_lets_go_on_make_the_shard_ready() {
    let rig = Rig::new(2);
    let config = ActorConfig::default().mailbox(MailboxBound::Unbounded);
    let counter = counter_with(&rig, 1, config);
    let sender = rig.on(0, || {
        spawn_local(async move {
            for _ in 0..=OUTBOX_DEPTH {
                counter.send(Count::Add(1)).await.unwrap();
            }
        })
    });
    let mut pump = rig.pump(0);
    let mut round = || rig.on(0, || pump.round(&rig.shards[0], rig.now(), &mut Fifo));
    // The sender parked at the bound in this turn, and nothing but its flush can wake it.
    assert_eq!(round().next, Next::Ready);
    let after = round();
    // Nothing left but the look at who has been parked for long, which then finds nobody.
    assert!(matches!(after.next, Next::Until(_)) && !after.blocked, "{after:?}");
    assert!(sender.is_finished());
    assert_eq!(rig.on_the_way(0, 1, Lane::User), OUTBOX_DEPTH + 1);
}

/// A message whose drop panics, and is counted.
struct Bomb(Arc<AtomicU32>);

impl Drop for Bomb {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
        panic!("in a drop");
    }
}

struct Gone;

impl Actor for Gone {
    type Message = Bomb;

    async fn handle(&mut self, bomb: Bomb, _: &Context<Self>) -> Flow {
        std::mem::forget(bomb);
        Flow::Continue
    }
}

#[test]
fn a_panic_in_a_batch_loses_no_other_packet() {
    let rig = Rig::new(2);
    let counter = counter_with(&rig, 1, ActorConfig::default());
    let gone = rig.on(1, || rig.system().spawn_here(ActorConfig::default(), || Gone)).unwrap();
    rig.on(1, || gone.kill());
    rig.settle();
    let dropped = Arc::new(AtomicU32::new(0));
    rig.on(0, || {
        for n in 0..20 {
            counter.cast(Count::Add(1)).unwrap();
            if n % 7 == 0 {
                gone.cast(Bomb(dropped.clone())).unwrap();
            }
        }
        rig.shards[0].flush();
    });
    let mut pump = rig.pump(1);
    let pumped = rig.on(1, || pump.round(&rig.shards[1], rig.now(), &mut Fifo));
    assert_eq!(pumped, Pumped { next: Next::Idle, received: 23, blocked: false });
    assert_eq!(dropped.load(Ordering::Relaxed), 3);
    let ledger = rig.shards[1].ledger();
    assert_eq!((ledger.handled, ledger.open()), (20, 0));
}
