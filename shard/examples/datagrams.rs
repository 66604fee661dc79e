//! Echoes datagrams on a shard, for a thread of the same process that never has fewer than so many
//! under way: what a datagram costs on each driver, received into the buffers that the kernel takes
//! as they come, and into one of its own for each receive (what a socket for longer ones does).
//!
//! `cargo run --release -p greenroom-shard --example datagrams -- [bytes] [under way] [seconds]`

#![expect(clippy::print_stdout, reason = "a command's output")]

use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use greenroom_core::io::net;
use greenroom_core::limits::DATAGRAM_BYTES;
use greenroom_core::runtime::{BindOptions, NetDone, NetRequest};
use greenroom_core::{Result, spawn_local};
use greenroom_shard::{Builder, Driver, IdleStrategy};

/// A datagram that is lost is sent again after this.
const PATIENCE: Duration = Duration::from_millis(200);

const REPEATS: usize = 5;

fn main() -> Result {
    let mut args = std::env::args().skip(1).map(|arg| arg.parse::<usize>().expect("a number"));
    let bytes = args.next().unwrap_or(64);
    let under_way = args.next().unwrap_or(1);
    let seconds = Duration::from_secs_f64(args.next().unwrap_or(1) as f64 / 5.0);
    let buffers = [("taken as they come", DATAGRAM_BYTES), ("of its own", DATAGRAM_BYTES + 1)];
    // In turn, so that what else the machine does meets all of them.
    let mut figures = vec![Vec::new(); Driver::ALL.len() * buffers.len()];
    for _ in 0..REPEATS {
        for (place, (driver, (_, max))) in each(&buffers).enumerate() {
            figures[place].push(measure(driver, max, (bytes, under_way), seconds)?);
        }
    }
    for (mut figures, (driver, (name, _))) in figures.into_iter().zip(each(&buffers)) {
        figures.sort_by(|one, other| one.0.total_cmp(&other.0));
        let (echoes, cpu) = figures[REPEATS / 2];
        let (least, most) = (figures[0].0, figures[REPEATS - 1].0);
        println!(
            "{driver}, buffers {name}: {echoes:.1} k/s ({least:.1} to {most:.1}), {cpu:.2} us of CPU each"
        );
    }
    Ok(())
}

fn each<T: Copy>(buffers: &[T]) -> impl Iterator<Item = (Driver, T)> {
    Driver::ALL.iter().flat_map(|&driver| buffers.iter().map(move |&buffers| (driver, buffers)))
}

/// Thousands of echoes a second, and microseconds of the shard's CPU for each.
fn measure(
    driver: Driver,
    datagram_max: usize,
    (bytes, under_way): (usize, usize),
    time: Duration,
) -> Result<(f64, f64)> {
    let builder = Builder::new().driver(driver).shards(1).idle(IdleStrategy::Park);
    let running = builder.start()?;
    let serve = async move |_| {
        let address = SocketAddr::from(([127, 0, 0, 1], 0));
        let options = BindOptions { datagram_max, ..BindOptions::new(address) };
        let bound = net(NetRequest::Bind(options)).await?;
        let NetDone::Bound { socket, local } = bound else { return Err("not bound".into()) };
        drop(spawn_local(async move {
            while let Ok(NetDone::ReceivedFrom { data, from, .. }) =
                net(NetRequest::ReceiveFrom { socket }).await
            {
                let send = NetRequest::SendTo { socket, data: data.to_vec(), to: Some(from) };
                drop(net(send).await);
            }
        }));
        Result::Ok((local, std::fs::read_link("/proc/thread-self")?))
    };
    let (server, thread) =
        running.handle().run_on(greenroom_core::ShardId(0), serve).wait().expect("it runs")?;
    let spent = || -> Result<f64> {
        let stat = std::fs::read_to_string(format!("/proc/{}/schedstat", thread.display()))?;
        Ok(stat.split(' ').next().expect("a number").parse::<f64>()? / 1000.0)
    };
    let client = UdpSocket::bind(("127.0.0.1", 0))?;
    client.connect(server)?;
    client.set_read_timeout(Some(PATIENCE))?;
    let (data, mut answer) = (vec![7; bytes], vec![0; bytes]);
    let mut echoes = 0u32;
    let mut before = spent()?;
    let mut began = now();
    for _ in 0..under_way {
        client.send(&data)?;
    }
    let mut warm = false;
    while now() - began < time {
        if client.recv(&mut answer).is_ok() {
            echoes += 1;
        }
        client.send(&data)?;
        if !warm && echoes == 1000 {
            (warm, echoes, before, began) = (true, 0, spent()?, now());
        }
    }
    let (cpu, time) = (spent()? - before, now() - began);
    Ok((f64::from(echoes) / time.as_secs_f64() / 1000.0, cpu / f64::from(echoes)))
}

#[expect(clippy::disallowed_methods, reason = "what this measures is time")]
fn now() -> Instant {
    Instant::now()
}
