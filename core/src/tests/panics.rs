//! User code that panics where nobody waits for it: in drops, wakers, payloads and reporters.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Wake, Waker};
use std::time::Duration;

use super::{Count, counter, counter_with, run};
use crate::testing::Rig;
use crate::{
    Actor, ActorConfig, ActorRef, Context, ExitReason, Flow, MailboxBound, Pid, Reporter,
    Undelivered,
};

/// Counts its drops, and panics in each.
struct Bomb(Arc<AtomicU32>);

impl Drop for Bomb {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
        panic!("in a drop");
    }
}

/// What an armoury does with a bomb.
enum Order {
    /// Never finishes with the message, which holds this.
    Hold,
    /// Lets go of it.
    Disarm(Bomb),
    /// Sets a timer that would send it.
    Later(Bomb),
    /// Panics with it.
    Throw(Bomb),
    Stop,
}

/// Takes bombs, and panics or hangs where it is handed back its messages.
#[derive(Default)]
struct Armoury {
    undelivered: Option<Fault>,
}

#[derive(Clone, Copy)]
enum Fault {
    Panics,
    Hangs,
}

impl Actor for Armoury {
    type Message = Order;

    async fn handle(&mut self, order: Order, ctx: &Context<Self>) -> Flow {
        match order {
            Order::Hold => std::future::pending().await,
            Order::Disarm(bomb) => std::mem::forget(bomb),
            Order::Later(bomb) => {
                ctx.send_after(Duration::from_secs(1), Order::Disarm(bomb));
            }
            Order::Throw(bomb) => std::panic::panic_any(bomb),
            Order::Stop => return Flow::Stop,
        }
        Flow::Continue
    }

    async fn on_undelivered(&mut self, order: Order, _: Undelivered, _: &Context<Self>) {
        // What is on the stack at a panic must not panic in turn.
        let kept = self.undelivered.map(|fault| (fault, std::mem::ManuallyDrop::new(order)));
        match kept {
            Some((Fault::Panics, _)) => panic!("in a hook"),
            Some((Fault::Hangs, _)) => std::future::pending().await,
            None => {}
        }
    }
}

fn armoury(rig: &Rig, bound: MailboxBound, undelivered: Option<Fault>) -> ActorRef<Armoury> {
    let config = ActorConfig::default().mailbox(bound);
    rig.on(0, || rig.system().spawn_here(config, || Armoury { undelivered })).unwrap()
}

/// Checks that every message was accounted for and the shard goes on.
fn is_whole(rig: &Rig) {
    assert_eq!(rig.shards[0].ledger().open(), 0, "{:?}", rig.shards[0].ledger());
    let neighbour = counter(rig, 0);
    assert_eq!(run(rig, 0, async move { neighbour.call(Count::Read).await }), Some(Ok(0)));
}

#[test]
fn every_message_left_is_counted_whatever_the_hook_does() {
    for fault in [Some(Fault::Panics), Some(Fault::Hangs), None] {
        for killed in [false, true] {
            let rig = Rig::new(1);
            let dropped = Arc::new(AtomicU32::new(0));
            let actor = armoury(&rig, MailboxBound::default(), fault);
            rig.on(0, || {
                for _ in 0..3 {
                    actor.cast(Order::Disarm(Bomb(dropped.clone()))).unwrap();
                }
                actor.stop();
            });
            rig.settle();
            if killed {
                rig.on(0, || actor.kill());
            }
            rig.advance(Duration::from_secs(60));
            rig.settle();
            let exit = run(&rig, 0, async move { actor.exit().await });
            assert_eq!(exit, Some(ExitReason::Normal));
            // All but the one that the hook was at fault with.
            let kept = u32::from(fault.is_some());
            assert_eq!(dropped.load(Ordering::Relaxed), 3 - kept);
            is_whole(&rig);
        }
    }
}

#[test]
fn messages_left_at_a_kill_or_a_shutdown_may_panic_in_their_drop() {
    for abandoned in [false, true] {
        let rig = Rig::new(1);
        let dropped = Arc::new(AtomicU32::new(0));
        let actor = armoury(&rig, MailboxBound::default(), None);
        rig.on(0, || actor.cast(Order::Hold).unwrap());
        rig.settle();
        rig.on(0, || {
            for _ in 0..3 {
                actor.cast(Order::Disarm(Bomb(dropped.clone()))).unwrap();
            }
        });
        let waiting = rig.on(0, || crate::spawn_local(async move { actor.exit().await }));
        rig.settle();
        if abandoned {
            drop(waiting);
            rig.on(0, || rig.shards[0].abandon_all());
            assert_eq!(rig.shards[0].ledger().open(), 0);
        } else {
            rig.on(0, || actor.kill());
            assert_eq!(run(&rig, 0, waiting), Some(Ok(ExitReason::Killed)));
            is_whole(&rig);
        }
        assert_eq!(dropped.load(Ordering::Relaxed), 3);
    }
}

#[test]
fn a_shard_that_is_abandoned_while_a_hook_runs_counts_what_is_left() {
    let rig = Rig::new(1);
    let dropped = Arc::new(AtomicU32::new(0));
    let actor = armoury(&rig, MailboxBound::default(), Some(Fault::Hangs));
    rig.on(0, || {
        for _ in 0..3 {
            actor.cast(Order::Disarm(Bomb(dropped.clone()))).unwrap();
        }
        actor.stop();
    });
    rig.settle();
    rig.on(0, || rig.shards[0].abandon_all());
    assert_eq!(rig.shards[0].ledger().open(), 0, "{:?}", rig.shards[0].ledger());
    assert_eq!(dropped.load(Ordering::Relaxed), 2);
}

#[test]
fn a_panic_whose_payload_panics_when_dropped_ends_its_actor_alone() {
    let rig = Rig::new(1);
    let dropped = Arc::new(AtomicU32::new(0));
    let actor = armoury(&rig, MailboxBound::default(), None);
    rig.on(0, || actor.cast(Order::Throw(Bomb(dropped.clone()))).unwrap());
    rig.settle();
    let exit = run(&rig, 0, async move { actor.exit().await });
    assert!(matches!(exit, Some(ExitReason::Panicked(_))), "{exit:?}");
    assert_eq!(dropped.load(Ordering::Relaxed), 1);
    is_whole(&rig);
}

#[test]
fn a_timer_whose_message_panics_when_dropped_changes_no_exit() {
    let rig = Rig::new(1);
    let dropped = Arc::new(AtomicU32::new(0));
    let actor = armoury(&rig, MailboxBound::default(), None);
    rig.on(0, || {
        for _ in 0..2 {
            actor.cast(Order::Later(Bomb(dropped.clone()))).unwrap();
        }
        actor.cast(Order::Stop).unwrap();
    });
    rig.settle();
    let exit = run(&rig, 0, async move { actor.exit().await });
    assert_eq!(exit, Some(ExitReason::Normal));
    assert_eq!(dropped.load(Ordering::Relaxed), 2);
    assert_eq!(rig.shards[0].in_use().timers, 0);
    is_whole(&rig);
}

#[test]
fn a_message_that_makes_room_may_panic_in_its_drop_and_its_sender_goes_on() {
    for bound in [MailboxBound::Sliding(1), MailboxBound::Dropping(1)] {
        let rig = Rig::new(1);
        let dropped = Arc::new(AtomicU32::new(0));
        let actor = armoury(&rig, bound, None);
        let bombs = [Bomb(dropped.clone()), Bomb(dropped.clone())];
        let sender = run(&rig, 0, async move {
            bombs.into_iter().all(|bomb| actor.cast(Order::Disarm(bomb)).is_ok())
        });
        assert_eq!(sender, Some(true), "{bound:?}");
        assert_eq!(dropped.load(Ordering::Relaxed), 1);
        is_whole(&rig);
    }
}

#[test]
fn packets_that_never_arrive_may_panic_in_their_drop() {
    let rig = Rig::new(2);
    let dropped = Arc::new(AtomicU32::new(0));
    let actor = armoury(&rig, MailboxBound::default(), None);
    rig.on(1, || {
        for _ in 0..3 {
            actor.cast(Order::Disarm(Bomb(dropped.clone()))).unwrap();
        }
        rig.shards[1].flush();
    });
    // They lie on the wires, which go with the rig.
    drop(rig);
    assert_eq!(dropped.load(Ordering::Relaxed), 3);
}

struct Grudge;

impl Wake for Grudge {
    fn wake(self: Arc<Self>) {
        panic!("in a waker");
    }
}

/// Polls a future once, with a waker that panics.
fn poll_with_grudge<F: Future + Unpin>(future: &mut F) {
    let waker = Waker::from(Arc::new(Grudge));
    let polled = std::pin::Pin::new(future).poll(&mut std::task::Context::from_waker(&waker));
    assert!(polled.is_pending());
}

#[test]
fn a_waker_that_panics_harms_neither_who_answers_nor_who_waits_behind() {
    let rig = Rig::new(2);
    for shard in 0..2 {
        let counter = counter(&rig, shard);
        let mut call = rig.on(0, || {
            let mut call = counter.call(Count::Read);
            poll_with_grudge(&mut call);
            call
        });
        rig.settle();
        assert_eq!(run(&rig, 0, async move { counter.call(Count::Read).await }), Some(Ok(0)));
        let answer = rig.on(0, || futures_lite::future::block_on(&mut call));
        assert_eq!(answer, Ok(0), "shard {shard}");
    }
}

#[test]
fn a_parked_sender_whose_waker_panics_does_not_hold_up_the_next() {
    let rig = Rig::new(2);
    let config = ActorConfig::default().mailbox(MailboxBound::Fixed(1));
    for shard in 0..2 {
        // Not started yet, and full.
        let counter = counter_with(&rig, shard, config.clone());
        let first = rig.on(0, || {
            counter.cast(Count::Add(1)).unwrap();
            if shard == 1 {
                counter.cast(Count::Add(1)).unwrap();
            }
            rig.hop();
            rig.hop();
            let mut first = counter.send(Count::Add(1));
            poll_with_grudge(&mut first);
            first
        });
        let next = async move { counter.send(Count::Add(1)).await };
        let next = rig.on(0, || crate::spawn_local(next));
        rig.settle();
        rig.on(0, || drop(first));
        rig.settle();
        assert!(next.is_finished(), "shard {shard}");
    }
}

/// A reporter that panics at whatever it is told.
struct Shy;

impl Reporter for Shy {
    fn actor_failed(&self, _: Pid, _: &str, _: &ExitReason) {
        panic!("in a reporter");
    }
}

#[test]
fn a_reporter_that_panics_ends_nothing() {
    let rig = Rig::with_reporter(1, Shy);
    let counter = counter(&rig, 0);
    rig.on(0, || counter.cast(Count::Panic).unwrap());
    rig.settle();
    let exit = run(&rig, 0, async move { counter.exit().await });
    assert_eq!(exit, Some(ExitReason::Panicked("told to".into())));
    is_whole(&rig);
}

/// Panics in what an interval makes.
struct Ticking;

impl Actor for Ticking {
    type Message = ();

    async fn started(&mut self, ctx: &Context<Self>) -> crate::Result {
        ctx.send_interval(Duration::from_secs(1), || panic!("in a timer"));
        Ok(())
    }

    async fn handle(&mut self, (): (), _: &Context<Self>) -> Flow {
        Flow::Continue
    }
}

#[test]
fn a_panic_in_a_timer_ends_its_actor() {
    let rig = Rig::new(1);
    let actor = rig.on(0, || rig.system().spawn_here(ActorConfig::default(), || Ticking)).unwrap();
    rig.settle();
    rig.advance(Duration::from_secs(1));
    rig.settle();
    let exit = run(&rig, 0, async move { actor.exit().await });
    assert_eq!(exit, Some(ExitReason::Panicked("in a timer".into())));
    is_whole(&rig);
}

/// Catches a panic of its own, and then unwinds with words of its own or the same again.
struct Rethrower;

impl Actor for Rethrower {
    type Message = &'static str;

    async fn handle(&mut self, words: &'static str, _: &Context<Self>) -> Flow {
        let caught = std::panic::catch_unwind(|| panic!("first"));
        assert!(caught.is_err());
        std::panic::resume_unwind(Box::new(words))
    }
}

#[test]
fn a_panic_tells_where_it_was_if_somebody_knows() {
    let rig = Rig::new(2);
    for shard in 0..2 {
        let counter = counter(&rig, shard);
        rig.on(0, || counter.cast(Count::Panic).unwrap());
        rig.settle();
        let exit = run(&rig, 0, async move { counter.exit().await });
        let Some(ExitReason::Panicked(panic)) = &exit else { panic!("{exit:?}") };
        let place = panic.place().unwrap();
        assert!(place.contains("tests/counter.rs:"), "{place}");
        assert_eq!(panic.to_string(), format!("told to (at {place})"));
        let exit = exit.as_ref().unwrap().to_string();
        assert_eq!(exit, format!("panicked: told to (at {place})"));
    }
    for (words, known) in [("second", false), ("first", true)] {
        let actor = || Rethrower;
        let actor = rig.on(0, || rig.system().spawn_here(ActorConfig::default(), actor)).unwrap();
        rig.on(0, || actor.cast(words).unwrap());
        rig.settle();
        let exit = run(&rig, 0, async move { actor.exit().await });
        let Some(ExitReason::Panicked(panic)) = &exit else { panic!("{exit:?}") };
        assert_eq!((panic.message(), panic.place().is_some()), (words, known));
    }
    is_whole(&rig);
}
