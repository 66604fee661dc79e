//! Waking shards: from other shards, from other threads, and when they are gone.

#![expect(clippy::disallowed_methods, reason = "threads outside are what is tested")]

use std::future::poll_fn;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::task::{Poll, Waker};
use std::thread;
use std::time::Duration;

use greenroom_core::{Placement, ShardId, sleep};
use greenroom_shard::{Driver, IdleStrategy};

use crate::common::{Count, Counter, alone, on_each_driver, system};

on_each_driver! {
    a_hundred_thousand_round_trips_of_parking_shards,
    a_hundred_thousand_round_trips_of_spinning_and_parking_shards,
    wakers_work_on_foreign_threads,
    wakers_outlive_their_system,
    a_sleep_is_never_short,
    signals_end_no_sleep_of_a_task,
    blocking_jobs_come_back_and_their_panics_too,
    names_are_resolved,
}

/// Each round, both sides may go to sleep before the other's answer comes: a wake-up that is lost
/// once stops the test.
fn ping_pong(driver: Driver, idle: IdleStrategy, rounds: u64) {
    let total = system(driver, 2).idle(idle).run(async move |system| {
        let counter = system.spawn(Placement::Shard(1), Counter::default).await?;
        for _ in 0..rounds {
            counter.cast(Count::Add(1)).map_err(|_| "cast to the living")?;
            counter.call(Count::Total).await?;
        }
        Ok(counter.call(Count::Total).await?)
    });
    assert_eq!(total.unwrap(), rounds);
}

fn a_hundred_thousand_round_trips_of_parking_shards(driver: Driver) {
    ping_pong(driver, IdleStrategy::Park, 100_000);
}

fn a_hundred_thousand_round_trips_of_spinning_and_parking_shards(driver: Driver) {
    ping_pong(driver, IdleStrategy::SpinThenPark(Duration::from_micros(5)), 100_000);
}

fn wakers_work_on_foreign_threads(driver: Driver) {
    const ROUNDS: usize = 5_000;
    let (sender, wakers) = mpsc::channel::<Waker>();
    let woken = Arc::new(AtomicUsize::new(0));
    let counted = woken.clone();
    let waking = thread::spawn(move || {
        for waker in wakers {
            counted.fetch_add(1, Ordering::Release);
            waker.wake();
        }
    });
    let rounds = system(driver, 1).run(async move |_| {
        for round in 1..=ROUNDS {
            let mut sent = false;
            poll_fn(|cx| {
                if !std::mem::replace(&mut sent, true) {
                    sender.send(cx.waker().clone()).unwrap();
                }
                match woken.load(Ordering::Acquire) {
                    count if count == round => Poll::Ready(()),
                    _ => Poll::Pending,
                }
            })
            .await;
        }
        Ok(woken.load(Ordering::Relaxed))
    });
    waking.join().unwrap();
    assert_eq!(rounds.unwrap(), ROUNDS);
}

fn wakers_outlive_their_system(driver: Driver) {
    let (sender, wakers) = mpsc::channel::<Waker>();
    let running = system(driver, 2).start().unwrap();
    for shard in 0..2 {
        let sender = sender.clone();
        let task = running.handle().run_on(ShardId(shard), async move |_| {
            poll_fn(|cx| {
                sender.send(cx.waker().clone()).unwrap();
                Poll::<()>::Pending
            })
            .await;
        });
        drop(task);
    }
    let wakers = [wakers.recv().unwrap(), wakers.recv().unwrap()];
    drop(running);
    let next = system(driver, 2).start().unwrap();
    for waker in wakers {
        waker.wake_by_ref();
        drop(waker.clone());
        waker.wake();
    }
    assert!(next.shutdown(Duration::from_secs(60)).is_clean());
}

fn a_sleep_is_never_short(driver: Driver) {
    for idle in [IdleStrategy::Park, IdleStrategy::default(), IdleStrategy::Spin] {
        system(driver, 1)
            .idle(idle)
            .run(async |system| {
                for micros in [1, 50, 999, 3000] {
                    let (before, length) = (system.now(), Duration::from_micros(micros));
                    sleep(length).await;
                    assert!(system.now() - before >= length);
                }
                Ok(())
            })
            .unwrap();
    }
}

/// A process that is stopped and continued wakes in the kernel, with `EINTR`, and not in its tasks.
fn signals_end_no_sleep_of_a_task(driver: Driver) {
    alone(&format!("wake::on_{driver}::signals_end_no_sleep_of_a_task"), || {
        let script = "for n in 1 2 3 4 5 6 7 8 9; do
            kill -STOP $0
            until grep -q 'State:.T' /proc/$0/status; do :; done
            kill -CONT $0
        done";
        let me = std::process::id().to_string();
        let stopping = std::process::Command::new("sh").args(["-c", script, &me]).spawn();
        let mut stopping = stopping.unwrap();
        let body = async move |system: greenroom_core::System| {
            while stopping.try_wait()?.is_none() {
                let (before, length) = (system.now(), Duration::from_millis(2));
                sleep(length).await;
                assert!(system.now() - before >= length);
            }
            Ok(stopping.wait()?.success())
        };
        assert!(system(driver, 1).run(body).unwrap());
    });
}

fn blocking_jobs_come_back_and_their_panics_too(driver: Driver) {
    system(driver, 2)
        .run(async |_| {
            use greenroom_core::io::blocking;
            let caller = thread::current().id();
            let (answer, worker) = blocking(|| (7, thread::current().id())).await?;
            assert_eq!(answer, 7);
            assert_ne!(caller, worker);
            let failed = blocking(|| -> u8 { panic!("a job") }).await.unwrap_err();
            assert_eq!(failed.to_string(), "the job panicked: a job");
            // More than there are threads, all at once; half of them nobody waits for.
            let mut jobs: Vec<_> = (0..600).map(|n| blocking(move || n)).collect();
            jobs.truncate(300);
            for (n, job) in (0..).zip(jobs) {
                assert_eq!(job.await?, n);
            }
            Ok(())
        })
        .unwrap();
}

fn names_are_resolved(driver: Driver) {
    let addresses =
        system(driver, 1).run(async |_| Ok(greenroom_core::io::resolve("127.0.0.1", 9).await?));
    assert_eq!(addresses.unwrap(), ["127.0.0.1:9".parse().unwrap()]);
    let nobody =
        system(driver, 1).run(async |_| Ok(greenroom_core::io::resolve("", 9).await.is_err()));
    assert!(nobody.unwrap());
}
