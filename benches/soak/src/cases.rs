//! The cases, once for each release.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::task::{Context, Poll};
use std::thread;
use std::time::{Duration, Instant};

pub const CASES: &[&str] = &[
    "executors",
    "sleep-1ms",
    "sleep-100us",
    "sleep-20us",
    "foreign-wake",
    "late-wake",
    "tcp-churn",
    "tcp-accept-drop",
    "spawn-blocking",
    "task-panic",
    "waker-clones",
    "tasks",
    "timer-repoll",
];

fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").expect("procfs is mounted").count()
}

fn threads() -> usize {
    std::fs::read_dir("/proc/self/task").expect("procfs is mounted").count()
}

fn resident_kib() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").expect("procfs is mounted");
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("a line of its own");
    line.split_whitespace().nth(1).and_then(|n| n.parse().ok()).expect("a number")
}

/// Waits, on a thread outside, until threads that end by themselves have.
fn settle() {
    for _ in 0..200 {
        if threads() == 1 {
            return;
        }
        thread::sleep(Duration::from_millis(10));
    }
}

/// Polled once more each time it is polled: keeps an executor busy without I/O.
async fn yield_now() {
    let mut yielded = false;
    poll_fn(|cx| {
        if std::mem::replace(&mut yielded, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

macro_rules! soak {
    ($name:ident, $glommio:ident) => {
        pub mod $name {
            use futures_lite::{AsyncReadExt, AsyncWriteExt};
            use $glommio::net::{TcpListener, TcpStream};
            use $glommio::timer::Timer;
            use $glommio::{LocalExecutor, LocalExecutorBuilder, Placement, spawn_local};

            use super::*;

            pub fn run(case: &str) {
                match case {
                    "executors" => executors(),
                    "sleep-1ms" => sleep(Duration::from_millis(1)),
                    "sleep-100us" => sleep(Duration::from_micros(100)),
                    "sleep-20us" => sleep(Duration::from_micros(20)),
                    "foreign-wake" => foreign_wake(),
                    "late-wake" => late_wake(),
                    "tcp-churn" => tcp_churn(false),
                    "tcp-accept-drop" => tcp_churn(true),
                    "spawn-blocking" => spawn_blocking(),
                    "task-panic" => task_panic(),
                    "waker-clones" => waker_clones(),
                    "tasks" => tasks(),
                    "timer-repoll" => timer_repoll(),
                    other => panic!("no case {other}"),
                }
            }

            fn executor(preempt: Duration) -> LocalExecutor {
                LocalExecutorBuilder::new(Placement::Unbound)
                    .io_memory(64 * 1024)
                    .preempt_timer(preempt)
                    .make()
                    .expect("an executor")
            }

            /// What 200 executors, one after another, leave.
            fn executors() {
                let mut before = (0, 0);
                for n in 0..201 {
                    thread::spawn(|| {
                        executor(Duration::from_millis(1)).run(async {
                            spawn_local(async { 1 }).await;
                        });
                    })
                    .join()
                    .expect("no panic");
                    settle();
                    // The first one leaves what the process has once.
                    if n == 0 {
                        before = (descriptors(), resident_kib());
                    }
                }
                let after = (descriptors(), resident_kib());
                println!(
                    "200 executors leave {} descriptors, {} KiB, {} threads",
                    after.0 - before.0,
                    after.1.saturating_sub(before.1),
                    threads() - 1,
                );
            }

            /// Two executors busy with yielding tasks, on whatever cores there are, beside threads
            /// that compete for them. One step of a task that takes a second is a hang that
            /// something else ended.
            fn sleep(preempt: Duration) {
                let stop = Arc::new(AtomicUsize::new(0));
                for _ in 0..4 {
                    let stop = stop.clone();
                    thread::spawn(move || while stop.load(Ordering::Relaxed) == 0 {});
                }
                let workers: Vec<_> = (0..2)
                    .map(|_| {
                        thread::spawn(move || {
                            executor(preempt).run(async {
                                let (began, mut worst) = (Instant::now(), Duration::ZERO);
                                while began.elapsed() < Duration::from_secs(10) {
                                    let step = Instant::now();
                                    yield_now().await;
                                    worst = worst.max(step.elapsed());
                                }
                                worst
                            })
                        })
                    })
                    .collect();
                let worst = workers.into_iter().map(|w| w.join().expect("no panic")).max();
                stop.store(1, Ordering::Relaxed);
                println!("10 s of yields beside busy threads: the longest took {worst:.1?}");
            }

            /// Two executors wake each other 50,000 times.
            fn foreign_wake() {
                const ROUNDS: u64 = 50_000;
                let turn = Arc::new(AtomicU64::new(0));
                let (sender, wakers) = mpsc::channel();
                let (sender_back, wakers_back) = mpsc::channel();
                let ends = [(sender, wakers_back, 0), (sender_back, wakers, 1)];
                let players = ends.map(|(sender, wakers, parity)| {
                    let turn = turn.clone();
                    thread::spawn(move || {
                        executor(Duration::from_millis(1)).run(async move {
                            let mut worst = Duration::ZERO;
                            while turn.load(Ordering::SeqCst) < ROUNDS {
                                let step = Instant::now();
                                poll_fn(|cx| {
                                    let now = turn.load(Ordering::SeqCst);
                                    if now % 2 == parity || now >= ROUNDS {
                                        return Poll::Ready(());
                                    }
                                    drop(sender.send(cx.waker().clone()));
                                    // It may have become our turn in between.
                                    match turn.load(Ordering::SeqCst) % 2 == parity {
                                        true => Poll::Ready(()),
                                        false => Poll::Pending,
                                    }
                                })
                                .await;
                                worst = worst.max(step.elapsed());
                                turn.fetch_add(1, Ordering::SeqCst);
                                for waker in wakers.try_iter() {
                                    std::task::Waker::wake(waker);
                                }
                            }
                            worst
                        })
                    })
                });
                let worst = players.map(|player| player.join().expect("no panic"));
                println!("{ROUNDS} wake-ups across: the longest took {:.1?}", worst.iter().max());
            }

            /// A waker used, cloned and dropped when its executor is gone.
            fn late_wake() {
                for _ in 0..100 {
                    let (sender, receiver) = mpsc::channel();
                    thread::spawn(move || {
                        executor(Duration::from_millis(1)).run(async move {
                            let task = spawn_local(poll_fn(move |cx| {
                                sender.send(cx.waker().clone()).expect("the receiver waits");
                                Poll::<()>::Pending
                            }));
                            drop(task.detach());
                        });
                    })
                    .join()
                    .expect("no panic");
                    let waker: std::task::Waker = receiver.recv().expect("it was sent");
                    waker.wake_by_ref();
                    drop(waker.clone());
                    waker.wake();
                }
                println!("100 wakers used after their executor, no harm seen");
            }

            /// 20,000 connections; with `give_up`, every other accept is dropped first while it
            /// waits.
            fn tcp_churn(give_up: bool) {
                executor(Duration::from_millis(1)).run(async move {
                    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
                    let address = listener.local_addr().expect("bound");
                    let mut before = 0;
                    for n in 0..2_000 {
                        if give_up && n % 2 == 0 {
                            let mut accept = Box::pin(listener.accept());
                            poll_fn(|cx| Poll::Ready(drop(accept.as_mut().poll(cx)))).await;
                            drop(accept);
                        }
                        let connect = spawn_local(async move { TcpStream::connect(address).await });
                        let mut far = listener.accept().await.expect("a connection");
                        let mut near = connect.await.expect("accepted");
                        near.write_all(b"x").await.expect("connected");
                        far.read_exact(&mut [0]).await.expect("one byte was sent");
                        if n == 100 {
                            before = descriptors();
                        }
                    }
                    Timer::new(Duration::from_millis(100)).await;
                    let left = descriptors().saturating_sub(before);
                    println!("2,000 connections, {left} descriptors more than after 100");
                });
            }

            fn spawn_blocking() {
                executor(Duration::from_millis(1)).run(async {
                    let executor = $glommio::executor();
                    let job = executor.spawn_blocking(|| -> u8 { panic!("a job") });
                    let mut job = Box::pin(job);
                    poll_fn(|cx| {
                        let poll = std::panic::AssertUnwindSafe(|| job.as_mut().poll(cx));
                        match std::panic::catch_unwind(poll) {
                            Ok(Poll::Pending) => Poll::Pending,
                            Ok(Poll::Ready(_)) => Poll::Ready(println!("a panic is a result")),
                            Err(_) => Poll::Ready(println!("a panic comes back to who waits")),
                        }
                    })
                    .await;
                });
            }

            /// A panic in one task, while another waits.
            fn task_panic() {
                let ran = thread::spawn(|| {
                    executor(Duration::from_millis(1)).run(async {
                        let other = spawn_local(async {
                            Timer::new(Duration::from_millis(20)).await;
                            7
                        });
                        drop(
                            spawn_local(async {
                                yield_now().await;
                                panic!("a task");
                            })
                            .detach(),
                        );
                        other.await
                    })
                });
                match ran.join() {
                    Ok(_) => println!("ends the task alone"),
                    Err(_) => println!("ends the executor"),
                }
            }

            fn waker_clones() {
                executor(Duration::from_millis(1)).run(async {
                    let mut wakers = Vec::new();
                    poll_fn(|cx: &mut Context<'_>| {
                        for _ in 0..100_000 {
                            wakers.push(cx.waker().clone());
                        }
                        Poll::Ready(())
                    })
                    .await;
                    println!("100,000 clones of one waker");
                });
            }

            fn tasks() {
                executor(Duration::from_millis(1)).run(async {
                    let mut before = 0;
                    let began = Instant::now();
                    for n in 0..2_000_000 {
                        spawn_local(async { yield_now().await }).await;
                        if n == 10_000 {
                            before = resident_kib();
                        }
                    }
                    let (each, grown) = (began.elapsed() / 2_000_000, resident_kib() - before);
                    println!("2 M tasks one after another: {each:?} each, {grown} KiB grown");
                });
            }

            /// A timer that is polled 10,000 times before it is due.
            fn timer_repoll() {
                executor(Duration::from_millis(1)).run(async {
                    let before = resident_kib();
                    let mut timer = Timer::new(Duration::from_secs(3600));
                    let mut polls = 0;
                    poll_fn(|cx| {
                        polls += 1;
                        let waits = Pin::new(&mut timer).poll(cx).is_pending();
                        if !waits || polls == 10_000 {
                            return Poll::Ready(());
                        }
                        cx.waker().wake_by_ref();
                        Poll::Pending
                    })
                    .await;
                    drop(timer);
                    let turn = Instant::now();
                    Timer::new(Duration::from_micros(1)).await;
                    let (turn, grown) = (turn.elapsed(), resident_kib() - before);
                    println!("{polls} polls of a timer: {grown} KiB; a turn takes {turn:.0?} then");
                });
            }
        }
    };
}

soak!(released, glommio);
soak!(ng, glommio_ng);
