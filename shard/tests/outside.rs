//! The system as threads outside it use it.

#![expect(clippy::disallowed_methods, reason = "threads outside are what is tested")]

use std::sync::mpsc;
use std::thread;

use greenroom_core::{ActorConfig, ActorRef, CallError, OutsideError, Placement, ShardId};
use greenroom_shard::{Driver, Running};

use crate::common::{Count, Counter, on_each_driver, system};

on_each_driver! {
    threads_send_and_call,
    a_call_from_outside_is_a_plain_future,
    a_blocking_call_on_a_shard_is_refused,
    a_shard_that_is_not_there_is_an_error,
    after_the_end_everything_from_outside_is_refused,
    two_systems_live_side_by_side,
    a_port_dropped_on_another_thread_fails_its_caller,
    ports_that_outlive_their_system_are_dropped_and_answered_in_vain,
}

fn spawn(running: &Running, shard: u16) -> ActorRef<Counter> {
    let config = ActorConfig::default();
    let spawned = running.handle().spawn(config, Placement::Shard(shard), Counter::default);
    spawned.wait().unwrap().unwrap()
}

fn threads_send_and_call(driver: Driver) {
    let running = system(driver, 2).start().unwrap();
    let counters = [spawn(&running, 0), spawn(&running, 1)];
    let handle = running.handle();
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                for counter in counters {
                    for _ in 0..100 {
                        handle.send(counter, Count::Add(1)).wait().unwrap().ok().unwrap();
                    }
                }
            });
        }
    });
    for counter in counters {
        assert_eq!(handle.call_blocking(counter, Count::Total).unwrap().unwrap(), 300);
    }
}

fn a_call_from_outside_is_a_plain_future(driver: Driver) {
    let running = system(driver, 2).start().unwrap();
    let counter = spawn(&running, 1);
    let call = running.handle().call(counter, Count::Total);
    assert_eq!(futures_lite::future::block_on(call).unwrap().unwrap(), 0);
}

fn a_blocking_call_on_a_shard_is_refused(driver: Driver) {
    let refused = system(driver, 2).run(async |system| {
        let counter = system.spawn(Placement::Shard(1), Counter::default).await?;
        Ok(system.handle().call_blocking(counter, Count::Total).unwrap_err())
    });
    assert_eq!(refused.unwrap(), OutsideError::OnShard);
}

fn a_shard_that_is_not_there_is_an_error(driver: Driver) {
    let running = system(driver, 1).start().unwrap();
    let nowhere = running.handle().run_on(ShardId(1), async |_| ()).wait();
    assert_eq!(nowhere.unwrap_err(), OutsideError::NoSuchShard);
}

fn after_the_end_everything_from_outside_is_refused(driver: Driver) {
    let running = system(driver, 2).start().unwrap();
    let counter = spawn(&running, 1);
    let handle = running.handle();
    let pending = handle.call(counter, Count::Keep);
    // Behind the call in the same queue, so it has begun.
    handle.call_blocking(counter, Count::Total).unwrap().unwrap();
    assert!(running.shutdown(std::time::Duration::from_secs(60)).is_clean());
    // Its actor answered by ending, or its task went with the shard.
    let answer = pending.wait();
    assert!(matches!(answer, Ok(Err(_)) | Err(OutsideError::ShutDown)), "{answer:?}");
    let late = handle.call_blocking(counter, Count::Total);
    assert_eq!(late.unwrap_err(), OutsideError::ShutDown);
    assert_eq!(handle.run_on(ShardId(0), async |_| ()).wait(), Err(OutsideError::ShutDown));
}

fn two_systems_live_side_by_side(driver: Driver) {
    let (first, second) =
        (system(driver, 2).name("one").start(), system(driver, 2).name("two").start());
    let (first, second) = (first.unwrap(), second.unwrap());
    let counters = [spawn(&first, 1), spawn(&second, 1)];
    let both = [first.handle(), second.handle()];
    for (n, (handle, counter)) in (1..).zip(both.into_iter().zip(counters)) {
        handle.send(counter, Count::Add(n)).wait().unwrap().ok().unwrap();
    }
    // A ref of the other system is refused, never taken for one of this.
    let stray = both[0].run_on(ShardId(1), async move |_| counters[1].call(Count::Total).await);
    assert!(matches!(stray.wait(), Ok(Err(CallError::Unusable(_)))));
    drop(first);
    let total = both[1].call_blocking(counters[1], Count::Total);
    assert_eq!(total.unwrap().unwrap(), 2);
    assert!(both[0].call_blocking(counters[0], Count::Total).is_err());
    drop(second);
}

fn a_port_dropped_on_another_thread_fails_its_caller(driver: Driver) {
    let (sender, ports) = mpsc::channel();
    let dropper = thread::spawn(move || ports.into_iter().for_each(drop));
    struct Giver(mpsc::Sender<greenroom_core::Reply<u64>>);
    impl greenroom_core::Actor for Giver {
        type Message = greenroom_core::Reply<u64>;

        async fn handle(
            &mut self,
            port: Self::Message,
            _: &greenroom_core::Context<Self>,
        ) -> greenroom_core::Flow {
            self.0.send(port).unwrap();
            greenroom_core::Flow::Continue
        }
    }
    let failed = system(driver, 2).run(async |system| {
        let giver = system.spawn(Placement::Shard(1), || Giver(sender)).await?;
        Ok(giver.call(|port| port).await)
    });
    assert!(matches!(failed.unwrap(), Err(CallError::Dropped)));
    dropper.join().unwrap();
}

/// Hands on the ports it is sent.
struct Lender(mpsc::Sender<greenroom_core::Reply<String>>);

impl greenroom_core::Actor for Lender {
    type Message = greenroom_core::Reply<String>;

    async fn handle(
        &mut self,
        port: Self::Message,
        _: &greenroom_core::Context<Self>,
    ) -> greenroom_core::Flow {
        self.0.send(port).unwrap();
        greenroom_core::Flow::Continue
    }
}

fn ports_that_outlive_their_system_are_dropped_and_answered_in_vain(driver: Driver) {
    let (sender, ports) = mpsc::channel();
    let running = system(driver, 2).start().unwrap();
    let config = ActorConfig::default();
    let spawned = running.handle().spawn(config, Placement::Shard(1), || Lender(sender));
    let lender = spawned.wait().unwrap().unwrap();
    let callers: Vec<_> = (0..2).map(|_| running.handle().call(lender, |port| port)).collect();
    let kept: Vec<_> = ports.iter().take(2).collect();
    assert!(running.shutdown(std::time::Duration::from_secs(60)).is_clean());
    for caller in callers {
        assert_eq!(caller.wait().map(|_| ()), Err(OutsideError::ShutDown));
    }
    // The next system has slots of the same numbers, with calls in them.
    let next = system(driver, 2).start().unwrap();
    let (sender, others) = mpsc::channel();
    let config = ActorConfig::default();
    let spawned = next.handle().spawn(config, Placement::Shard(1), || Lender(sender));
    let lender = spawned.wait().unwrap().unwrap();
    let caller = next.handle().call(lender, |port| port);
    let other = others.recv().unwrap();
    let mut kept = kept.into_iter();
    let (answered, dropped) = (kept.next().unwrap(), kept.next().unwrap());
    thread::spawn(move || {
        answered.send("too late".into());
        drop(dropped);
    })
    .join()
    .unwrap();
    other.send("in time".into());
    assert_eq!(caller.wait().unwrap().unwrap(), "in time");
}
