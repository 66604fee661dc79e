//! Sends from a shard to a thread that reads, over loopback, with a copy and without: what a send of
//! each length costs. Loopback copies all the same, later and elsewhere; a network card need not.
//!
//! `cargo run --release -p greenroom-shard --example long_sends -- [seconds]`

#![expect(clippy::print_stdout, reason = "a command's output")]

use std::io::Read;
use std::net::{SocketAddr, TcpListener};
use std::time::{Duration, Instant};

use greenroom_core::Result;
use greenroom_core::io::net;
use greenroom_core::runtime::{NetDone, NetRequest, ShutdownSide};
use greenroom_shard::{Builder, Driver, IdleStrategy};

const LENGTHS: [usize; 6] = [4 << 10, 16 << 10, 64 << 10, 256 << 10, 1 << 20, 4 << 20];

const REPEATS: usize = 5;

fn main() -> Result {
    let seconds = std::env::args().nth(1).map_or(Ok(6.0), |arg| arg.parse::<f64>())?;
    let time = Duration::from_secs_f64(seconds / (2 * REPEATS * LENGTHS.len()) as f64);
    for length in LENGTHS {
        // In turn, so that what else the machine does meets both.
        let mut figures = [Vec::new(), Vec::new()];
        for _ in 0..REPEATS {
            for (figures, zero_copy_min) in figures.iter_mut().zip([usize::MAX, 1]) {
                figures.push(measure(length, zero_copy_min, time)?);
            }
        }
        for (mut figures, name) in figures.into_iter().zip(["copied", "not copied"]) {
            figures.sort_by(|one, other| one.0.total_cmp(&other.0));
            let (rate, cpu) = figures[REPEATS / 2];
            let (least, most) = (figures[0].0, figures[REPEATS - 1].0);
            println!(
                "{length} bytes {name}: {rate:.0} MB/s ({least:.0} to {most:.0}), \
                 {cpu:.1} us of CPU a send"
            );
        }
    }
    Ok(())
}

/// Megabytes a second, and microseconds of the shard's CPU for each send.
fn measure(length: usize, zero_copy_min: usize, time: Duration) -> Result<(f64, f64)> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let address = listener.local_addr()?;
    let read = || -> std::io::Result<()> {
        let mut buffer = vec![0; 1 << 20];
        let (mut stream, _) = listener.accept()?;
        while stream.read(&mut buffer)? > 0 {}
        Ok(())
    };
    let builder = Builder::new().driver(Driver::Uring).shards(1).idle(IdleStrategy::Park);
    let builder = builder.zero_copy_min_bytes(zero_copy_min);
    std::thread::scope(|scope| {
        let reader = scope.spawn(read);
        let told = builder.run(async move |_| send_on(address, length, time).await)?;
        reader.join().expect("the reader reads")?;
        Ok(told)
    })
}

async fn send_on(address: SocketAddr, length: usize, time: Duration) -> Result<(f64, f64)> {
    let connected = net(NetRequest::Connect { address }).await?;
    let NetDone::Connected { stream, .. } = connected else { return Err("not connected".into()) };
    let (mut data, mut sends, mut sent) = (vec![7; length], 0, 0);
    let (mut before, mut began) = (spent()?, now());
    let mut warm = false;
    while now() - began < time {
        let done = net(NetRequest::Send { stream, data, start: 0 }).await?;
        let NetDone::Sent { data: back, written } = done else { return Err("not sent".into()) };
        (data, sends, sent) = (back, sends + 1, sent + written);
        if !warm && sends == 20 {
            (warm, sends, sent, before, began) = (true, 0, 0, spent()?, now());
        }
    }
    let (cpu, time) = (spent()? - before, now() - began);
    net(NetRequest::Shutdown { stream, side: ShutdownSide::Send }).await?;
    Ok((sent as f64 / time.as_secs_f64() / 1e6, cpu / f64::from(sends)))
}

/// Microseconds of CPU that this thread has had.
fn spent() -> Result<f64> {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    Ok(stat.split(' ').next().expect("a number").parse::<f64>()? / 1000.0)
}

#[expect(clippy::disallowed_methods, reason = "what this measures is time")]
fn now() -> Instant {
    Instant::now()
}
