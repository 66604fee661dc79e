//! `ask_cross` and `cast_cross`: a client on one core, a counter on another.

use super::{Outcome, local::check, meter::Meter};
use crate::pin;
use crate::rivals::Rival;
use std::sync::mpsc;
use std::thread;
use tokio::sync::oneshot;

/// Asks between two looks at the clock.
const ASKS_PER_CHUNK: u64 = 10;
/// One-way messages of half a window: at most twice as many are unanswered.
const CASTS_PER_HALF: u64 = 500;
/// Halves between two looks at the clock.
const HALVES_PER_CHUNK: u64 = 10;

pub(super) fn ask<R: Rival>(secs: f64) -> Outcome {
    with_server::<R, _, _>(move |counter| async move {
        let mut meter = Meter::start(secs);
        let mut asked = 0;
        while meter.more() {
            for _ in 0..ASKS_PER_CHUNK {
                let total = R::ask(&counter, 1).await;
                asked += 1;
                check(total, asked)?;
            }
            meter.count(ASKS_PER_CHUNK);
        }
        Ok(meter.ns_each())
    })
}

pub(super) fn cast<R: Rival>(secs: f64) -> Outcome {
    with_server::<R, _, _>(move |counter| async move {
        let mut meter = Meter::start(secs);
        let mut sent = 0;
        while meter.more() {
            for _ in 0..HALVES_PER_CHUNK {
                // Polled in this order, so that the ask goes out before the messages of this half.
                let (total, ()) =
                    tokio::join!(biased; R::ask(&counter, 0), send_half::<R>(&counter));
                if !(sent..=sent + CASTS_PER_HALF).contains(&total) {
                    return Err(format!("the counter's total is {total} after {sent} messages"));
                }
                sent += CASTS_PER_HALF;
            }
            meter.count(HALVES_PER_CHUNK * (CASTS_PER_HALF + 1));
        }
        check(R::ask(&counter, 0).await, sent)?;
        Ok(meter.millions_per_second())
    })
}

async fn send_half<R: Rival>(counter: &R::Counter) {
    for _ in 0..CASTS_PER_HALF {
        R::cast(counter, 1).await;
    }
}

/// Runs a counter on a thread of its own, and `client` with a reference to it on this one.
fn with_server<R, C, F>(client: C) -> Outcome
where
    R: Rival,
    C: FnOnce(R::Counter) -> F,
    F: Future<Output = Outcome> + Send + 'static,
{
    let (hand_over, handed_over) = mpsc::channel();
    let (stop, stopped) = oneshot::channel::<()>();
    let server = thread::spawn(move || -> Result<(), String> {
        pin::this_thread(pin::SERVER)?;
        R::run(move |rival| async move {
            let counter = rival.counter().await;
            hand_over.send(counter).map_err(|_| "the client is gone".to_owned())?;
            // Ends with an error when the client drops its end, which is the signal to stop.
            let _ = stopped.await;
            Ok(())
        })
    });
    let Ok(counter) = handed_over.recv() else {
        return Err(server.join().map_or_else(|_| "the server panicked".to_owned(), explain));
    };
    let outcome = R::run(move |_| client(counter));
    drop(stop);
    server.join().map_err(|_| "the server panicked".to_owned())??;
    outcome
}

fn explain(ended: Result<(), String>) -> String {
    ended.err().unwrap_or_else(|| "the server ended before it began".to_owned())
}
