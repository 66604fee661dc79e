//! A ref, pid, port or waker used in another system, shard or time.

use super::{Count, Counter, counter, run};
use crate::pid::PidError;
use crate::process;
use crate::testing::Rig;
use crate::{
    Actor, ActorConfig, ActorRef, CallError, CastError, Context, ExitReason, Flow, Pid, RefError,
    ShardId,
};

struct Texts;

impl Actor for Texts {
    type Message = String;

    async fn handle(&mut self, _: String, _: &Context<Self>) -> Flow {
        Flow::Continue
    }
}

/// ractor #466: a wrongly typed ref kills its target.
#[test]
fn a_wrongly_typed_ref_is_refused_and_harms_nobody() {
    let rig = Rig::new(2);
    for shard in 0..2 {
        let counter = counter(&rig, shard);
        let wrong = ActorRef::<Texts>::from_pid(counter.pid());
        let sent = rig.on(0, || wrong.cast("a".into()));
        if shard == 0 {
            assert!(matches!(sent, Err(CastError::Unusable(RefError::WrongType, _))));
        } else {
            assert!(sent.is_ok(), "known only over there");
        }
        let answer = run(&rig, 0, async move { counter.call(Count::Read).await });
        assert_eq!(answer, Some(Ok(0)), "the target lives");
    }
    assert_eq!(rig.shards[1].ledger().undelivered[0], 1);
}

#[test]
fn a_stale_ref_never_reaches_the_slot_s_next_tenant() {
    let rig = Rig::new(2);
    for shard in 0..2 {
        let old = counter(&rig, shard);
        rig.on(shard, || old.stop());
        rig.settle();
        let new = counter(&rig, shard);
        assert_eq!(old.pid().slot(), new.pid().slot());
        assert_ne!(old, new);
        let refused = rig.on(0, || old.cast(Count::Add(7)));
        assert_eq!(refused.is_err(), shard == 0);
        rig.settle();
        let totals = run(&rig, 0, async move {
            (old.call(Count::Read).await, new.call(Count::Read).await, old.exit().await)
        });
        let gone = if shard == 0 { CallError::Closed } else { CallError::Dropped };
        assert_eq!(totals, Some((Err(gone), Ok(0), ExitReason::Normal)));
    }
}

#[test]
fn a_ref_of_another_system_is_not_local_and_meets_no_namesake() {
    let (here, there) = (Rig::new(1), Rig::new(1));
    let (mine, theirs) = (counter(&here, 0), counter(&there, 0));
    assert_eq!(mine.pid().slot(), theirs.pid().slot());
    let refused = here.on(0, || theirs.cast(Count::Add(1)));
    assert!(matches!(refused, Err(CastError::Unusable(RefError::NotLocal, _))));
    let answers = run(&here, 0, async move {
        (theirs.call(Count::Read).await, theirs.exit().await, mine.call(Count::Read).await)
    });
    let (theirs, exit, mine) = answers.unwrap();
    assert_eq!(theirs, Err(CallError::Unusable(RefError::NotLocal)));
    assert_eq!(exit, ExitReason::Unreachable);
    assert_eq!(mine, Ok(0));
}

#[test]
fn a_claim_polled_on_another_shard_touches_nothing_there() {
    use std::cell::RefCell;
    use std::pin::Pin;
    use std::rc::Rc;

    let (here, there) = (Rig::new(1), Rig::new(1));
    type Pending = Pin<Box<dyn Future<Output = Result<u64, CallError>>>>;
    let kept: Rc<RefCell<Option<Pending>>> = Rc::default();
    let counter_here = counter(&here, 0);
    let slot = kept.clone();
    let begun = run(&here, 0, async move {
        let mut call = Box::pin(counter_here.call(Count::Keep));
        assert!(futures_lite::future::poll_once(&mut call).await.is_none());
        *slot.borrow_mut() = Some(call);
    });
    assert!(begun.is_some());
    // A slot of the same number, with another type, is open over there.
    let text = counter(&there, 0);
    let waiting = there.on(0, || crate::spawn_local(async move { text.call(Count::Keep).await }));
    there.settle();
    let call = kept.borrow_mut().take().unwrap();
    assert_eq!(run(&there, 0, call), Some(Err(CallError::Dropped)));
    assert!(!waiting.is_finished());
}

#[test]
fn pids_are_spelled_with_node_and_incarnation() {
    let rig = Rig::new(2);
    let pid = counter(&rig, 1).pid();
    let text = pid.to_string();
    assert_eq!(text.parse::<Pid>(), Ok(pid));
    assert!(text.starts_with("rig@"), "{text}");
    drop(rig);
    assert_eq!(text.parse::<Pid>(), Err(PidError::UnknownNode));
    for malformed in ["", "rig", "rig@1", "rig@1/0.0", "rig@1/0.0.0.0", "rig@x/0.0.1", "a/0.0.1"] {
        assert_eq!(malformed.parse::<Pid>(), Err(PidError::Malformed), "{malformed}");
    }
}

#[test]
fn wakers_and_ports_outlive_their_system() {
    let waker;
    let port;
    {
        let rig = Rig::new(1);
        let (kept, grab) = std::sync::mpsc::channel();
        run(
            &rig,
            0,
            std::future::poll_fn(move |cx| {
                kept.send(cx.waker().clone()).unwrap();
                std::task::Poll::Ready(())
            }),
        );
        waker = grab.recv().unwrap();
        let (kept, grab) = std::sync::mpsc::channel();
        let keeper =
            rig.on(0, || rig.system().spawn_here(ActorConfig::default(), || Keeper(kept)).unwrap());
        rig.on(0, || {
            crate::spawn_local(async move { keeper.call(|reply| reply).await });
        });
        rig.settle();
        port = grab.recv().unwrap();
    }
    let next = Rig::new(1);
    let counter = counter(&next, 0);
    // A call in a slot of the same number.
    let shelf = || next.system().spawn_here(ActorConfig::default(), Shelf::default);
    let shelf = next.on(0, shelf).unwrap();
    let waiting = next.on(0, || crate::spawn_local(async move { shelf.call(|port| port).await }));
    next.settle();
    std::thread::scope(|scope| {
        scope.spawn(|| waker.wake_by_ref());
    });
    next.on(0, || {
        waker.wake();
        port.send("too late".to_string());
    });
    next.settle();
    assert!(!waiting.is_finished(), "answered by a port of another system");
    let answer = run(&next, 0, async move { counter.call(Count::Read).await });
    assert_eq!(answer, Some(Ok(0)));
}

struct Keeper(std::sync::mpsc::Sender<crate::Reply<String>>);

impl Actor for Keeper {
    type Message = crate::Reply<String>;

    async fn handle(&mut self, port: Self::Message, _: &Context<Self>) -> Flow {
        self.0.send(port).unwrap();
        Flow::Continue
    }
}

#[test]
fn a_pid_of_a_shard_that_is_not_there_is_closed() {
    let rig = Rig::new(1);
    let pid = counter(&rig, 0).pid();
    let text = pid.to_string().replace("/0.", "/9.");
    let nowhere = ActorRef::<Counter>::from_pid(text.parse().unwrap());
    let refused = rig.on(0, || nowhere.cast(Count::Add(1)));
    assert!(matches!(refused, Err(CastError::Closed(_))));
    assert_eq!(run(&rig, 0, async move { nowhere.exit().await }), Some(ExitReason::Unreachable));
}

#[test]
fn a_shard_is_current_inside_its_call_and_no_longer() {
    let (outer, inner) = (Rig::new(1), Rig::new(1));
    let node = || crate::System::current().map(|system| system.node());
    let (first, second) = (Some(outer.shards[0].node()), Some(inner.shards[0].node()));
    outer.on(0, || {
        assert_eq!(inner.on(0, node), second);
        assert_eq!(node(), first, "the one before is back");
        let panics = std::panic::AssertUnwindSafe(|| inner.on(0, || panic!("inside")));
        assert!(std::panic::catch_unwind(panics).is_err());
        assert_eq!(node(), first, "also after a panic");
    });
    assert_eq!(node(), None);
}

/// A driver that mixes up its rings must not make one type into another.
#[test]
fn a_packet_at_a_shard_it_is_not_for_is_refused() {
    let (here, there) = (Rig::new(2), Rig::new(2));
    let shelf = || there.system().spawn_here(ActorConfig::default(), Shelf::default);
    let text = there.on(0, shelf).unwrap();
    let waiting = there.on(0, || crate::spawn_local(async move { text.call(|port| port).await }));
    there.settle();
    for refused in [false, true] {
        let counter = counter(&here, 1);
        let asked = here.on(0, || {
            crate::spawn_local(async move {
                if refused {
                    counter.call(Count::Refuse).await
                } else {
                    counter.call(Count::Read).await
                }
            })
        });
        // The answer lies on the wire to shard 0.
        here.turn(0);
        here.hop();
        here.turn(1);
        let strays = here.on(1, || here.take(&here.shards[1], &here.shards[0]));
        assert_eq!(strays.len(), 1);
        there.on(0, || {
            for stray in strays {
                there.shards[0].deliver(ShardId(1), stray);
            }
        });
        there.settle();
        assert!(!waiting.is_finished(), "answered with somebody else's value");
        assert!(!asked.is_finished());
    }
}

/// Keeps the ports it is sent.
#[derive(Default)]
struct Shelf(Vec<crate::Reply<String>>);

impl Actor for Shelf {
    type Message = crate::Reply<String>;

    async fn handle(&mut self, port: Self::Message, _: &Context<Self>) -> Flow {
        self.0.push(port);
        Flow::Continue
    }
}

#[test]
fn a_shard_is_built_once() {
    let rig = Rig::new(2);
    let twin = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| rig.build(1)));
    assert!(twin.is_err(), "two shards of one name");
    let beyond = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| rig.build(2)));
    assert!(beyond.is_err(), "the name of another node's shard");
}

#[test]
fn a_claim_polled_on_a_sibling_shard_touches_nothing_there() {
    let rig = Rig::new(2);
    let (mine, theirs) = (counter(&rig, 0), counter(&rig, 1));
    let mut call = rig.on(0, || {
        let mut call = Box::pin(mine.call(Count::Read));
        let waker = std::task::Waker::noop();
        assert!(call.as_mut().poll(&mut std::task::Context::from_waker(waker)).is_pending());
        call
    });
    // A slot of the same number is open over there.
    let waiting = rig.on(1, || crate::spawn_local(async move { theirs.call(Count::Keep).await }));
    rig.settle();
    let waker = std::task::Waker::noop();
    let polled = rig.on(1, || call.as_mut().poll(&mut std::task::Context::from_waker(waker)));
    assert_eq!(polled, std::task::Poll::Ready(Err(CallError::Dropped)));
    rig.on(1, || drop(call));
    assert!(!waiting.is_finished());
}

/// A generation is counted on until it would wrap; then the slot is given up.
#[test]
fn a_slot_at_the_end_of_its_generations_is_never_used_again() {
    let rig = Rig::new(1);
    let first = counter(&rig, 0);
    rig.on(0, || first.kill());
    rig.settle();
    rig.shards[0].tasks.age(first.pid().slot(), u32::MAX);
    let last = counter(&rig, 0);
    assert_eq!(last.pid().target(), (first.pid().slot(), u32::MAX));
    rig.on(0, || last.kill());
    rig.settle();
    for _ in 0..4 {
        assert_ne!(counter(&rig, 0).pid().slot(), first.pid().slot());
    }
    for stale in [first, last] {
        let refused = rig.on(0, || stale.cast(Count::Add(1)));
        assert!(matches!(refused, Err(CastError::Closed(_))));
    }
}

/// A simulation's pids read the same in every run, so there are several of one spelling.
#[test]
fn a_pid_of_a_simulation_is_that_of_this_threads() {
    let register = |world| {
        let node = process::register_simulated(world, ("twin", 1), Vec::new()).unwrap();
        (Pid::new(node.node(), ShardId(0), 3, 1), node)
    };
    let (first, registered) = register(1_000_001);
    let (second, _other) = register(1_000_002);
    assert_eq!((first.to_string(), second.to_string()), (first.to_string(), first.to_string()));
    assert_ne!(first, second);
    // Of two, neither is this thread's; of one there is no doubt.
    assert_eq!(first.to_string().parse::<Pid>(), Err(PidError::UnknownNode));
    drop(registered);
    assert_eq!(second.to_string().parse(), Ok(second));
}
