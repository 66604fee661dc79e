use std::time::Duration;

use futures_lite::future::zip;

use super::{Count, Counter, counter, run};
use crate::testing::Rig;
use crate::{
    Actor, ActorConfig, ActorRef, CallError, Context, Flow, MailboxBound, Pid, RefError, Reply,
};

#[test]
fn an_answer_comes_back_here_and_from_another_shard() {
    let rig = Rig::new(2);
    for shard in 0..2 {
        let counter = counter(&rig, shard);
        let total = run(&rig, 0, async move {
            counter.cast(Count::Add(2)).unwrap();
            counter.send(Count::Add(3)).await.unwrap();
            counter.call(Count::Read).await
        });
        assert_eq!(total, Some(Ok(5)));
    }
}

#[test]
fn a_dropped_port_fails_the_caller_at_once() {
    let rig = Rig::new(2);
    for shard in 0..2 {
        let counter = counter(&rig, shard);
        let answer = run(&rig, 0, async move { counter.call(Count::Refuse).await });
        assert_eq!(answer, Some(Err(CallError::Dropped)));
    }
}

#[test]
fn a_call_ends_at_its_deadline_and_not_before() {
    let rig = Rig::new(2);
    for shard in 0..2 {
        let counter = counter(&rig, shard);
        let limit = Duration::from_millis(500);
        let task = rig.on(0, || {
            crate::spawn_local(async move { counter.call(Count::Keep).within(limit).await })
        });
        rig.settle();
        rig.advance(limit - Duration::from_nanos(1));
        rig.settle();
        assert!(!task.is_finished());
        rig.advance(Duration::from_millis(9));
        rig.settle();
        assert!(task.is_finished());
        assert_eq!(run(&rig, 0, task), Some(Ok(Err(CallError::Timeout))));
    }
}

/// An ask with no time at all ends (actor-ts #765).
#[test]
fn a_call_with_no_time_ends_at_once() {
    let rig = Rig::new(1);
    let counter = counter(&rig, 0);
    let answer =
        run(&rig, 0, async move { counter.call(Count::Read).within(Duration::ZERO).await });
    assert_eq!(answer, Some(Err(CallError::Timeout)));
}

#[test]
fn the_longest_of_limits_is_no_limit() {
    let rig = Rig::new(1);
    let counter = counter(&rig, 0);
    let answer = run(&rig, 0, async move { counter.call(Count::Read).within(Duration::MAX).await });
    assert_eq!(answer, Some(Ok(0)));
}

#[test]
fn calls_run_together_in_a_join() {
    let rig = Rig::new(2);
    let (near, far) = (counter(&rig, 0), counter(&rig, 1));
    let both = run(&rig, 0, async move {
        far.cast(Count::Add(1)).unwrap();
        zip(near.call(Count::Read), far.call(Count::Read)).await
    });
    assert_eq!(both, Some((Ok(0), Ok(1))));
}

#[test]
fn calls_run_together_in_futures_unordered() {
    use futures_util::StreamExt;
    use futures_util::stream::FuturesUnordered;

    let rig = Rig::new(2);
    let (near, far) = (counter(&rig, 0), counter(&rig, 1));
    let sum = run(&rig, 0, async move {
        near.cast(Count::Add(1)).unwrap();
        far.cast(Count::Add(10)).unwrap();
        let calls: FuturesUnordered<_> =
            (0..100).map(|n| if n % 2 == 0 { near } else { far }.call(Count::Read)).collect();
        calls.fold(0, |sum, answer| async move { sum + answer.unwrap() }).await
    });
    assert_eq!(sum, Some(550));
}

/// Calls whoever it is told to, and can be called back.
struct Caller;

enum Relay {
    Via(Vec<ActorRef<Caller>>, Reply<Result<(), CallError>>),
    /// Answers first, then calls.
    AnswerThenCall(ActorRef<Caller>, Reply<Result<(), CallError>>),
}

impl Actor for Caller {
    type Message = Relay;

    async fn handle(&mut self, message: Relay, _: &Context<Self>) -> Flow {
        match message {
            Relay::Via(mut path, reply) => {
                let Some(next) = path.pop() else {
                    reply.send(Ok(()));
                    return Flow::Continue;
                };
                let answer = next.call(|reply| Relay::Via(path, reply)).await;
                reply.send(answer.and_then(|inner| inner));
            }
            Relay::AnswerThenCall(next, reply) => {
                reply.send(Ok(()));
                let back = next.call(|reply| Relay::Via(Vec::new(), reply)).await;
                assert_eq!(back, Ok(Ok(())));
            }
        }
        Flow::Continue
    }
}

fn caller(rig: &Rig, shard: usize) -> ActorRef<Caller> {
    rig.on(shard, || rig.system().spawn_here(ActorConfig::default(), || Caller)).unwrap()
}

fn walk(rig: &Rig, first: ActorRef<Caller>, path: Vec<ActorRef<Caller>>) -> Result<(), CallError> {
    let call = async move { first.call(|reply| Relay::Via(path, reply)).await };
    run(rig, 0, call).expect("the walk ends").and_then(|inner| inner)
}

fn cycle(pids: &[ActorRef<Caller>]) -> Result<(), CallError> {
    Err(CallError::Cycle(pids.iter().map(|r| r.pid()).collect::<Vec<Pid>>().into()))
}

#[test]
fn a_call_cycle_fails_at_send_time_with_its_path() {
    let rig = Rig::new(3);
    for shards in [[0, 0, 0], [0, 1, 2], [1, 0, 1], [2, 2, 0]] {
        let [a, b, c] = shards.map(|shard| caller(&rig, shard));
        assert_eq!(walk(&rig, a, vec![a]), cycle(&[a]));
        assert_eq!(walk(&rig, a, vec![a, b]), cycle(&[a]), "shards {shards:?}");
        assert_eq!(walk(&rig, a, vec![a, c, b]), cycle(&[b, a]), "shards {shards:?}");
        assert_eq!(walk(&rig, a, vec![b, c, b]), cycle(&[b]), "shards {shards:?}");
        assert_eq!(walk(&rig, a, vec![c, b]), Ok(()));
    }
}

/// Who has its answer waits no longer: calling it back is no cycle.
#[test]
fn calling_back_after_the_answer_is_no_cycle() {
    let rig = Rig::new(1);
    let [a, b] = [0, 0].map(|shard| caller(&rig, shard));
    let answer = run(&rig, 0, async move { a.call(|reply| Relay::AnswerThenCall(b, reply)).await });
    assert_eq!(answer, Some(Ok(Ok(()))));
    assert_eq!(rig.shards[0].in_use().replies, 0);
}

/// Passes a request on.
struct Front {
    to: ActorRef<Counter>,
    seen: Option<crate::Instant>,
}

enum Ask {
    Total(Reply<u64>),
    Deadline(Reply<Option<crate::Instant>>),
}

impl Actor for Front {
    type Message = Ask;

    async fn handle(&mut self, message: Ask, ctx: &Context<Self>) -> Flow {
        match message {
            Ask::Total(reply) => {
                self.seen = Some(ctx.deadline());
                reply.delegate(self.to, Count::Read).unwrap();
            }
            Ask::Deadline(reply) => reply.send(self.seen),
        }
        Flow::Continue
    }
}

#[test]
fn a_delegate_answers_the_first_caller() {
    let rig = Rig::new(2);
    for shard in 0..2 {
        let to = counter(&rig, shard);
        let front = rig
            .on(0, || rig.system().spawn_here(ActorConfig::default(), || Front { to, seen: None }))
            .unwrap();
        let answer = run(&rig, 0, async move {
            to.cast(Count::Add(4)).unwrap();
            front.call(Ask::Total).within(Duration::from_secs(2)).await
        });
        assert_eq!(answer, Some(Ok(4)));
        let seen = run(&rig, 0, async move { front.call(Ask::Deadline).await }).unwrap();
        let deadline = rig.shards[0].now() + Duration::from_secs(2);
        assert_eq!(seen, Ok(Some(deadline)), "the handler sees its caller's deadline");
    }
    assert_eq!(rig.shards[0].in_use().records, 0);
    assert_eq!(rig.shards[1].in_use().records, 0);
}

#[test]
fn work_whose_deadline_passed_is_dropped_before_it_runs() {
    let rig = Rig::new(1);
    let blocker = counter(&rig, 0);
    let task = rig.on(0, || {
        crate::spawn_local(async move {
            blocker.call(Count::Read).within(Duration::from_millis(1)).await
        })
    });
    // The task runs, the counter does not get its turn before time has passed.
    struct One;
    impl crate::TurnPolicy for One {
        fn pick(&mut self, ready: &crate::shard::Ready) -> usize {
            ready.len() - 1
        }
        fn tasks_max(&mut self) -> u32 {
            1
        }
        fn handoffs_max(&mut self) -> u32 {
            0
        }
    }
    // The counter starts, then the task calls.
    rig.on(0, || rig.shards[0].turn(rig.shards[0].now(), &mut One));
    rig.advance(Duration::from_secs(1));
    rig.settle();
    assert_eq!(run(&rig, 0, task), Some(Ok(Err(CallError::Timeout))));
    let ledger = rig.shards[0].ledger();
    assert_eq!(ledger.undelivered.iter().sum::<u64>() + ledger.handled, ledger.accepted);
    assert_eq!(ledger.handled, 0, "{ledger:?}");
}

#[test]
fn a_rejecting_mailbox_fails_a_call() {
    let rig = Rig::new(1);
    let config = ActorConfig::default().mailbox(MailboxBound::Reject(1));
    let counter = super::counter_with(&rig, 0, config);
    let answer = run(&rig, 0, async move {
        counter.cast(Count::Add(1)).unwrap();
        counter.call(Count::Read).await
    });
    assert_eq!(answer, Some(Err(CallError::Full)));
}

#[test]
fn outside_any_shard_every_verb_says_so() {
    let rig = Rig::new(1);
    let counter = counter(&rig, 0);
    let refused = counter.cast(Count::Add(1)).unwrap_err();
    assert!(matches!(refused, crate::CastError::Unusable(RefError::Outside, Count::Add(1))));
    let sent = futures_lite::future::block_on(counter.send(Count::Add(1)));
    assert!(matches!(sent, Err(crate::SendError::Unusable(RefError::Outside, _))));
    let answer = futures_lite::future::block_on(counter.call(Count::Read));
    assert_eq!(answer, Err(CallError::Unusable(RefError::Outside)));
    assert_eq!(futures_lite::future::block_on(counter.exit()), crate::ExitReason::Unreachable);
}
