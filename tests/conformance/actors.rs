//! What actors and shards must do, whatever drives them. Bodies run on shard 0 of two shards.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::join_all;
use futures_util::stream::FuturesUnordered;
use greenroom::{
    Actor, ActorConfig, ActorRef, CallError, CastError, Context, ExitReason, Flow, MailboxBound,
    Pid, Placement, Reply, SendError, SpawnError, System,
};

use super::Body;

macro_rules! bodies {
    ($($name:ident),+ $(,)?) => {
        &[$(Body { name: stringify!($name), run: |system| Box::pin($name(system)) }),+]
    };
}

pub(super) const ALL: &[Body] = bodies![
    casts_keep_their_order,
    calls_answer_from_here_and_there,
    many_calls_run_together,
    a_dropped_port_fails_its_caller,
    a_deadline_ends_a_call,
    a_cycle_over_two_shards_is_found,
    a_panic_ends_one_actor,
    an_exit_is_known_before_and_after,
    a_drain_handles_what_was_sent,
    a_full_mailbox_parks_and_loses_nothing,
    a_circle_of_full_mailboxes_is_broken,
    a_failed_start_is_told,
    timers_come_and_are_not_early,
    blocking_work_comes_back,
];

/// Remembers what it was told, in order.
struct Log {
    seen: Vec<u64>,
}

enum Tell {
    Note(u64),
    Seen(Reply<Vec<u64>>),
    Drop(#[expect(dead_code, reason = "a port that is dropped unseen")] Reply<()>),
    Keep(Reply<()>),
    Panic,
    /// Calls that actor, which is to call back.
    Ask(ActorRef<Log>, ActorRef<Log>, Reply<Result<(), CallError>>),
    After(Duration, Reply<()>),
}

impl Actor for Log {
    type Message = Tell;

    async fn handle(&mut self, message: Tell, ctx: &Context<Self>) -> Flow {
        match message {
            Tell::Note(n) => self.seen.push(n),
            Tell::Seen(reply) => reply.send(self.seen.clone()),
            Tell::Drop(_) => {}
            // Never answered, never dropped before the actor.
            Tell::Keep(reply) => {
                ctx.sleep(Duration::from_secs(3600)).await;
                drop(reply);
            }
            Tell::Panic => panic!("told to"),
            Tell::Ask(next, then, reply) => {
                let asked = next.call(|reply| Tell::Ask(then, next, reply)).await;
                reply.send(asked.and_then(|inner| inner));
            }
            Tell::After(delay, reply) => {
                let before = ctx.now();
                ctx.sleep(delay).await;
                assert!(ctx.now() - before >= delay, "a timer was early");
                reply.send(());
            }
        }
        Flow::Continue
    }
}

async fn log(system: System, shard: u16) -> ActorRef<Log> {
    log_with(system, shard, MailboxBound::default()).await
}

async fn log_with(system: System, shard: u16, mailbox: MailboxBound) -> ActorRef<Log> {
    let config = ActorConfig::default().mailbox(mailbox);
    let spawned = system.spawn_with(config, Placement::Shard(shard), || Log { seen: Vec::new() });
    spawned.await.expect("a log starts")
}

async fn seen(log: ActorRef<Log>) -> Vec<u64> {
    log.call(Tell::Seen).await.expect("a log answers")
}

async fn casts_keep_their_order(system: System) {
    for shard in 0..2 {
        let log = log(system, shard).await;
        for n in 0..500 {
            log.cast(Tell::Note(n)).expect("there is room");
        }
        assert!(seen(log).await.into_iter().eq(0..500));
    }
}

async fn calls_answer_from_here_and_there(system: System) {
    for shard in 0..2 {
        let log = log(system, shard).await;
        for n in 0..100 {
            log.cast(Tell::Note(n)).expect("there is room");
            assert_eq!(seen(log).await.len() as u64, n + 1);
        }
    }
}

async fn many_calls_run_together(system: System) {
    let logs = [log(system, 0).await, log(system, 1).await];
    let answers = join_all((0..64).map(|n| seen(logs[n % 2]))).await;
    assert!(answers.iter().all(Vec::is_empty));
    let mut unordered: FuturesUnordered<_> = (0..64).map(|n| seen(logs[n % 2])).collect();
    let mut count = 0;
    while unordered.next().await.is_some() {
        count += 1;
    }
    assert_eq!(count, 64);
}

async fn a_dropped_port_fails_its_caller(system: System) {
    for shard in 0..2 {
        let log = log(system, shard).await;
        assert_eq!(log.call(Tell::Drop).await, Err(CallError::Dropped));
    }
}

async fn a_deadline_ends_a_call(system: System) {
    for shard in 0..2 {
        let log = log(system, shard).await;
        let before = system.now();
        let limit = Duration::from_millis(30);
        assert_eq!(log.call(Tell::Keep).within(limit).await, Err(CallError::Timeout));
        assert!(system.now() - before >= limit, "a call failed early");
        log.kill();
        assert_eq!(log.exit().await, ExitReason::Killed);
    }
}

async fn a_cycle_over_two_shards_is_found(system: System) {
    let (near, far) = (log(system, 0).await, log(system, 1).await);
    let asked = near.call(|reply| Tell::Ask(far, near, reply)).await.expect("an answer");
    assert_eq!(asked, Err(CallError::Cycle(vec![near.pid()].into())));
}

async fn a_panic_ends_one_actor(system: System) {
    for shard in 0..2 {
        let (victim, neighbour) = (log(system, shard).await, log(system, shard).await);
        victim.cast(Tell::Panic).expect("there is room");
        assert_eq!(victim.exit().await, ExitReason::Panicked("told to".into()));
        assert_eq!(seen(neighbour).await, []);
    }
}

async fn an_exit_is_known_before_and_after(system: System) {
    for shard in 0..2 {
        let log = log(system, shard).await;
        let before: Vec<_> = (0..3).map(|_| log.exit()).collect();
        log.stop();
        assert!(join_all(before).await.into_iter().all(|reason| reason == ExitReason::Normal));
        assert_eq!(log.exit().await, ExitReason::Normal);
    }
}

async fn a_drain_handles_what_was_sent(system: System) {
    for shard in 0..2 {
        let log = log(system, shard).await;
        let before = log.call(Tell::Seen);
        for n in 0..50 {
            log.cast(Tell::Note(n)).expect("there is room");
        }
        drop(before);
        let last = log.call(Tell::Seen);
        let mut last = Box::pin(last);
        // On its way before the drain.
        assert!(futures_lite_poll(&mut last).await.is_none());
        log.drain();
        assert_eq!(last.await.expect("drained, not dropped").len(), 50);
        assert_eq!(log.exit().await, ExitReason::Normal);
    }
}

/// Polls once.
async fn futures_lite_poll<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
    std::future::poll_fn(|cx| {
        std::task::Poll::Ready(match std::pin::Pin::new(&mut *future).poll(cx) {
            std::task::Poll::Ready(output) => Some(output),
            std::task::Poll::Pending => None,
        })
    })
    .await
}

async fn a_full_mailbox_parks_and_loses_nothing(system: System) {
    for shard in 0..2 {
        let log = log_with(system, shard, MailboxBound::Fixed(2)).await;
        let sends = (0..40).map(|n| async move { log.send(Tell::Note(n)).await });
        let sent = join_all(sends).await;
        assert!(sent.iter().all(Result::is_ok));
        let mut seen = seen(log).await;
        seen.sort_unstable();
        assert!(seen.into_iter().eq(0..40));
        let mut refused = 0;
        for n in 0..40 {
            match log.cast(Tell::Note(n)) {
                Ok(()) => {}
                Err(CastError::Full(Tell::Note(back))) => {
                    assert_eq!(back, n);
                    refused += 1;
                }
                Err(other) => panic!("{other:?}"),
            }
        }
        assert!(shard != 0 || refused > 0, "a full mailbox refuses at once on its own shard");
    }
}

/// Sends to another in the middle of a message, until a circle was found.
struct Crosser {
    found: Arc<AtomicBool>,
}

enum Cross {
    Along(ActorRef<Crosser>, Reply<Option<Vec<Pid>>>),
    Nothing,
}

impl Actor for Crosser {
    type Message = Cross;

    async fn handle(&mut self, message: Cross, ctx: &Context<Self>) -> Flow {
        let Cross::Along(to, reply) = message else { return Flow::Continue };
        while !self.found.load(Ordering::Relaxed) {
            match to.send(Cross::Nothing).await {
                Ok(()) => ctx.sleep(Duration::from_millis(1)).await,
                Err(SendError::Cycle(path, Cross::Nothing)) => {
                    self.found.store(true, Ordering::Relaxed);
                    reply.send(Some(path.to_vec()));
                    return Flow::Continue;
                }
                Err(other) => panic!("{other:?}"),
            }
        }
        reply.send(None);
        Flow::Continue
    }
}

async fn a_circle_of_full_mailboxes_is_broken(system: System) {
    for shard in 0..2 {
        let found = Arc::new(AtomicBool::new(false));
        let mut pair = Vec::new();
        for place in [0, shard] {
            let found = found.clone();
            let config = ActorConfig::default().mailbox(MailboxBound::Fixed(1));
            let make = move || Crosser { found };
            let spawned = system.spawn_with(config, Placement::Shard(place), make);
            pair.push(spawned.await.expect("a crosser starts"));
        }
        let along = |from: usize| {
            let next = pair[1 - from];
            pair[from].call(move |reply| Cross::Along(next, reply)).within(Duration::MAX)
        };
        let mut paths = join_all([along(0), along(1)]).await;
        let first = paths.swap_remove(0).expect("an answer");
        let second = paths.swap_remove(0).expect("an answer");
        assert!(first.is_none() != second.is_none(), "{first:?} {second:?}");
        let pids = [pair[0].pid(), pair[1].pid()];
        assert!(first.is_none_or(|path| path == [pids[1]]));
        assert!(second.is_none_or(|path| path == [pids[0]]));
    }
}

/// Does not start.
struct Never;

impl Actor for Never {
    type Message = ();

    async fn started(&mut self, _: &Context<Self>) -> greenroom::Result {
        Err("not today".into())
    }

    async fn handle(&mut self, (): (), _: &Context<Self>) -> Flow {
        Flow::Continue
    }
}

async fn a_failed_start_is_told(system: System) {
    for shard in 0..2 {
        let failed = system.spawn(Placement::Shard(shard), || Never).await.map(|_| ());
        let reason = ExitReason::InitFailed("not today".into());
        assert_eq!(failed, Err(SpawnError::Start(reason)));
    }
    let nowhere = system.spawn(Placement::Shard(2), || Never).await.map(|_| ());
    assert_eq!(nowhere, Err(SpawnError::NoSuchShard(2)));
}

async fn timers_come_and_are_not_early(system: System) {
    let logs = [log(system, 0).await, log(system, 1).await];
    let waits = logs.map(|log| log.call(|reply| Tell::After(Duration::from_millis(5), reply)));
    assert!(join_all(waits).await.iter().all(Result::is_ok));
}

async fn blocking_work_comes_back(_: System) {
    let results = join_all((0..8).map(|n| greenroom::io::blocking(move || n * 2))).await;
    let doubled: Vec<i32> = results.into_iter().map(|result| result.expect("it ran")).collect();
    assert!(doubled.into_iter().eq((0..8).map(|n| n * 2)));
    let panicked = greenroom::io::blocking(|| -> u8 { panic!("in a job") }).await;
    assert!(panicked.is_err());
}
