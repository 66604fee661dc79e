//! How long I/O and timers wait while messages keep a shard busy.
//!
//! A thousand actors of one shard pass on a message each, without end, so that the shard never runs
//! out of work. Beside them a task sends back what comes over TCP, to a thread outside that looks
//! for the answer without sleeping; or a task sleeps for a millisecond, again and again.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use greenroom_core::io::{blocking, net};
use greenroom_core::runtime::{ListenOptions, NetDone, NetRequest, SocketId};
use greenroom_core::{Actor, ActorConfig, ActorRef, Context, Flow, System, sleep, spawn_local};

/// Actors that are never idle.
const ACTORS: usize = 1000;
/// Bytes of a question and of its answer.
const ECHO_BYTES: usize = 64;
/// How long a task sleeps.
const NAP: Duration = Duration::from_millis(1);

/// Passes on what it gets.
struct Node {
    next: Option<ActorRef<Self>>,
}

enum Pass {
    Next(ActorRef<Node>),
    On,
}

impl Actor for Node {
    type Message = Pass;

    async fn handle(&mut self, message: Pass, _: &Context<Self>) -> Flow {
        match message {
            Pass::Next(next) => self.next = Some(next),
            Pass::On => {
                // Refused once the system ends.
                drop(self.next.expect("linked").cast(Pass::On));
            }
        }
        Flow::Continue
    }
}

/// Keeps this shard busy until its system ends.
fn saturate(system: System) {
    let node = || system.spawn_here(ActorConfig::default(), || Node { next: None });
    let nodes: Vec<_> = (0..ACTORS).map(|_| node().expect("a node")).collect();
    for (index, node) in nodes.iter().enumerate() {
        node.cast(Pass::Next(nodes[(index + 1) % ACTORS])).expect("room");
        node.cast(Pass::On).expect("room");
    }
}

/// Nanoseconds that so large a part of all samples does not exceed.
fn quantile(mut nanos: Vec<u64>, part: f64) -> f64 {
    nanos.sort_unstable();
    let last = nanos.len() - 1;
    nanos[((nanos.len() as f64 * part) as usize).min(last)] as f64
}

/// Nanoseconds of a round trip of [`ECHO_BYTES`], at that quantile.
pub(crate) async fn measure_echo(system: System, secs: f64, part: f64) -> f64 {
    let options = ListenOptions::new(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
    let listening = net(NetRequest::Listen(options)).await.expect("listens");
    let NetDone::Listening { listener, local } = listening else { panic!("{listening:?}") };
    saturate(system);
    let server = spawn_local(async move {
        let accepted = net(NetRequest::Accept { listener }).await.expect("accepted");
        let NetDone::Accepted { stream, .. } = accepted else { panic!("{accepted:?}") };
        send_back(stream).await;
    });
    let samples = blocking(move || ask(local, secs)).await.expect("the client ends");
    server.await.expect("the server ends");
    quantile(samples, part)
}

/// Sends back what comes, until nothing does.
async fn send_back(stream: SocketId) {
    loop {
        let received = net(NetRequest::Receive { stream, max: ECHO_BYTES }).await;
        let Ok(NetDone::Received(bytes)) = received else { panic!("{received:?}") };
        if bytes.is_empty() {
            return;
        }
        let send = NetRequest::Send { stream, data: bytes.to_vec(), start: 0 };
        let sent = net(send).await.expect("sent");
        assert!(matches!(sent, NetDone::Sent { written, .. } if written == bytes.len()));
    }
}

/// The client: asks for so long, and notes how long each answer took.
fn ask(address: SocketAddr, secs: f64) -> Vec<u64> {
    let mut stream = TcpStream::connect(address).expect("connected");
    stream.set_nodelay(true).expect("a socket has the option");
    stream.set_nonblocking(true).expect("a socket has the mode");
    let (begun, secs) = (Instant::now(), Duration::from_secs_f64(secs));
    let mut samples = Vec::new();
    while begun.elapsed() < secs || samples.is_empty() {
        let (asked, mut answer, mut got) = (Instant::now(), [0; ECHO_BYTES], 0);
        stream.write_all(&[7; ECHO_BYTES]).expect("so little is taken at once");
        while got < ECHO_BYTES {
            match stream.read(&mut answer[got..]) {
                Ok(0) => panic!("the server has closed"),
                Ok(read) => got += read,
                Err(error) if error.kind() == ErrorKind::WouldBlock => thread::yield_now(),
                Err(error) => panic!("{error}"),
            }
        }
        assert_eq!(answer, [7; ECHO_BYTES]);
        samples.push(asked.elapsed().as_nanos() as u64);
    }
    samples
}

/// Nanoseconds by which a sleep of [`NAP`] is late, at that quantile.
pub(crate) async fn measure_timer(system: System, secs: f64, part: f64) -> f64 {
    saturate(system);
    let (begun, secs) = (Instant::now(), Duration::from_secs_f64(secs));
    let mut samples = Vec::new();
    while begun.elapsed() < secs || samples.is_empty() {
        let since = Instant::now();
        sleep(NAP).await;
        // It counts from the turn it began in, which is a little before.
        samples.push(since.elapsed().saturating_sub(NAP).as_nanos() as u64);
    }
    quantile(samples, part)
}
