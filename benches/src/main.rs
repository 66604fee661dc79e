//! The workloads Greenroom measures itself by.
mod alloc;
mod bare;
mod meter;
mod workloads;

use greenroom_core::{MailboxBound, Placement};
use workloads::messages::{self, Setup};
use workloads::spawn;

#[global_allocator]
static ALLOCATOR: alloc::Counting = alloc::Counting;

fn main() {
    let what = std::env::args().nth(1).unwrap_or_default();
    let secs = std::env::args().nth(2).and_then(|s| s.parse().ok()).unwrap_or(0.5);
    let setup = Setup { secs, counter: Placement::Here, mailbox: MailboxBound::default() };
    for _ in 0..3 {
        let v = match what.as_str() {
            "ask" => bare::run(async move |s| messages::measure_ask(s, setup).await),
            "cast" => bare::run(async move |s| messages::measure_cast(s, setup).await),
            "ring" => bare::run(async move |s| {
                messages::measure_ring(s, secs, MailboxBound::default()).await
            }),
            "spawn" => bare::run(async move |s| spawn::measure_spawn(s, secs).await),
            _ => {
                alloc::count();
                let (a, b) = bare::run(async |s| spawn::measure_bytes(s, 1_000_000).await);
                println!("{a} {b}");
                return;
            }
        };
        println!("{what} {v:.1}");
    }
}
