//! Actors that block real threads: what stands still meanwhile, and what does not.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender, SyncSender};
use std::task::Poll;
use std::thread::{self, ThreadId};
use std::time::Duration;

use greenroom_core::{
    ActorConfig, ActorRef, Backend, BlockingActor, BlockingContext, CallError, Courier, ExitReason,
    Flow, Placement, Reply, ShardId, Undelivered, spawn_blocking,
};
use greenroom_shard::{Driver, Running};

use crate::common::{Count, Counter, Notes, alone, descriptors_with, on_each_driver, system};

on_each_driver! {
    what_a_job_returns_to_nobody_is_dropped_on_the_shard,
    a_handler_that_blocks_stops_no_shard,
    a_kill_does_not_wait_for_the_call_that_runs,
    a_stop_ends_a_handler_that_looks_for_it,
    an_actor_is_built_used_and_dropped_where_it_lives,
    a_full_pool_makes_its_actors_wait,
    a_panic_is_reported_once,
    every_thread_ends_with_its_system,
    a_call_that_does_not_return_is_reported_and_left_behind,
    a_drop_that_the_pool_refuses_may_panic,
}

/// Longer than any test takes.
const NEVER: Duration = Duration::from_secs(600);

const ELSEWHERE: [Backend; 2] = [Backend::Blocking, Backend::Thread];

/// Blocks when told to, until it is let go or the one who lets go is gone.
struct Gate {
    began: SyncSender<()>,
    go: Receiver<()>,
    /// Hears of the drop, and from which thread.
    dropped: Sender<ThreadId>,
    undelivered: Sender<()>,
}

enum Pass {
    Wait,
    /// Waits until the actor is to end.
    Spin,
    Ask(Reply<ThreadId>),
    Panic,
}

impl BlockingActor for Gate {
    type Message = Pass;

    fn handle(&mut self, message: Pass, ctx: &BlockingContext<Self>) -> Flow {
        match message {
            Pass::Wait => {
                self.began.send(()).unwrap();
                // An error says that nobody is there to let it go.
                let _: Result<(), _> = self.go.recv();
            }
            Pass::Spin => {
                self.began.send(()).unwrap();
                while !ctx.is_ending() {
                    thread::yield_now();
                }
            }
            Pass::Ask(reply) => reply.send(thread::current().id()),
            Pass::Panic => panic!("asked to"),
        }
        Flow::Continue
    }

    fn on_undelivered(&mut self, _: Pass, _: Undelivered, _: &BlockingContext<Self>) {
        self.undelivered.send(()).unwrap();
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        // Not every test listens.
        let _: Result<(), _> = self.dropped.send(thread::current().id());
    }
}

type GateRef = ActorRef<Courier<Gate>>;

/// The outside of a gate.
struct Keeper {
    gate: GateRef,
    began: Receiver<()>,
    go: Sender<()>,
    dropped: Receiver<ThreadId>,
    undelivered: Receiver<()>,
}

fn gate(running: &Running, backend: Backend) -> Keeper {
    let (began, begin) = mpsc::sync_channel(0);
    let (go, wait) = mpsc::channel();
    let (dropped, drops) = mpsc::channel();
    let (undelivered, returned) = mpsc::channel();
    let make = move || Gate { began, go: wait, dropped, undelivered };
    let courier = move || Courier::new(backend, make);
    let spawned = running.handle().spawn(ActorConfig::default(), Placement::Shard(1), courier);
    let gate = spawned.wait().unwrap().unwrap();
    Keeper { gate, began: begin, go, dropped: drops, undelivered: returned }
}

fn on<T: Send + 'static>(
    running: &Running,
    shard: u16,
    body: impl AsyncFnOnce(greenroom_core::System) -> T + Send + 'static,
) -> T {
    running.handle().run_on(ShardId(shard), body).wait().unwrap()
}

fn what_a_job_returns_to_nobody_is_dropped_on_the_shard(driver: Driver) {
    /// Says where it is dropped.
    struct Value(Sender<ThreadId>);
    impl Drop for Value {
        fn drop(&mut self) {
            self.0.send(thread::current().id()).unwrap();
        }
    }
    let running = system(driver, 2).start().unwrap();
    let (sender, dropped) = mpsc::channel();
    let (go, wait) = mpsc::channel::<()>();
    let shard = on(&running, 1, async move |_| {
        drop(spawn_blocking(move || {
            assert!(wait.recv().is_err());
            Value(sender)
        }));
        thread::current().id()
    });
    // The job is under way, and nobody waits for it any more.
    drop(go);
    assert_eq!(dropped.recv(), Ok(shard));
    assert!(running.shutdown(NEVER).is_clean());
}

fn a_handler_that_blocks_stops_no_shard(driver: Driver) {
    let running = system(driver, 2).start().unwrap();
    for backend in ELSEWHERE {
        let keeper = gate(&running, backend);
        running.handle().send(keeper.gate, Pass::Wait).wait().unwrap().ok().unwrap();
        keeper.began.recv().unwrap();
        // The shard of the actor that blocks goes on.
        let total = on(&running, 1, async |system| {
            let counter = system.spawn(Placement::Here, Counter::default).await.unwrap();
            counter.send(Count::Add(2)).await.ok().unwrap();
            counter.call(Count::Total).await
        });
        assert_eq!(total, Ok(2));
        keeper.go.send(()).unwrap();
        assert!(running.handle().call_blocking(keeper.gate, Pass::Ask).unwrap().is_ok());
    }
    assert!(running.shutdown(NEVER).is_clean());
}

fn a_kill_does_not_wait_for_the_call_that_runs(driver: Driver) {
    let running = system(driver, 2).start().unwrap();
    for backend in ELSEWHERE {
        let keeper = gate(&running, backend);
        let gate = keeper.gate;
        // The calls leave in one batch with the message whose handler blocks.
        let calls = running.handle().run_on(ShardId(1), async move |_| {
            gate.cast(Pass::Wait).ok().unwrap();
            let call = |_| Box::pin(gate.call(Pass::Ask).within(NEVER));
            let mut calls: Vec<_> = (0..10).map(call).collect();
            poll_fn(|cx| {
                let waits = |call: &mut _| Future::poll(Pin::as_mut(call), cx).is_pending();
                assert!(calls.iter_mut().all(waits), "an answer from nobody");
                Poll::Ready(())
            })
            .await;
            let mut answers = Vec::new();
            for call in calls {
                answers.push(call.await);
            }
            answers
        });
        keeper.began.recv().unwrap();
        let exit = on(&running, 0, async move |_| {
            gate.kill();
            gate.exit().await
        });
        let answers = calls.wait().unwrap();
        // All of that with the handler where it was.
        assert_eq!(exit, ExitReason::Killed);
        let failed = |answer| matches!(answer, &Err(CallError::Dropped | CallError::Closed));
        assert!(answers.iter().all(failed), "{answers:?}");
        assert!(keeper.dropped.try_recv().is_err());
        keeper.go.send(()).unwrap();
        keeper.dropped.recv().unwrap();
        assert!(keeper.undelivered.recv().is_err(), "no hook runs after a kill");
    }
    let report = running.shutdown(NEVER);
    assert!(report.is_clean(), "{report}");
    assert!(report.shards.iter().all(|shard| shard.ledger.open() == 0), "{report:?}");
}

fn a_stop_ends_a_handler_that_looks_for_it(driver: Driver) {
    let running = system(driver, 2).start().unwrap();
    for backend in ELSEWHERE {
        let keeper = gate(&running, backend);
        let gate = keeper.gate;
        // The messages behind it travel in one batch with it, or wait in the mailbox.
        on(&running, 1, async move |_| {
            for message in [Pass::Spin, Pass::Panic, Pass::Panic] {
                gate.cast(message).ok().unwrap();
            }
        });
        keeper.began.recv().unwrap();
        let exit = on(&running, 0, async move |_| {
            gate.stop();
            gate.exit().await
        });
        assert_eq!(exit, ExitReason::Normal);
        assert_eq!(keeper.undelivered.iter().count(), 2);
    }
    let report = running.shutdown(NEVER);
    assert_eq!(report.shards[1].ledger.undelivered[Undelivered::Stopped as usize], 4);
    assert!(report.is_clean(), "{report}");
}

fn an_actor_is_built_used_and_dropped_where_it_lives(driver: Driver) {
    struct Pinned(Rc<ThreadId>, Sender<(ThreadId, ThreadId)>);
    impl BlockingActor for Pinned {
        type Message = Reply<(ThreadId, ThreadId)>;

        fn handle(
            &mut self,
            reply: Reply<(ThreadId, ThreadId)>,
            _: &BlockingContext<Self>,
        ) -> Flow {
            reply.send((*self.0, thread::current().id()));
            Flow::Continue
        }
    }
    impl Drop for Pinned {
        fn drop(&mut self) {
            self.1.send((*self.0, thread::current().id())).unwrap();
        }
    }
    let running = system(driver, 2).start().unwrap();
    let (sender, dropped) = mpsc::channel();
    let shard = on(&running, 1, async |_| thread::current().id());
    let pinned =
        move || Courier::on_thread(move || Pinned(Rc::new(thread::current().id()), sender));
    let spawned = running.handle().spawn(ActorConfig::default(), Placement::Shard(1), pinned);
    let pinned = spawned.wait().unwrap().unwrap();
    let (built, used) = running.handle().call_blocking(pinned, |reply| reply).unwrap().unwrap();
    assert_eq!(built, used);
    assert_ne!(built, shard);
    assert!(running.shutdown(NEVER).is_clean());
    assert_eq!(dropped.recv(), Ok((built, built)));

    // One that lives on its shard and works on the pool is dropped on the pool.
    let running = system(driver, 2).start().unwrap();
    let shard = on(&running, 1, async |_| thread::current().id());
    let keeper = gate(&running, Backend::Blocking);
    let used = running.handle().call_blocking(keeper.gate, Pass::Ask).unwrap().unwrap();
    assert_ne!(used, shard);
    assert!(running.shutdown(NEVER).is_clean());
    assert_ne!(keeper.dropped.recv().unwrap(), shard);
}

fn a_full_pool_makes_its_actors_wait(driver: Driver) {
    let running = system(driver, 2).blocking_threads_max(1).start().unwrap();
    let keeper = gate(&running, Backend::Blocking);
    let gate = keeper.gate;
    let (held, hold) = mpsc::channel::<()>();
    let (began, begin) = mpsc::channel();
    // The only thread is busy, and as many jobs wait as may.
    on(&running, 1, async move |_| {
        drop(spawn_blocking(move || {
            began.send(()).unwrap();
            hold.recv().is_err()
        }));
    });
    begin.recv().unwrap();
    let refused = on(&running, 1, async |_| {
        let mut jobs = Vec::new();
        for _ in 0..16 * 1024 {
            jobs.push(spawn_blocking(|| ()));
        }
        spawn_blocking(|| ()).await
    });
    assert!(refused.is_err(), "the queue is full");
    let call = running.handle().call(gate, Pass::Ask);
    let total = on(&running, 1, async move |system| {
        // The courier was refused by now, and goes on trying.
        system.spawn(Placement::Here, Counter::default).await.unwrap().call(Count::Total).await
    });
    assert_eq!(total, Ok(0));
    drop(held);
    assert!(call.wait().unwrap().is_ok());
    assert!(running.shutdown(NEVER).is_clean());
}

fn a_panic_is_reported_once(driver: Driver) {
    let notes = Notes::default();
    let running = system(driver, 2).reporter(Arc::new(notes.clone())).start().unwrap();
    for backend in ELSEWHERE {
        let keeper = gate(&running, backend);
        let gate = keeper.gate;
        running.handle().send(gate, Pass::Panic).wait().unwrap().ok().unwrap();
        let exit = on(&running, 0, async move |_| gate.exit().await);
        let ExitReason::Panicked(panic) = exit else { panic!("{exit}") };
        assert_eq!(panic.message(), "asked to");
        // Where its own thread was, not the shard's that was told.
        assert!(panic.place().unwrap().contains("tests/backends.rs:"), "{panic}");
    }
    assert!(running.shutdown(NEVER).is_clean());
    let notes = notes.0.lock().unwrap();
    assert_eq!(notes.len(), 2, "{notes:?}");
    assert!(notes.iter().all(|(name, _)| name.contains("Courier<")), "{notes:?}");
}

fn every_thread_ends_with_its_system(driver: Driver) {
    alone(&format!("backends::on_{driver}::every_thread_ends_with_its_system"), || {
        let mut counts = Vec::new();
        for _ in 0..6 {
            let running = system(driver, 2).start().unwrap();
            for _ in 0..8 {
                for backend in ELSEWHERE {
                    let keeper = gate(&running, backend);
                    running.handle().call_blocking(keeper.gate, Pass::Ask).unwrap().unwrap();
                }
            }
            let report = running.shutdown(NEVER);
            assert!(report.is_clean(), "{report}");
            // The test's thread and the one that started it.
            counts.push(descriptors_with(2));
        }
        assert!(counts.iter().all(|count| *count == counts[0]), "{counts:?}");
    });
}

fn a_call_that_does_not_return_is_reported_and_left_behind(driver: Driver) {
    let running = system(driver, 2).start().unwrap();
    let keepers = ELSEWHERE.map(|backend| gate(&running, backend));
    for keeper in &keepers {
        running.handle().send(keeper.gate, Pass::Wait).wait().unwrap().ok().unwrap();
        keeper.began.recv().unwrap();
    }
    let report = running.shutdown(Duration::ZERO);
    assert_eq!((report.killed(), report.threads_left), (2, 2), "{report}");
    assert!(!report.is_clean() && report.stuck.is_empty());
    for keeper in keepers {
        keeper.go.send(()).unwrap();
        keeper.dropped.recv().unwrap();
    }
}

fn a_drop_that_the_pool_refuses_may_panic(driver: Driver) {
    struct Brittle;
    impl Drop for Brittle {
        fn drop(&mut self) {
            panic!("brittle");
        }
    }
    impl BlockingActor for Brittle {
        type Message = ();

        fn handle(&mut self, (): (), _: &BlockingContext<Self>) -> Flow {
            Flow::Continue
        }
    }
    let running = system(driver, 2).blocking_threads_max(1).start().unwrap();
    let keeper = gate(&running, Backend::Blocking);
    let courier = || Courier::new(Backend::Blocking, || Brittle);
    let brittle = running.handle().spawn(ActorConfig::default(), Placement::Shard(1), courier);
    brittle.wait().unwrap().unwrap();
    // The only thread is busy to the end: the drop waits behind it, and is refused.
    running.handle().send(keeper.gate, Pass::Wait).wait().unwrap().ok().unwrap();
    keeper.began.recv().unwrap();
    let report = running.shutdown(Duration::ZERO);
    assert_eq!(report.threads_left, 1, "{report}");
    drop(keeper.go);
    keeper.dropped.recv().unwrap();
}
