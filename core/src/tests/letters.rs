//! Dead letters reach those who subscribe, within their bounds.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use super::{Count, Counter, counter, counter_with, run};
use crate::runtime::Lane;
use crate::testing::Rig;
use crate::{
    ActorConfig, ActorRef, DeadLetter, DeadLetters, LetterBound, LetterReason, MailboxBound,
    Recipient, ShardId, Undelivered, WhenSlow,
};

fn subscribe(rig: &Rig, shard: usize, letters: usize, when_slow: WhenSlow) -> DeadLetters {
    let bound = LetterBound { letters, when_slow };
    let subscriber = rig.on(shard, || rig.system().dead_letters(bound)).unwrap();
    rig.settle();
    subscriber
}

fn read(subscriber: &mut DeadLetters) -> Vec<DeadLetter> {
    std::iter::from_fn(|| subscriber.try_next()).collect()
}

fn reasons(letters: &[DeadLetter]) -> Vec<LetterReason> {
    letters.iter().map(|letter| letter.reason).collect()
}

fn dead(rig: &Rig, shard: usize) -> ActorRef<Counter> {
    let counter = counter(rig, shard);
    rig.settle();
    rig.on(shard, || counter.kill());
    rig.settle();
    counter
}

const STOPPED: LetterReason = LetterReason::Undelivered(Undelivered::Stopped);

#[test]
fn a_letter_says_for_whom_what_and_why() {
    let rig = Rig::new(2);
    let mut subscriber = subscribe(&rig, 0, 10, WhenSlow::DropNewest);
    let config = ActorConfig::named("full").mailbox(MailboxBound::Dropping(1));
    let full = counter_with(&rig, 1, config);
    rig.advance(Duration::from_secs(1));
    rig.settle();
    rig.on(1, || (0..2).for_each(|_| full.cast(Count::Add(1)).unwrap()));
    rig.settle();
    let letters = read(&mut subscriber);
    assert_eq!(letters.len(), 1);
    let letter = letters[0];
    assert_eq!((letter.to, letter.seen_on), (full.pid(), ShardId(1)));
    assert!(letter.actor.ends_with("::Counter") && letter.message.ends_with("::Count"));
    assert_eq!(letter.reason, LetterReason::Undelivered(Undelivered::Overflow));
    assert_eq!(letter.at, rig.shards[1].now());
    assert!(letter.to_string().ends_with("dropped by a full mailbox"), "{letter}");
}

#[test]
fn what_is_left_in_a_mailbox_and_what_comes_too_late_are_letters() {
    let rig = Rig::new(2);
    let mut subscriber = subscribe(&rig, 0, 10, WhenSlow::DropNewest);
    let counter = counter(&rig, 1);
    rig.on(1, || {
        (0..3).for_each(|_| counter.cast(Count::Add(1)).unwrap());
        counter.kill();
    });
    rig.settle();
    let letters = read(&mut subscriber);
    assert_eq!(reasons(&letters), [STOPPED; 3]);
    assert!(letters.iter().all(|letter| letter.actor.ends_with("::Counter")));
    rig.on(0, || counter.cast(Count::Add(1)).unwrap());
    rig.settle();
    let letters = read(&mut subscriber);
    assert_eq!(reasons(&letters), [STOPPED]);
    assert_eq!(letters[0].actor, "", "nobody lives there any more");
    assert!(letters[0].message.ends_with("::Count"));
}

#[test]
fn what_is_given_back_is_a_letter_whatever_the_verb() {
    let rig = Rig::new(1);
    let mut subscriber = subscribe(&rig, 0, 20, WhenSlow::DropNewest);
    let dead = dead(&rig, 0);
    let to: Recipient<Count> = dead.recipient();
    rig.on(0, || {
        assert!(dead.cast(Count::Add(1)).is_err());
        assert!(to.cast(Count::Add(1)).is_err());
    });
    let ended = run(&rig, 0, async move {
        dead.send(Count::Add(1)).await.is_err() && dead.call(Count::Read).await.is_err()
    });
    assert_eq!(ended, Some(true));
    assert_eq!(reasons(&read(&mut subscriber)), [LetterReason::Closed; 4]);
    let full = ActorConfig::default().mailbox(MailboxBound::Reject(1));
    let full = counter_with(&rig, 0, full);
    let refused = run(&rig, 0, async move {
        full.cast(Count::Add(1)).unwrap();
        full.cast(Count::Add(1)).is_err() && full.send(Count::Add(1)).await.is_err()
    });
    assert_eq!(refused, Some(true));
    assert_eq!(reasons(&read(&mut subscriber)), [LetterReason::Full; 2]);
}

#[test]
fn a_sender_that_waits_for_room_and_gets_it_is_no_letter() {
    let rig = Rig::new(1);
    let mut subscriber = subscribe(&rig, 0, 20, WhenSlow::DropNewest);
    let config = ActorConfig::default().mailbox(MailboxBound::Fixed(1));
    let counter = counter_with(&rig, 0, config);
    let sent = run(&rig, 0, async move {
        counter.cast(Count::Add(1)).unwrap();
        counter.send(Count::Add(1)).await.is_ok()
    });
    assert_eq!((sent, read(&mut subscriber).len()), (Some(true), 0));
}

#[test]
fn a_subscriber_that_waits_is_woken_from_another_shard() {
    let rig = Rig::new(2);
    let dead = dead(&rig, 1);
    let system = rig.system();
    let seen = Rc::new(RefCell::new(Vec::new()));
    let sink = seen.clone();
    rig.on(0, || {
        let mut letters = system.dead_letters(LetterBound::default()).unwrap();
        crate::spawn_local(async move {
            loop {
                let letter = letters.next().await;
                sink.borrow_mut().push(letter.reason);
            }
        })
    });
    rig.settle();
    for _ in 0..3 {
        rig.on(0, || dead.cast(Count::Add(1)).unwrap());
        rig.settle();
    }
    assert_eq!(*seen.borrow(), [STOPPED; 3]);
}

#[test]
fn a_slow_subscriber_loses_the_oldest_or_the_newest_and_is_told() {
    for (when_slow, kept) in [(WhenSlow::DropOldest, 3..6), (WhenSlow::DropNewest, 0..3)] {
        for home in [0, 1] {
            let rig = Rig::new(2);
            let mut subscriber = subscribe(&rig, home, 3, when_slow);
            let dead: Vec<_> = (0..6).map(|_| dead(&rig, 0)).collect();
            for to in &dead {
                rig.on(0, || assert!(to.cast(Count::Add(1)).is_err()));
                rig.settle();
            }
            let to: Vec<_> = read(&mut subscriber).iter().map(|letter| letter.to).collect();
            let expected: Vec<_> = dead[kept.clone()].iter().map(|to| to.pid()).collect();
            assert_eq!(to, expected, "{when_slow:?}, home {home}");
            assert_eq!(subscriber.lost(), 3);
        }
    }
}

/// A flood of letters takes one packet of the way to a subscriber's shard, however long it lasts.
#[test]
fn one_batch_is_under_way_and_the_rest_is_bounded() {
    let rig = Rig::new(2);
    let mut subscriber = subscribe(&rig, 0, 4, WhenSlow::DropNewest);
    let dead = dead(&rig, 1);
    read(&mut subscriber);
    for _ in 0..100 {
        rig.on(1, || {
            assert!(dead.cast(Count::Add(1)).is_err());
            rig.shards[1].flush();
        });
    }
    assert_eq!(rig.on_the_way(1, 0, Lane::System), 1);
    rig.settle();
    // The first went alone, four were kept for the second batch; home has room for four.
    assert_eq!(read(&mut subscriber).len(), 4);
    assert_eq!(subscriber.lost(), 96);
}

#[test]
fn a_subscriber_that_is_dropped_is_forgotten_everywhere() {
    let rig = Rig::new(2);
    let dead = dead(&rig, 1);
    let subscriber = subscribe(&rig, 0, 4, WhenSlow::DropNewest);
    rig.on(0, || drop(subscriber));
    rig.settle();
    rig.on(1, || assert!(dead.cast(Count::Add(1)).is_err()));
    rig.on(1, || rig.shards[1].flush());
    assert_eq!(rig.on_the_way(1, 0, Lane::System), 0, "a letter for nobody");
}

#[test]
fn a_subscriber_lost_elsewhere_is_forgotten_at_the_next_letter() {
    let rig = Rig::new(2);
    let dead = dead(&rig, 1);
    let subscriber = subscribe(&rig, 0, 4, WhenSlow::DropNewest);
    drop(subscriber);
    for sent in [1, 0] {
        rig.on(1, || {
            assert!(dead.cast(Count::Add(1)).is_err());
            rig.shards[1].flush();
        });
        assert_eq!(rig.on_the_way(1, 0, Lane::System), sent);
        rig.settle();
    }
}
