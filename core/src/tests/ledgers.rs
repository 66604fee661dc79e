//! The ledger by types adds up, whatever becomes of messages.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use super::{Count, Counter, counter, counter_with, run};
use crate::testing::Rig;
use crate::{
    Actor, ActorConfig, ActorRef, CallError, Context, Flow, MailboxBound, Placement, Recipient,
    Reply, TypeLedger, Undelivered, sleep,
};

/// Takes its time over each message.
struct Slow;

enum Work {
    Take(u64),
    Answer(Reply<()>),
}

impl Actor for Slow {
    type Message = Work;

    async fn handle(&mut self, work: Work, ctx: &Context<Self>) -> Flow {
        match work {
            Work::Take(millis) => ctx.sleep(Duration::from_millis(millis)).await,
            Work::Answer(reply) => reply.send(()),
        }
        Flow::Continue
    }
}

fn slow(rig: &Rig, shard: usize, mailbox: MailboxBound) -> ActorRef<Slow> {
    let config = ActorConfig::named("slow").mailbox(mailbox);
    let slow = rig.on(shard, || rig.system().spawn_here(config, || Slow)).unwrap();
    rig.settle();
    slow
}

fn check(rig: &Rig) {
    rig.shards.iter().for_each(|shard| shard.check_ledger().unwrap());
}

fn of(rig: &Rig, shard: usize, actor: &str) -> TypeLedger {
    let lines = rig.shards[shard].ledger_by_type();
    lines.into_iter().find(|line| line.actor.ends_with(actor)).unwrap()
}

fn undelivered(line: &TypeLedger, reason: Undelivered) -> u64 {
    line.ledger.undelivered[reason as usize]
}

#[test]
fn each_type_has_a_line_with_what_is_on_the_way() {
    let rig = Rig::new(1);
    let (slow, counter) = (slow(&rig, 0, MailboxBound::Fixed(10)), counter(&rig, 0));
    rig.on(0, || {
        (0..3).for_each(|_| slow.cast(Work::Take(5)).unwrap());
        (0..7).for_each(|_| counter.cast(Count::Add(1)).unwrap());
    });
    let before = of(&rig, 0, "Slow");
    assert_eq!((before.actors, before.ledger.accepted, before.queued), (1, 3, 3));
    check(&rig);
    rig.settle();
    let during = of(&rig, 0, "Slow");
    assert_eq!((during.queued, during.in_hand, during.ledger.handled), (2, 1, 0));
    assert!(during.message.ends_with("Work"));
    let counted = of(&rig, 0, "Counter");
    assert_eq!((counted.ledger.accepted, counted.ledger.handled, counted.queued), (7, 7, 0));
    check(&rig);
    rig.on(0, || slow.kill());
    rig.settle();
    let after = of(&rig, 0, "Slow");
    assert_eq!((after.actors, after.queued, after.in_hand), (0, 0, 0));
    assert_eq!((after.ledger.handled, undelivered(&after, Undelivered::Stopped)), (1, 2));
    check(&rig);
}

#[test]
fn a_queue_that_grew_round_its_end_counts_on() {
    let rig = Rig::new(1);
    let counter = counter_with(&rig, 0, ActorConfig::default().mailbox(MailboxBound::Unbounded));
    for round in 1..200u64 {
        rig.on(0, || (0..round).for_each(|_| counter.cast(Count::Add(1)).unwrap()));
        let line = of(&rig, 0, "Counter");
        assert_eq!(line.queued, round);
        assert_eq!(line.ledger.accepted, round * (round + 1) / 2);
        check(&rig);
        rig.settle();
    }
    check(&rig);
}

#[test]
fn calls_in_place_are_counted_where_they_are_handled() {
    let rig = Rig::new(1);
    let counter = counter(&rig, 0);
    let answered = run(&rig, 0, async move {
        for _ in 0..100 {
            counter.call(Count::Read).await.unwrap();
        }
    });
    assert!(answered.is_some());
    let line = of(&rig, 0, "Counter");
    assert_eq!((line.ledger.accepted, line.ledger.handled), (100, 100));
    check(&rig);
}

#[test]
fn what_full_mailboxes_drop_is_their_types() {
    let rig = Rig::new(2);
    for (mailbox, refused) in [
        (MailboxBound::Dropping(2), 0),
        (MailboxBound::Sliding(2), 0),
        (MailboxBound::Reject(2), 3),
        (MailboxBound::Fixed(2), 3),
    ] {
        for home in [0, 1] {
            let slow = slow(&rig, home, mailbox);
            let before = of(&rig, home, "Slow").ledger;
            rig.on(0, || drop(slow.cast(Work::Take(1))));
            rig.settle();
            // One is being handled, two fit; from another shard, none is refused at first.
            rig.on(0, || (0..5).for_each(|_| drop(slow.cast(Work::Take(1)))));
            check(&rig);
            rig.settle();
            check(&rig);
            let after = of(&rig, home, "Slow").ledger;
            let overflow = after.undelivered[2] - before.undelivered[2];
            let drops = matches!(mailbox, MailboxBound::Dropping(_) | MailboxBound::Sliding(_));
            assert_eq!(overflow, if drops { 3 } else { 0 }, "{mailbox:?}, {home}");
            if home == 0 {
                assert_eq!(after.refused - before.refused, refused, "{mailbox:?}");
            }
            rig.advance(Duration::from_millis(50));
            rig.settle();
            rig.on(0, || slow.kill());
            rig.settle();
            check(&rig);
        }
    }
}

#[test]
fn what_waits_in_an_overflow_is_queued_and_left_there_undelivered() {
    let rig = Rig::new(2);
    let slow = slow(&rig, 1, MailboxBound::Fixed(2));
    rig.on(0, || (0..9).for_each(|_| slow.cast(Work::Take(1)).unwrap()));
    rig.settle();
    let line = of(&rig, 1, "Slow");
    assert_eq!((line.ledger.accepted, line.queued, line.in_hand), (9, 8, 1));
    check(&rig);
    rig.on(0, || slow.kill());
    rig.settle();
    let line = of(&rig, 1, "Slow");
    assert_eq!((line.ledger.accepted, undelivered(&line, Undelivered::Stopped)), (9, 8));
    check(&rig);
}

#[test]
fn messages_for_the_dead_belong_to_no_type() {
    let rig = Rig::new(2);
    let slow = slow(&rig, 1, MailboxBound::Fixed(2));
    rig.on(0, || slow.kill());
    rig.settle();
    rig.on(0, || slow.cast(Work::Take(1)).unwrap());
    rig.settle();
    let nobody = &rig.shards[1].ledger_by_type()[0];
    assert_eq!((nobody.actor, nobody.ledger.accepted), ("", 1));
    assert_eq!(undelivered(nobody, Undelivered::Stopped), 1);
    check(&rig);
}

#[test]
fn an_expired_message_is_its_types() {
    let rig = Rig::new(1);
    let slow = slow(&rig, 0, MailboxBound::Fixed(9));
    let late = rig.on(0, || {
        slow.cast(Work::Take(20)).unwrap();
        // Waits behind that one until its deadline has passed.
        let call = slow.call(Work::Answer).within(Duration::from_millis(5));
        crate::spawn_local(async move { assert_eq!(call.await, Err(CallError::Timeout)) })
    });
    for _ in 0..10 {
        rig.settle();
        check(&rig);
        rig.advance(Duration::from_millis(10));
    }
    assert!(late.is_finished());
    let line = of(&rig, 0, "Slow");
    assert_eq!((line.ledger.handled, undelivered(&line, Undelivered::Expired)), (1, 1));
}

#[test]
fn a_type_that_ended_and_came_again_has_one_line() {
    let rig = Rig::new(1);
    for _ in 0..3 {
        let counter = counter(&rig, 0);
        rig.on(0, || counter.cast(Count::Add(1)).unwrap());
        rig.settle();
        rig.on(0, || counter.kill());
        rig.settle();
    }
    let lines = rig.shards[0].ledger_by_type();
    let lines: Vec<_> = lines.iter().filter(|line| line.actor.ends_with("Counter")).collect();
    assert_eq!(lines.len(), 1);
    assert_eq!((lines[0].actors, lines[0].ledger.handled), (0, 3));
}

#[test]
fn the_shards_of_a_system_are_gathered_type_by_type() {
    let rig = Rig::new(3);
    let system = rig.system();
    let result = Rc::new(RefCell::new(None));
    let slot = result.clone();
    rig.on(0, || {
        crate::spawn_local(async move {
            for shard in 0..3 {
                let factory = || Counter { total: 0 };
                let counter = system.spawn(Placement::Shard(shard), factory).await.unwrap();
                counter.send(Count::Add(1)).await.unwrap();
            }
            sleep(Duration::from_millis(1)).await;
            *slot.borrow_mut() = Some(system.gather_ledger(Duration::from_secs(1)).await);
        })
    });
    rig.settle();
    rig.advance(Duration::from_millis(2));
    rig.settle();
    let gathered = result.take().unwrap();
    assert!(gathered.silent.is_empty());
    let line = gathered.value.iter().find(|line| line.actor.ends_with("Counter")).unwrap();
    assert_eq!((line.actors, line.ledger.handled, line.ledger.accepted), (3, 3, 3));
}

#[test]
fn a_reserved_place_that_came_to_nothing_is_counted() {
    let rig = Rig::new(1);
    let counter = counter(&rig, 0);
    let to: Recipient<Ending> = counter.recipient();
    rig.on(0, || to.cast(Ending(counter)).unwrap());
    rig.settle();
    check(&rig);
}

/// Ends the actor while it is converted for it.
struct Ending(ActorRef<Counter>);

impl From<Ending> for Count {
    fn from(ending: Ending) -> Self {
        ending.0.kill();
        Self::Add(1)
    }
}

#[test]
fn a_shard_that_does_not_answer_is_named() {
    let rig = Rig::new(2);
    let system = rig.system();
    let result = Rc::new(RefCell::new(None));
    let slot = result.clone();
    rig.on(0, || {
        crate::spawn_local(async move {
            *slot.borrow_mut() = Some(system.gather_ledger(Duration::from_millis(3)).await);
        })
    });
    // Nothing is carried to the other shard.
    rig.turn(0);
    rig.advance(Duration::from_millis(4));
    rig.turn(0);
    assert_eq!(result.take().unwrap().silent, [crate::ShardId(1)]);
}
