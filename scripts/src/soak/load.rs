//! What a server is put under.

use std::fmt;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::server::Server;
use crate::failure::{Failure, failed};

/// Threads whose connections break off anywhere.
const BREAKERS: u64 = 4;

/// How long one call of `redis-benchmark` may take, which is some seconds: beyond, the server has
/// lost a request.
const CALL_LIMIT: Duration = Duration::from_secs(180);

/// Signals that mean nothing to a process that has not asked for them, in turn.
const HARMLESS: [&str; 4] = ["WINCH", "URG", "CHLD", "CONT"];

/// Between two signals.
const SIGNAL_PAUSE: Duration = Duration::from_millis(20);

/// Every so many signals the process stands still for a while.
const SIGNALS_PER_STALL: u64 = 25;

/// One round of load.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    end: Instant,
    seed: u64,
    /// Of each of the workloads in a call, so that there are several calls in a round.
    requests: u64,
}

/// What a round was made of.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Done {
    /// Calls of `redis-benchmark` with all its workloads.
    pub(crate) calls: u64,
    /// Connections that broke off somewhere.
    pub(crate) broken: u64,
    /// Times the process stood still.
    pub(crate) stalls: u64,
}

impl fmt::Display for Done {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { calls, broken, stalls } = self;
        write!(f, "all workloads {calls} times, {broken} broken connections, {stalls} stalls")
    }
}

impl Load {
    /// A load that lasts so long from now.
    pub(crate) fn lasting(span: Duration, seed: u64) -> Self {
        let requests = (span.as_secs() * 50).clamp(200, 2000);
        Self { end: Instant::now() + span, seed, requests }
    }

    /// Puts the server under it, to its end.
    ///
    /// # Errors
    ///
    /// When a client that keeps to the protocol is not served.
    pub(crate) fn run(self, server: &Server) -> Result<Done, Failure> {
        let address = server.address;
        thread::scope(|scope| {
            let all = scope.spawn(move || self.workloads(address));
            let short = scope.spawn(move || self.short_connections(address));
            let breakers: Vec<_> =
                (0..BREAKERS).map(|n| scope.spawn(move || self.break_off(address, n))).collect();
            let stalls = self.disturb(server)?;
            let joined = |it: Result<Result<u64, Failure>, _>| {
                it.unwrap_or_else(|_| Err(failed("a client panicked")))
            };
            let mut done = Done { calls: joined(all.join())?, stalls, broken: 0 };
            joined(short.join())?;
            for breaker in breakers {
                done.broken += joined(breaker.join())?;
            }
            Ok(done)
        })
    }

    fn goes_on(self) -> bool {
        Instant::now() < self.end
    }

    /// All workloads of `redis-benchmark`, one request at a time and sixteen.
    fn workloads(self, server: SocketAddr) -> Result<u64, Failure> {
        let mut calls = 0;
        let requests = self.requests.to_string();
        while self.goes_on() {
            let depth = if calls % 2 == 0 { "1" } else { "16" };
            benchmark(server, &["-n", &requests, "-c", "50", "-r", "10000", "-P", depth])?;
            calls += 1;
        }
        Ok(calls)
    }

    /// A connection for each request.
    fn short_connections(self, server: SocketAddr) -> Result<u64, Failure> {
        let mut calls = 0;
        while self.goes_on() {
            benchmark(server, &["-t", "ping,set", "-n", "1000", "-c", "20", "-k", "0"])?;
            calls += 1;
        }
        Ok(calls)
    }

    /// Connections that end anywhere: before a word, inside a command, with answers under way.
    fn break_off(self, server: SocketAddr, number: u64) -> Result<u64, Failure> {
        let mut draw = self.seed.wrapping_mul(BREAKERS).wrapping_add(number) | 1;
        let mut next = |below: u64| {
            draw = draw
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (draw >> 33) % below
        };
        let mut broken = 0;
        while self.goes_on() {
            let mut stream = TcpStream::connect(server)
                .map_err(|error| failed(format!("no connection to the server: {error}")))?;
            let talk = SCRIPT.repeat(1 + next(20) as usize);
            let said = next(talk.len() as u64) as usize;
            // Whatever becomes of it: the server may have had enough first.
            let spoken = stream.write_all(&talk.as_bytes()[..said]);
            if spoken.is_ok() && next(2) == 0 && said >= SCRIPT.len() {
                let _ = stream.read(&mut [0; 64]);
            }
            broken += 1;
        }
        Ok(broken)
    }

    /// Stops and continues the process, and sends it signals.
    fn disturb(self, server: &Server) -> Result<u64, Failure> {
        let (mut sent, mut stalls) = (0, 0);
        while self.goes_on() {
            thread::sleep(SIGNAL_PAUSE);
            server.signal(HARMLESS[sent as usize % HARMLESS.len()])?;
            sent += 1;
            if sent % SIGNALS_PER_STALL == 0 {
                server.signal("STOP")?;
                // Some short, some long enough for every buffer on the way to fill up.
                thread::sleep(Duration::from_millis(1 << (stalls % 8)));
                server.signal("CONT")?;
                stalls += 1;
            }
        }
        Ok(stalls)
    }
}

/// What a connection that breaks off was saying.
const SCRIPT: &str = "*3\r\n$3\r\nSET\r\n$1\r\na\r\n$5\r\nvalue\r\nMULTI\r\nINCR n\r\nEXEC\r\n\
    SUBSCRIBE c\r\nUNSUBSCRIBE c\r\nPUBLISH c x\r\nLPUSH l 1 2 3\r\nLRANGE l 0 -1\r\n";

/// Calls `redis-benchmark`, which has to be content.
fn benchmark(server: SocketAddr, options: &[&str]) -> Result<(), Failure> {
    let mut command = Command::new("redis-benchmark");
    command.args(["-h", &server.ip().to_string(), "-p", &server.port().to_string(), "-q"]);
    command.args(options).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let shown = format!("redis-benchmark {}", options.join(" "));
    let lost = |error: std::io::Error| failed(format!("{shown}: {error}"));
    let (mut child, begun) = (command.spawn().map_err(lost)?, Instant::now());
    let status = loop {
        if let Some(status) = child.try_wait().map_err(lost)? {
            break status;
        }
        if begun.elapsed() > CALL_LIMIT {
            // It may have ended in this very moment.
            let _ = child.kill();
            let _ = child.wait();
            return Err(failed(format!("{shown}: not done after {CALL_LIMIT:?}")));
        }
        thread::sleep(Duration::from_millis(20));
    };
    let mut said = String::new();
    let told = child.stderr.take().map_or(Ok(0), |mut pipe| pipe.read_to_string(&mut said));
    told.map_err(lost)?;
    // It warns of what it was told to do.
    let said = said.lines().filter(|line| !line.starts_with("WARNING: Keepalive disabled"));
    let said: Vec<_> = said.collect();
    if status.success() && said.is_empty() {
        return Ok(());
    }
    Err(failed(format!("{shown}: {status}: {said:?}")))
}

/// Empties the server, and waits until it has closed what its clients left: at most half a minute.
///
/// # Errors
///
/// When it does not answer.
pub(crate) fn come_to_rest(server: &Server, descriptors: usize) -> Result<(), Failure> {
    let begun = Instant::now();
    loop {
        let mut stream = TcpStream::connect(server.address)
            .map_err(|error| failed(format!("no connection to the server: {error}")))?;
        let mut said = Vec::new();
        let limit = stream.set_read_timeout(Some(CALL_LIMIT));
        let asked = limit.and_then(|()| stream.write_all(b"FLUSHALL\r\nQUIT\r\n"));
        let told = asked.and_then(|()| stream.read_to_end(&mut said));
        if told.as_ref().is_ok() && said != b"+OK\r\n+OK\r\n" {
            return Err(failed(format!("FLUSHALL: {:?}", String::from_utf8_lossy(&said))));
        }
        if let Err(error) = told
            && error.kind() != ErrorKind::ConnectionReset
        {
            return Err(failed(format!("the server does not answer: {error}")));
        }
        drop(stream);
        thread::sleep(Duration::from_millis(100));
        if server.holds()?.descriptors == descriptors || begun.elapsed() > Duration::from_secs(30) {
            return Ok(());
        }
    }
}
