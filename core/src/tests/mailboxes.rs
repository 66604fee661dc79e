use std::cell::RefCell;
use std::rc::Rc;

use super::run;
use crate::limits::OUTBOX_DEPTH;
use crate::testing::Rig;
use crate::{Actor, ActorConfig, ActorRef, CastError, Context, Flow, MailboxBound};

/// Writes down what it is sent, when it is let.
struct Sink {
    seen: Rc<RefCell<Vec<u32>>>,
    gate: Rc<RefCell<Gate>>,
}

#[derive(Default)]
struct Gate {
    open: bool,
    waker: Option<std::task::Waker>,
}

impl Actor for Sink {
    type Message = u32;

    async fn handle(&mut self, message: u32, _: &Context<Self>) -> Flow {
        let gate = self.gate.clone();
        std::future::poll_fn(move |cx| {
            let mut gate = gate.borrow_mut();
            if gate.open {
                return std::task::Poll::Ready(());
            }
            gate.waker = Some(cx.waker().clone());
            std::task::Poll::Pending
        })
        .await;
        self.seen.borrow_mut().push(message);
        Flow::Continue
    }
}

struct Setup {
    rig: Rig,
    sink: ActorRef<Sink>,
    seen: Rc<RefCell<Vec<u32>>>,
    gate: Rc<RefCell<Gate>>,
}

impl Setup {
    fn new(shard: usize, bound: MailboxBound) -> Self {
        let rig = Rig::new(3);
        let (seen, gate) = (Rc::default(), Rc::<RefCell<Gate>>::default());
        let actor = Sink { seen: Rc::clone(&seen), gate: gate.clone() };
        let config = ActorConfig::default().mailbox(bound);
        let sink = rig.on(shard, || rig.system().spawn_here(config, || actor)).unwrap();
        rig.settle();
        Self { rig, sink, seen, gate }
    }

    fn open(&self) {
        let waker = {
            let mut gate = self.gate.borrow_mut();
            gate.open = true;
            gate.waker.take()
        };
        let home = self.sink.pid().shard().index();
        self.rig.on(home, || waker.into_iter().for_each(std::task::Waker::wake));
        self.rig.settle();
    }

    fn cast(&self, from: usize, message: u32) -> Result<(), CastError<u32>> {
        self.rig.on(from, || self.sink.cast(message))
    }
}

#[test]
fn a_full_mailbox_gives_the_message_back() {
    let setup = Setup::new(0, MailboxBound::Fixed(2));
    assert!(setup.cast(0, 0).is_ok());
    setup.rig.settle();
    // One is being handled, two fit.
    assert!(setup.cast(0, 1).is_ok());
    assert!(setup.cast(0, 2).is_ok());
    assert_eq!(setup.cast(0, 3).unwrap_err().into_message(), 3);
    setup.open();
    assert_eq!(*setup.seen.borrow(), [0, 1, 2]);
    let ledger = setup.rig.shards[0].ledger();
    assert_eq!((ledger.accepted, ledger.handled, ledger.refused), (3, 3, 1));
}

#[test]
fn parked_senders_are_served_in_order_and_before_casts() {
    let setup = Setup::new(0, MailboxBound::Fixed(1));
    let sink = setup.sink;
    assert!(setup.cast(0, 0).is_ok());
    setup.rig.settle();
    assert!(setup.cast(0, 1).is_ok());
    let senders: Vec<_> = (2..6)
        .map(|n| setup.rig.on(0, || crate::spawn_local(async move { sink.send(n).await })))
        .collect();
    setup.rig.settle();
    assert!(senders.iter().all(|sender| !sender.is_finished()));
    // One that gives up loses its place and nothing else.
    setup.rig.on(0, || senders[1].abort());
    setup.rig.settle();
    setup.open();
    assert_eq!(*setup.seen.borrow(), [0, 1, 2, 4, 5]);
    assert_eq!(setup.rig.shards[0].waits(), []);
}

#[test]
fn room_reserved_for_a_sender_that_gave_up_goes_to_the_next() {
    let setup = Setup::new(0, MailboxBound::Fixed(1));
    let sink = setup.sink;
    assert!(setup.cast(0, 0).is_ok());
    setup.rig.settle();
    assert!(setup.cast(0, 1).is_ok());
    let [first, second] =
        [2, 3].map(|n| setup.rig.on(0, || crate::spawn_local(async move { sink.send(n).await })));
    setup.rig.settle();
    // The sink takes one: room is reserved for the first sender, which is dropped before it comes.
    setup.rig.on(0, || first.abort());
    setup.open();
    assert!(second.is_finished());
    assert_eq!(*setup.seen.borrow(), [0, 1, 3]);
}

#[test]
fn a_dropping_mailbox_drops_the_newest_and_a_sliding_one_the_oldest() {
    for (bound, expected) in
        [(MailboxBound::Dropping(2), [0, 1, 2]), (MailboxBound::Sliding(2), [0, 3, 4])]
    {
        for from in 0..2 {
            let setup = Setup::new(0, bound);
            for message in 0..5 {
                assert!(setup.cast(from, message).is_ok());
                setup.rig.settle();
            }
            setup.open();
            assert_eq!(*setup.seen.borrow(), expected, "{bound:?}");
            let ledger = setup.rig.shards[0].ledger();
            assert_eq!((ledger.accepted, ledger.handled), (5, 3));
            assert_eq!(ledger.undelivered[crate::Undelivered::Overflow as usize], 2);
        }
    }
}

#[test]
fn a_full_mailbox_stops_other_shards_and_loses_nothing() {
    let setup = Setup::new(0, MailboxBound::Fixed(4));
    let mut sent = Vec::new();
    let mut number = 0;
    loop {
        let mut refused = 0;
        for from in [1, 2] {
            match setup.cast(from, number) {
                Ok(()) => sent.push(number),
                Err(error) => {
                    assert!(matches!(error, CastError::Full(_)));
                    refused += 1;
                }
            }
            number += 1;
        }
        if refused == 2 {
            break;
        }
        setup.rig.settle();
        assert!(number < 100, "nobody was stopped");
    }
    // Senders that wait for the target park, and go on at its GO.
    let sink = setup.sink;
    let parked = setup.rig.on(1, || crate::spawn_local(async move { sink.send(1000).await }));
    setup.rig.settle();
    assert!(!parked.is_finished());
    sent.push(1000);
    setup.open();
    let mut seen = setup.seen.borrow().clone();
    assert_eq!(seen.len(), sent.len());
    for from in 0..2 {
        let order: Vec<_> = seen.iter().filter(|&n| n % 2 == from && *n < 1000).collect();
        assert!(order.is_sorted(), "{order:?}");
    }
    seen.sort_unstable();
    assert_eq!(seen, sent);
    assert!(setup.cast(1, 7).is_ok(), "after GO casts pass again");
}

#[test]
fn an_outbox_is_bounded_and_parks_senders() {
    let setup = Setup::new(1, MailboxBound::Unbounded);
    setup.gate.borrow_mut().open = true;
    let sink = setup.sink;
    for message in 0..OUTBOX_DEPTH as u32 {
        assert!(setup.cast(0, message).is_ok());
    }
    assert!(matches!(setup.cast(0, 0), Err(CastError::Full(_))));
    let parked =
        setup.rig.on(0, || crate::spawn_local(async move { sink.send(OUTBOX_DEPTH as u32).await }));
    setup.rig.settle();
    assert!(parked.is_finished());
    assert!(setup.seen.borrow().iter().copied().eq(0..=OUTBOX_DEPTH as u32));
}

#[test]
fn the_end_of_a_target_wakes_those_who_wait_for_it() {
    for from in 0..2 {
        let setup = Setup::new(0, MailboxBound::Fixed(1));
        let sink = setup.sink;
        let mut accepted = 0;
        for n in 0..3 {
            accepted += u32::from(setup.cast(from, n).is_ok());
            setup.rig.settle();
        }
        let parked = setup.rig.on(from, || crate::spawn_local(async move { sink.send(9).await }));
        setup.rig.settle();
        assert!(!parked.is_finished());
        setup.rig.on(0, || sink.kill());
        setup.rig.settle();
        let outcome = run(&setup.rig, from, parked).unwrap().unwrap();
        if from == 0 {
            assert_eq!(outcome, Err(crate::SendError::Closed(9)));
        } else {
            // On its way when the news came: undelivered over there.
            assert!(outcome.is_ok());
            accepted += 1;
        }
        let ledger = setup.rig.shards[0].ledger();
        assert_eq!(ledger.accepted, u64::from(accepted));
        assert_eq!(ledger.open(), 0);
    }
}

#[test]
fn a_recipient_takes_what_its_actor_converts() {
    struct Wide(#[expect(dead_code, reason = "only its arrival counts")] u64);
    impl From<u8> for Wide {
        fn from(n: u8) -> Self {
            assert_ne!(n, 255, "told to");
            Self(n.into())
        }
    }
    struct Taker;
    impl Actor for Taker {
        type Message = Wide;
        async fn handle(&mut self, _: Wide, _: &Context<Self>) -> Flow {
            Flow::Continue
        }
    }
    let rig = Rig::new(1);
    let config = ActorConfig::default().mailbox(MailboxBound::Fixed(1));
    let taker = rig.on(0, || rig.system().spawn_here(config, || Taker)).unwrap();
    let recipient = taker.recipient::<u8>();
    rig.on(0, || {
        // A conversion that panics gives the room back.
        let panicked = std::panic::catch_unwind(|| recipient.cast(255));
        assert!(panicked.is_err());
        assert!(recipient.cast(1).is_ok());
        assert_eq!(recipient.cast(2).unwrap_err().into_message(), 2, "given back unconverted");
    });
    rig.settle();
    assert_eq!(rig.shards[0].ledger().handled, 1);
}
