//! Connections that are opened, and dropped by either side at any point, by a draw.

use std::cell::Cell;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::rc::Rc;
use std::thread;

use greenroom_core::runtime::{DiskRequest, FileId, ListenOptions, NetDone, NetRequest, SocketId};
use greenroom_core::{Result, ShardId, io, spawn_local};
use greenroom_shard::{Builder, Driver, IdleStrategy, Pin};

/// Threads that connect.
const CLIENTS: u64 = 4;

/// What the process holds once every connection of a round is gone.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Usage {
    /// Open descriptors.
    pub(crate) descriptors: usize,
    /// Bytes of memory in use.
    pub(crate) resident_bytes: usize,
}

impl Usage {
    fn now() -> Self {
        let descriptors = std::fs::read_dir("/proc/self/fd").expect("Linux has it").count();
        let statm = std::fs::read_to_string("/proc/self/statm").expect("Linux has it");
        let pages = statm.split_whitespace().nth(1).and_then(|pages| pages.parse().ok());
        Self { descriptors, resident_bytes: 4096 * pages.unwrap_or(0_usize) }
    }
}

/// Random numbers of no quality, the same in each run.
#[derive(Clone, Copy)]
struct Draw(u64);

impl Draw {
    const fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 20) % n
    }
}

/// Opens and drops so many connections in each of so many rounds, and tells what was held after
/// each.
pub(crate) fn churn(driver: Driver, rounds: usize, connections: u64) -> Vec<Usage> {
    let builder = Builder::new().driver(driver).shards(1).pin(Pin::None);
    let running = builder.idle(IdleStrategy::Park).start().expect("a system");
    let on = |body| running.handle().run_on(ShardId(0), body);
    let mut usages = Vec::new();
    for round in 0..rounds {
        // A listener of its own for each round: what waits for it goes with it.
        let serving = running.handle().run_on(ShardId(0), async |_| serve().await);
        let (listener, address) = serving.wait().expect("it runs").expect("it listens");
        let clients: Vec<_> = (0..CLIENTS)
            .map(|client| {
                let draw = Draw::new(round as u64 * CLIENTS + client);
                let body = move || connect(address, connections / CLIENTS, draw);
                thread::Builder::new().spawn(body).expect("a thread")
            })
            .collect();
        clients.into_iter().for_each(|client| client.join().expect("a client ends"));
        on(async move |_| settle(listener).await).wait().expect("it runs");
        usages.push(Usage::now());
    }
    usages
}

thread_local! {
    /// Connections that are being served on this shard.
    static OPEN: Rc<Cell<usize>> = Rc::default();
}

/// Listens, and serves whoever connects.
async fn serve() -> Result<(SocketId, SocketAddr)> {
    let options = ListenOptions::new(SocketAddr::from(([127, 0, 0, 1], 0)));
    let listening = io::net(NetRequest::Listen(options)).await?;
    let NetDone::Listening { listener, local } = listening else { return Err("listens".into()) };
    spawn_local(async move {
        let mut draw = Draw::new(7);
        while let Ok(NetDone::Accepted { stream, .. }) =
            io::net(NetRequest::Accept { listener }).await
        {
            let open = OPEN.with(Rc::clone);
            open.set(open.get() + 1);
            let mut draw = Draw(draw.below(u64::MAX) | 1);
            spawn_local(async move {
                // How a connection goes is its own affair; it is closed however that is.
                let _ = answer(stream, &mut draw).await;
                let closed = io::net(NetRequest::Close { socket: stream }).await;
                assert!(closed.is_ok(), "a socket closes once: {closed:?}");
                open.set(open.get() - 1);
            });
        }
    });
    Ok((listener, local))
}

/// Goes some of the way with a client.
async fn answer(stream: SocketId, draw: &mut Draw) -> std::io::Result<()> {
    let way = draw.below(6);
    if way == 0 {
        return Ok(());
    }
    if way == 1 {
        drop(io::net(NetRequest::Receive { stream, max: 100 }));
        return Ok(());
    }
    if way == 2 {
        let data = vec![1; 1 << 20];
        drop(io::net(NetRequest::Send { stream, data, start: 0 }));
        return Ok(());
    }
    loop {
        let received = io::net(NetRequest::Receive { stream, max: 16 << 10 }).await?;
        let NetDone::Received(bytes) = received else { return Ok(()) };
        if bytes.is_empty() {
            return Ok(());
        }
        let send = io::net(NetRequest::Send { stream, data: bytes.to_vec(), start: 0 });
        match way {
            3 => return Ok(()),
            4 => return send.await.map(drop),
            _ => drop(send.await?),
        }
    }
}

/// A client: connects so often, and goes some of the way.
fn connect(address: SocketAddr, connections: u64, mut draw: Draw) {
    for _ in 0..connections {
        // A server that is gone half-way through is what is wanted; its errors are of no interest.
        let Ok(mut stream) = TcpStream::connect(address) else { continue };
        let way = draw.below(5);
        if way == 0 {
            continue;
        }
        let bytes = vec![2; 1 + draw.below(if way == 1 { 200_000 } else { 500 }) as usize];
        if stream.write_all(&bytes).is_err() || way == 1 {
            continue;
        }
        let mut some = [0; 64];
        if way == 2 {
            drop(stream.shutdown(Shutdown::Write).and_then(|()| stream.read(&mut some)));
        } else if way == 3 {
            let all = stream.shutdown(Shutdown::Write);
            drop(all.and_then(|()| stream.read_to_end(&mut Vec::new())));
        }
    }
}

/// Waits until no connection is left, and the driver has closed what it was asked to.
async fn settle(listener: SocketId) {
    let close = io::net(NetRequest::Close { socket: listener }).await;
    assert!(close.is_ok(), "a listener closes once: {close:?}");
    while OPEN.with(|open| open.get()) > 0 {
        turn().await;
    }
    // What nobody waited for takes a turn or two more.
    for _ in 0..8 {
        turn().await;
    }
}

/// Comes back after the driver has dealt with what it was asked before.
async fn turn() {
    let nothing = DiskRequest::Close { file: FileId(u64::MAX) };
    assert!(io::disk(nothing).await.is_err(), "there is no such file");
}
