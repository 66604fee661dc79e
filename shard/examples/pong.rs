//! Answers each `PING` of `redis-benchmark -t ping_mbulk` with `+PONG`, and does nothing else: what
//! a connection costs on this runtime. The same server on glommio alone is in `benches/soak`.
//!
//! `cargo run --release -p greenroom-shard --example pong -- [port] [spin in us] [seconds]`

#![expect(clippy::print_stdout, reason = "a command's output")]

use std::net::SocketAddr;
use std::time::Duration;

use greenroom_core::runtime::{ListenOptions, NetDone, NetRequest, SocketId};
use greenroom_core::{Result, io, sleep, spawn_local};
use greenroom_shard::{Builder, IdleStrategy};

/// Bytes of `*1\r\n$4\r\nPING\r\n`.
const PING: usize = 14;
const PONG: &[u8] = b"+PONG\r\n";

fn main() -> Result {
    let mut args = std::env::args().skip(1).map(|arg| arg.parse::<u16>().expect("a number"));
    let port = args.next().unwrap_or(7311);
    let spin = Duration::from_micros(args.next().unwrap_or(50).into());
    let seconds = args.next().unwrap_or(60);
    let idle = IdleStrategy::SpinThenPark(spin);
    let served = Builder::new().shards(1).idle(idle).run(async move |_| {
        let options = ListenOptions::new(SocketAddr::from(([127, 0, 0, 1], port)));
        let listening = io::net(NetRequest::Listen(options)).await?;
        let NetDone::Listening { listener, local } = listening else { return Ok(()) };
        println!("{local}, idle: {idle}");
        drop(spawn_local(accept(listener)));
        sleep(Duration::from_secs(seconds.into())).await;
        Ok(())
    });
    Ok(served?)
}

async fn accept(listener: SocketId) -> Result {
    loop {
        if let NetDone::Accepted { stream, .. } = io::net(NetRequest::Accept { listener }).await? {
            drop(spawn_local(serve(stream)));
        }
    }
}

async fn serve(stream: SocketId) -> Result {
    // What a request left of itself for the next bytes to complete.
    let mut left = 0;
    let mut answer = Vec::new();
    loop {
        let request = NetRequest::Receive { stream, max: 16 * 1024 };
        let bytes = match io::net(request).await {
            Ok(NetDone::Received(bytes)) if !bytes.is_empty() => bytes,
            _ => break,
        };
        left += bytes.len();
        answer.clear();
        answer.extend(PONG.iter().copied().cycle().take(left / PING * PONG.len()));
        left %= PING;
        let mut start = 0;
        while start < answer.len() {
            let request = NetRequest::Send { stream, data: std::mem::take(&mut answer), start };
            let NetDone::Sent { data, written } = io::net(request).await? else { break };
            answer = data;
            start += written;
        }
    }
    io::net(NetRequest::Close { socket: stream }).await?;
    Ok(())
}
