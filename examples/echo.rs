//! A TCP echo server: every shard listens on the same port and serves the connections it accepts.
//!
//! ```sh
//! cargo run --release --example echo -- --port 7000 --shards 2
//! ```
//!
//! `send_back` is all that a connection is; the rest is a server's frame: an actor on each shard
//! that listens there, the command line, and an end in good order. The tests run the very same
//! actors in the simulator and on real cores.

use std::ffi::OsString;
use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use greenroom::net::{ListenOptions, ServeLimits, Server, TcpListener, TcpStream, serve};
use greenroom::prelude::*;
use greenroom::{Driver, IdleStrategy, ShutdownPhase};
use lexopt::ValueExt;
use lexopt::prelude::{Long, Short};

const USAGE: &str = "\
A TCP server that sends back what it gets.

Usage: echo [OPTIONS]

Options:
    --port <PORT>      TCP port to listen on; 0 for one that is free [default: 7000]
    --bind <ADDRESS>   IP address to listen on [default: 127.0.0.1]
    --shards <N>       Shards, one thread each, on one core each [default: one per core]
    --driver <NAME>    What the shards' I/O stands on: `glommio` or `uring` [default: the faster]
    --idle <STRATEGY>  What a shard without work does: `park` (sleep), `spin` (burn the core),
                       or spin for that many microseconds and then park [default: 50]
    -h, --help         Print this help
";

/// How long connections may take to end once the server is told to.
const DRAIN_LIMIT: Duration = Duration::from_secs(5);

/// How much longer than its connections a listener may take.
const DRAIN_GRACE: Duration = Duration::from_secs(1);

/// Sends back what comes, until the client has sent all. Errors are the client's: it is gone.
async fn send_back(mut stream: TcpStream) -> io::Result<()> {
    let mut bytes = Vec::new();
    loop {
        let received = stream.receive().await?;
        if received.is_empty() {
            return Ok(());
        }
        bytes.extend_from_slice(&received);
        // Back to the shard's pool before the send, which may take long.
        drop(received);
        // Comes back empty, with its memory.
        bytes = stream.send(bytes).await?;
    }
}

/// Listens on its shard.
#[derive(Default)]
struct Listener {
    server: Option<Server>,
}

enum Message {
    /// Takes connections at that address; answered with the one that it came to.
    Listen(SocketAddr, Reply<io::Result<SocketAddr>>),
    /// Takes no more, and gives those there are so long to end; answered when there are none.
    Drain(Duration, Reply<()>),
}

impl Actor for Listener {
    type Message = Message;

    async fn handle(&mut self, message: Message, _: &Context<Self>) -> Flow {
        match message {
            Message::Listen(address, reply) => reply.send(self.listen(address).await),
            Message::Drain(limit, reply) => {
                if let Some(server) = self.server.take() {
                    server.drain(limit).await;
                }
                reply.send(());
            }
        }
        Flow::Continue
    }
}

impl Listener {
    async fn listen(&mut self, address: SocketAddr) -> io::Result<SocketAddr> {
        // The kernel deals connections out to all sockets that listen on a port.
        let options = ListenOptions { reuse_port: true, ..ListenOptions::new(address) };
        let listener = TcpListener::bind_with(options).await?;
        let address = listener.local_addr();
        let server = serve(listener, ServeLimits::default(), async |stream, _| {
            drop(send_back(stream).await);
        });
        self.server = Some(server);
        Ok(address)
    }
}

/// Listens on every shard of `system`; the first one decides the port where `address` has none.
async fn start(
    system: System,
    mut address: SocketAddr,
) -> greenroom::Result<(SocketAddr, Vec<ActorRef<Listener>>)> {
    let mut listeners = Vec::new();
    for shard in 0..system.shards() {
        let listener = system.spawn(Placement::Shard(shard), Listener::default).await?;
        address = listener.call(|reply| Message::Listen(address, reply)).await??;
        listeners.push(listener);
    }
    Ok((address, listeners))
}

/// Ends what [`start`] has started.
async fn drain(listeners: &[ActorRef<Listener>], limit: Duration) -> greenroom::Result {
    let drains = listeners.iter().map(|&listener| {
        greenroom::spawn_local(async move {
            let call = listener.call(|reply| Message::Drain(limit, reply));
            let drained = call.within(limit + DRAIN_GRACE).await;
            listener.stop();
            drained
        })
    });
    // All at once: `map` alone would begin each when the one before is done.
    for drain in drains.collect::<Vec<_>>() {
        drain.await??;
    }
    Ok(())
}

/// What the command line asks for.
struct Settings {
    address: SocketAddr,
    shards: usize,
    driver: Driver,
    idle: IdleStrategy,
}

impl Settings {
    /// `None` where help is wanted.
    fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Option<Self>, lexopt::Error> {
        let mut settings = Self {
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, 7000)),
            shards: thread::available_parallelism().map_or(1, Into::into),
            driver: Driver::default(),
            idle: IdleStrategy::default(),
        };
        let mut parser = lexopt::Parser::from_args(args);
        while let Some(arg) = parser.next()? {
            match arg {
                Short('h') | Long("help") => return Ok(None),
                Long("port") => settings.address.set_port(parser.value()?.parse()?),
                Long("bind") => settings.address.set_ip(parser.value()?.parse::<IpAddr>()?),
                Long("shards") => settings.shards = parser.value()?.parse()?,
                Long("driver") => settings.driver = parser.value()?.parse()?,
                Long("idle") => settings.idle = parser.value()?.parse_with(idle)?,
                _ => return Err(arg.unexpected()),
            }
        }
        Ok(Some(settings))
    }
}

fn idle(text: &str) -> Result<IdleStrategy, std::num::ParseIntError> {
    Ok(match text {
        "park" => IdleStrategy::Park,
        "spin" => IdleStrategy::Spin,
        micros => IdleStrategy::SpinThenPark(Duration::from_micros(micros.parse()?)),
    })
}

/// Serves until the process is asked to end (Ctrl-C, or SIGTERM).
fn run(settings: &Settings) -> greenroom::Result {
    let system = System::builder().name("echo").shards(settings.shards);
    let system = system.driver(settings.driver).idle(settings.idle).stop_on_signals();
    let (address, limit) = (settings.address, DRAIN_LIMIT + 2 * DRAIN_GRACE);
    system.shutdown_limit(limit).run(async move |system| {
        let (address, listeners) = start(system, address).await?;
        let hook = async move || {
            if let Err(error) = drain(&listeners, DRAIN_LIMIT).await {
                eprintln!("echo: {error}");
            }
        };
        system.on_shutdown_within(limit, ShutdownPhase::BeforeStop, "connections", hook)?;
        say(&format!("listens on {address}\n"))?;
        system.until_shutdown().await;
        Ok(())
    })?;
    Ok(())
}

fn say(text: &str) -> io::Result<()> {
    let mut out = io::stdout();
    out.write_all(text.as_bytes())?;
    out.flush()
}

fn main() -> ExitCode {
    let done = match Settings::parse(std::env::args_os().skip(1)) {
        Ok(Some(settings)) => run(&settings),
        Ok(None) => say(USAGE).map_err(Into::into),
        Err(error) => {
            eprintln!("echo: {error}\nTry `echo --help`.");
            return ExitCode::from(2);
        }
    };
    done.map_or_else(
        |error| {
            eprintln!("echo: {error}");
            ExitCode::FAILURE
        },
        |()| ExitCode::SUCCESS,
    )
}

#[cfg(test)]
mod tests {
    use greenroom::{Builder, net::ShutdownSide};
    use greenroom_testkit::Campaign;

    use super::*;

    /// More than a receive brings at once.
    const BYTES: usize = 100_000;
    const CLIENTS: usize = 5;

    /// A client that sends everything before it reads, and ends its side.
    async fn ask(address: SocketAddr, salt: usize) {
        let data: Vec<u8> = (0..BYTES).map(|at| (at * 31 + salt) as u8).collect();
        let stream = TcpStream::connect(address).await.unwrap();
        let (mut read, mut write) = stream.split();
        let sent = data.clone();
        let sender = greenroom::spawn_local(async move {
            write.send(sent).await.unwrap();
            write.shutdown(ShutdownSide::Send).await.unwrap();
        });
        let mut got = Vec::new();
        loop {
            let received = read.receive().await.unwrap();
            if received.is_empty() {
                break;
            }
            got.extend_from_slice(&received);
        }
        sender.await.unwrap();
        assert!(got == data, "client {salt} got {} other bytes", got.len());
    }

    /// Clients beside a server, and its end.
    async fn serve_clients(system: System, address: SocketAddr) {
        let (address, listeners) = start(system, address).await.unwrap();
        assert_eq!(listeners.len(), usize::from(system.shards()));
        let asks = (0..CLIENTS).map(|salt| greenroom::spawn_local(ask(address, salt)));
        for ask in asks.collect::<Vec<_>>() {
            ask.await.unwrap();
        }
        // One that does not leave by itself does not hold the server up.
        let mut idle = TcpStream::connect(address).await.unwrap();
        idle.send(vec![7]).await.unwrap();
        assert_eq!(&*idle.receive().await.unwrap(), [7]);
        drain(&listeners, Duration::from_millis(1)).await.unwrap();
        let left = idle.receive().await;
        assert!(left.is_err() || left.is_ok_and(|bytes| bytes.is_empty()), "the server is gone");
        assert!(TcpStream::connect(address).await.is_err(), "nobody listens afterwards");
    }

    fn any_port() -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, 0))
    }

    #[test]
    fn sim_clients_get_back_what_they_sent() {
        let campaign = Campaign::new("tests::sim_clients_get_back_what_they_sent").seeds(20);
        campaign.runtime(|builder, seed| builder.shards(1 + (seed % 2) as u16)).run(|sim| {
            sim.run(async |system| serve_clients(system, any_port()).await);
        });
    }

    #[test]
    fn clients_get_back_what_they_sent_on_cores() {
        for driver in Driver::ALL {
            for idle in [IdleStrategy::default(), IdleStrategy::Park, IdleStrategy::Spin] {
                let builder = Builder::new().driver(*driver).shards(2).idle(idle);
                let ran = builder.run(async |system| {
                    serve_clients(system, any_port()).await;
                    Ok(())
                });
                ran.unwrap();
            }
        }
    }

    #[test]
    fn flags() {
        let parse = |line: &str| Settings::parse(line.split_whitespace().map(OsString::from));
        let line = "--port 9 --bind ::1 --shards=3 --idle spin --driver";
        for driver in Driver::ALL {
            let settings = parse(&format!("{line} {driver}")).unwrap().unwrap();
            assert_eq!(settings.address, "[::1]:9".parse().unwrap());
            assert_eq!((settings.shards, settings.driver), (3, *driver));
            assert_eq!(settings.idle, IdleStrategy::Spin);
        }
        assert_eq!(parse("--idle 7").unwrap().unwrap().idle.to_string(), "spin 7µs, then park");
        assert!(parse("-h").unwrap().is_none());
        for wrong in ["--port x", "--idle often", "--driver none", "--what", "word"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
