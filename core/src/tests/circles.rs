//! Senders that wait for room in a circle.

use std::time::Duration;

use super::passers::{How, LOG_MAX, MILLI, Outcome, Pass, Setup};
use super::run;
use crate::limits::{COARSE_TICK, PROBE_AFTER, PROBES_MAX};
use crate::testing::Rig;
use crate::{Actor, ActorConfig, CallError, Context, ExitReason, Flow, MailboxBound};

/// Longer than the first probe may take.
const PROBED: Duration = Duration::from_millis(150);

const _: () = assert!(PROBED.as_millis() > PROBE_AFTER.as_millis() + COARSE_TICK.as_millis());

/// scylla #15845: full A -> B and B -> A queues. Kameo #84, #87: full mailboxes deadlock.
#[test]
fn a_circle_of_two_fails_one_wait_and_the_rest_goes_on() {
    for places in [[0, 0], [0, 1]] {
        let setup = Setup::new(&places);
        setup.close_circle(&[How::Send; 2]);
        assert_eq!((setup.endings(), setup.circles.counts()), (vec![], (0, 0)), "too early");
        setup.pass(PROBED);
        let path = setup.pids(&[1]);
        assert_eq!(setup.endings()[..], [(0, Outcome::Cycle(path.clone()))]);
        assert_eq!(*setup.circles.broken.lock().unwrap(), [(setup.actors[0].pid(), path)]);
        assert_eq!(setup.circles.counts().1, 0);
        setup.pass(400 * MILLI);
        assert!(!setup.waits_for_room(1), "the other still waits");
        setup.finish();
    }
}

#[test]
fn the_path_is_that_of_those_who_wait_nearest_first() {
    for places in [[0, 0, 0], [0, 1, 2], [1, 0, 1], [2, 2, 0]] {
        let setup = Setup::new(&places);
        setup.close_circle(&[How::Send; 3]);
        setup.pass(PROBED);
        // The smallest pid of the three: all who find the circle choose alike.
        let victim = (0..3).min_by_key(|&number| setup.actors[number].pid()).unwrap();
        let path = setup.pids(&[(victim + 2) % 3, (victim + 1) % 3]);
        assert_eq!(setup.endings()[..], [(victim, Outcome::Cycle(path))]);
        assert_eq!(setup.circles.counts(), (1, 0));
        setup.finish();
    }
}

/// kameo #84: an actor that sends to itself waits for itself.
#[test]
fn an_actor_that_waits_for_its_own_mailbox_is_a_circle() {
    let setup = Setup::new(&[1]);
    setup.close_circle(&[How::Send]);
    setup.pass(PROBED);
    assert_eq!(setup.endings(), [(0, Outcome::Cycle(setup.pids(&[0])))]);
    setup.finish();
}

#[test]
fn a_call_that_waits_for_room_fails_before_a_send() {
    // It could not have succeeded before its deadline, while the send may after it.
    for places in [[0, 0], [0, 1], [1, 0]] {
        let setup = Setup::new(&places);
        setup.close_circle(&[How::Send, How::Call]);
        setup.pass(PROBED);
        let ended = Outcome::Called(Err(CallError::Cycle(setup.pids(&[0]).into())));
        assert_eq!(setup.endings(), [(1, ended)]);
        assert_eq!(setup.circles.counts(), (1, 0));
        setup.finish();
    }
}

#[test]
fn a_wait_that_may_end_otherwise_is_only_suspected() {
    let aside = |setup: &Setup| How::Either(setup.actors[2]);
    for places in [[0, 0, 0], [0, 1, 0]] {
        for case in 0..3 {
            let setup = Setup::new(&places);
            let sink = setup.actors[2];
            if case == 2 {
                // Somebody who is busy, and full.
                setup.tell(2, || sink.cast(Pass::Sleep(60 * PROBED)).is_ok());
                setup.rig.settle();
                setup.tell(2, || sink.cast(Pass::Nothing).is_ok());
            }
            let hows = [How::Within(Duration::from_secs(60)), How::Lent, aside(&setup)];
            setup.close_circle(&[hows[case], How::Send]);
            setup.pass(PROBED);
            assert_eq!(setup.endings(), [], "case {case}: a wait failed");
            assert_eq!(setup.circles.counts(), (0, 1), "case {case} on {places:?}");
            // It is told once, however often it is looked at.
            setup.pass(8 * PROBED);
            assert_eq!(setup.circles.counts(), (0, 1), "case {case} on {places:?}");
            setup.finish();
        }
    }
}

#[test]
fn a_member_that_is_merely_slow_is_no_edge() {
    for places in [[0, 0, 0], [0, 1, 2]] {
        let setup = Setup::new(&places);
        let [first, second, third] = setup.actors[..] else { panic!() };
        // The third is going to send to the first, which closes the circle but for its sleep.
        setup.tell(2, || third.cast(Pass::Sleep(5 * PROBED)).is_ok());
        setup.rig.settle();
        setup.tell(0, || first.cast(Pass::Along(second, How::Send)).is_ok());
        setup.tell(1, || second.cast(Pass::Along(third, How::Send)).is_ok());
        setup.pass(4 * PROBED);
        assert!(setup.waits_for_room(0) && setup.waits_for_room(1));
        setup.pass(4 * PROBED);
        assert_eq!((setup.endings(), setup.circles.counts()), (vec![], (0, 0)));
        assert_eq!(setup.log.borrow().len(), LOG_MAX + 2, "somebody still waits");
        setup.finish();
    }
}

#[test]
fn a_mark_that_is_gone_ends_the_probe() {
    // A probe of each member makes three hops on its first leg, three on its second, and one with
    // the news unless its member is the one that is told.
    for hops in 0..6 {
        let setup = Setup::new(&[0, 1, 2]);
        setup.close_circle(&[How::Send; 3]);
        // Until the probes leave their shards.
        for _ in 0..10 * PROBED.as_millis() {
            if setup.rig.shards.iter().all(|shard| !shard.outboxes.is_empty()) {
                break;
            }
            setup.rig.advance(MILLI / 10);
            (0..3).for_each(|shard| _ = setup.rig.turn(shard));
        }
        assert!(setup.rig.shards.iter().all(|shard| !shard.outboxes.is_empty()), "no probe");
        (0..hops).for_each(|_| setup.rig.hop());
        // Each is polled for no reason.
        (0..3).for_each(|number| setup.wake(number));
        (0..7).for_each(|_| setup.rig.hop());
        assert_eq!(setup.circles.counts(), (0, 0), "after {hops} hops");
        assert!(setup.rig.shards.iter().all(|shard| shard.outboxes.is_empty()));
        // Polled, they wait anew, and are probed anew.
        setup.pass(PROBED);
        assert_eq!(setup.circles.counts(), (1, 0), "after {hops} hops");
        setup.finish();
    }
}

#[test]
fn a_go_under_way_is_no_edge_though_its_mailbox_is_full_again() {
    let setup = Setup::new(&[0, 1, 2]);
    let [first, second, third] = setup.actors[..] else { panic!() };
    let to_second = |pass| assert!(setup.rig.on(0, || second.cast(pass).is_ok()));
    to_second(Pass::Sleep(MILLI));
    setup.rig.settle();
    to_second(Pass::Nothing);
    to_second(Pass::Nothing);
    setup.rig.carry_all_but((1, 0));
    // Sent before the STOP is heard of.
    to_second(Pass::Along(third, How::Send));
    to_second(Pass::Nothing);
    to_second(Pass::Nothing);
    setup.rig.carry_all_but((0, 1));
    setup.tell(0, || first.cast(Pass::Along(second, How::Send)).is_ok());
    setup.rig.turn(0);
    assert!(setup.waits_for_room(0), "not stopped");
    // The GO is on its way for long, while the mailbox fills again.
    setup.rig.advance(2 * MILLI);
    setup.rig.turn(1);
    setup.tell(2, || third.cast(Pass::Along(first, How::Send)).is_ok());
    let hold = |duration: Duration| {
        for _ in 0..duration.as_millis() {
            setup.rig.advance(MILLI);
            loop {
                let turned = (0..3).filter(|&shard| setup.rig.turn(shard)).count();
                if setup.rig.carry_all_but((1, 0)) + turned == 0 {
                    break;
                }
            }
        }
    };
    hold(20 * MILLI);
    assert!((0..3).all(|number| setup.waits_for_room(number)));
    hold(PROBED);
    assert_eq!((setup.endings(), setup.circles.counts()), (vec![], (0, 0)));
    // Let go, the first waits for the next GO, and it is a circle.
    setup.pass(20 * MILLI);
    assert!((0..3).all(|number| setup.waits_for_room(number)));
    setup.pass(PROBED);
    assert_eq!(setup.circles.counts(), (1, 0));
    setup.finish();
}

#[test]
fn room_promised_to_somebody_is_no_edge() {
    let setup = Setup::new(&[0, 0]);
    let [first, second] = setup.actors[..] else { panic!() };
    setup.tell(0, || first.cast(Pass::Sleep(MILLI)).is_ok());
    setup.rig.settle();
    setup.tell(0, || first.cast(Pass::Along(second, How::Send)).is_ok());
    // Waits for room, and does not come for it when it has some.
    let holder = setup.rig.on(0, || {
        crate::spawn_local(async move {
            let mut send = first.send(Pass::Nothing);
            assert!(futures_lite::future::poll_once(&mut send).await.is_none());
            crate::sleep(4 * PROBED).await;
        })
    });
    setup.rig.settle();
    setup.tell(1, || second.cast(Pass::Along(first, How::Send)).is_ok());
    setup.pass(20 * MILLI);
    assert!(setup.waits_for_room(0) && setup.waits_for_room(1));
    setup.pass(2 * PROBED);
    assert_eq!((setup.endings(), setup.circles.counts()), (vec![], (0, 0)));
    // Given up, the room goes to the second: then it is a circle soon.
    setup.pass(4 * PROBED);
    assert!(holder.is_finished());
    assert_eq!(setup.circles.counts(), (1, 0));
    setup.finish();
}

#[test]
fn a_stopped_shard_is_let_go_early_rather_than_called_a_member() {
    let setup = Setup::with_depth(&[0, 1], 4);
    let [first, second] = setup.actors[..] else { panic!() };
    let to_second = |pass| {
        assert!(setup.rig.on(0, || second.cast(pass).is_ok()));
        setup.rig.settle();
    };
    to_second(Pass::Sleep(5 * MILLI));
    to_second(Pass::Nothing);
    to_second(Pass::Along(first, How::Send));
    // One too many: shard 0 is stopped.
    (0..3).for_each(|_| to_second(Pass::Nothing));
    setup.tell(0, || first.cast(Pass::Along(second, How::Send)).is_ok());
    setup.pass(30 * MILLI);
    assert!(setup.waits_for_room(0) && setup.waits_for_room(1));
    // The second has room for one, which is too little for a GO.
    let sent = |number| setup.log.borrow().iter().filter(|(n, _)| *n == number).count();
    assert_eq!((setup.rig.shards[1].in_use().queued, sent(0)), (3, 0));
    setup.pass(2 * PROBED);
    assert!(setup.log.borrow().contains(&(0, Outcome::Sent)), "not let go");
    assert_eq!(setup.circles.counts(), (1, 0), "with the mailbox full it is a circle");
    setup.finish();
}

#[test]
fn what_nobody_waits_for_and_what_ends_costs_no_probe() {
    let setup = Setup::new(&[0, 1]);
    let [first, second] = setup.actors[..] else { panic!() };
    let how = How::Within(PROBE_AFTER / 2);
    setup.tell(0, || first.cast(Pass::Along(second, how)).is_ok());
    setup.tell(1, || second.cast(Pass::Along(first, how)).is_ok());
    setup.pass(20 * MILLI);
    assert!(setup.waits_for_room(0) && setup.waits_for_room(1));
    setup.pass(PROBED);
    assert_eq!(setup.circles.counts(), (0, 0));
    assert_eq!(setup.rig.shards[0].in_use().parked + setup.rig.shards[1].in_use().parked, 0);
    assert_eq!(setup.rig.shards[0].next_deadline(), None, "looks at nobody");
    setup.finish();
}

#[test]
fn a_wait_that_outlasts_its_probes_is_left_alone_until_something_changes() {
    let setup = Setup::new(&[0, 0]);
    setup.close_circle(&[How::Lent, How::Send]);
    setup.pass(PROBE_AFTER * (1 << PROBES_MAX) + PROBED);
    assert_eq!(setup.circles.counts(), (0, 1));
    assert_eq!(setup.rig.shards[0].next_deadline(), None, "looks on for ever");
    // A third comes and makes it a circle of one's own: it is probed as ever.
    setup.wake(1);
    assert!(setup.rig.shards[0].next_deadline().is_some());
    setup.finish();
}

#[test]
fn a_drain_lets_go_of_those_who_wait_for_room_at_once() {
    for places in [[0, 0], [0, 1]] {
        let setup = Setup::new(&places);
        setup.close_circle(&[How::Send; 2]);
        let drained = setup.actors[1];
        setup.tell(1, || {
            drained.drain();
            true
        });
        setup.rig.settle();
        // Of another shard, it is told that it may send; what it sends is undelivered there.
        setup.pass(5 * MILLI);
        assert!(!setup.waits_for_room(0), "still waits for room where nothing is accepted");
        setup.pass(PROBED + LOG_MAX as u32 * MILLI);
        assert_eq!(setup.circles.counts(), (0, 0));
        let reason = run(&setup.rig, 0, async move { drained.exit().await });
        assert_eq!(reason, Some(ExitReason::Normal));
        setup.finish();
    }
}

/// Takes a second to start.
struct Slow;

impl Actor for Slow {
    type Message = ();

    async fn started(&mut self, ctx: &Context<Self>) -> crate::Result {
        ctx.sleep(Duration::from_secs(1)).await;
        Ok(())
    }

    async fn handle(&mut self, (): (), _: &Context<Self>) -> Flow {
        Flow::Continue
    }
}

#[test]
fn a_drain_lets_go_also_while_a_hook_runs() {
    let rig = Rig::new(2);
    for from in 0..2 {
        let config = ActorConfig::default().mailbox(MailboxBound::Fixed(1));
        let slow = rig.on(0, || rig.system().spawn_here(config, || Slow)).unwrap();
        for _ in 0..2 {
            rig.on(from, || drop(slow.cast(())));
            rig.settle();
        }
        let sender = rig.on(from, || crate::spawn_local(async move { slow.send(()).await }));
        rig.settle();
        assert!(!sender.is_finished());
        rig.on(0, || slow.drain());
        rig.settle();
        assert!(sender.is_finished(), "waits where nothing is accepted");
        rig.advance(Duration::from_secs(1));
        rig.settle();
        assert_eq!(rig.shards[0].actors(), 0);
        let ledger = rig.shards[0].ledger();
        assert_eq!((ledger.open(), ledger.undelivered[0]), (0, from as u64), "{ledger:?}");
    }
}
