//! The load generator.

use std::fmt;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use rustix::buffer::spare_capacity;
use rustix::event::{Timespec, epoll};

/// Bytes of a request and of its answer.
const REQUEST_BYTES: usize = 64;
/// Up to so many connections are looked at one by one; of more, an epoll set tells which.
const DIRECT_MAX: usize = 2;
/// Connections that the epoll set tells of at a time.
const EVENTS_MAX: usize = 64;
/// A server that says nothing for so long is lost.
const SILENCE_MAX: Duration = Duration::from_secs(10);

/// How many connections, and how many requests each has under way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Load {
    pub(super) connections: usize,
    pub(super) depth: usize,
}

impl fmt::Display for Load {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.connections, self.depth)
    }
}

/// What came of a run.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) requests: u64,
    pub(super) elapsed: Duration,
    /// Nanoseconds from each send to the last of its answers.
    pub(super) nanos: Vec<u32>,
}

/// Connections to one server.
pub(super) struct Client {
    connections: Vec<Connection>,
    epoll: OwnedFd,
    events: Vec<epoll::Event>,
    request: Vec<u8>,
}

struct Connection {
    stream: TcpStream,
    asked: Instant,
    /// Bytes of answers that have not come.
    missing: usize,
}

impl Client {
    /// Connects.
    ///
    /// # Errors
    ///
    /// What the operating system says.
    pub(super) fn connect(server: SocketAddr, load: Load) -> io::Result<Self> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        let mut connections = Vec::new();
        for index in 0..load.connections {
            let stream = TcpStream::connect(server)?;
            stream.set_nodelay(true)?;
            stream.set_nonblocking(true)?;
            let data = epoll::EventData::new_u64(index as u64);
            epoll::add(&epoll, &stream, data, epoll::EventFlags::IN)?;
            connections.push(Connection { stream, asked: Instant::now(), missing: 0 });
        }
        let request = (0..REQUEST_BYTES * load.depth).map(|at| at as u8).collect();
        Ok(Self { connections, epoll, events: Vec::with_capacity(EVENTS_MAX), request })
    }

    /// Asks for so long, then waits for all answers.
    ///
    /// # Errors
    ///
    /// When the server closes a connection, answers something else, or says nothing any more.
    pub(super) fn run(&mut self, span: Duration) -> io::Result<Outcome> {
        let begun = Instant::now();
        let (end, mut heard) = (begun + span, begun);
        let mut outcome = Outcome { requests: 0, elapsed: span, nanos: Vec::new() };
        for connection in &mut self.connections {
            connection.ask(&self.request)?;
        }
        let mut open = self.connections.len();
        while open > 0 {
            for index in self.ready()? {
                let connection = &mut self.connections[index];
                let Some(nanos) = connection.hear(&self.request)? else { continue };
                heard = Instant::now();
                outcome.requests += (self.request.len() / REQUEST_BYTES) as u64;
                outcome.nanos.push(u32::try_from(nanos).unwrap_or(u32::MAX));
                if heard < end {
                    connection.ask(&self.request)?;
                } else {
                    open -= 1;
                }
            }
            if heard.elapsed() > SILENCE_MAX {
                return Err(ErrorKind::TimedOut.into());
            }
        }
        outcome.elapsed = begun.elapsed();
        Ok(outcome)
    }

    /// The connections that may have something to read.
    fn ready(&mut self) -> io::Result<Vec<usize>> {
        let count = self.connections.len();
        if count <= DIRECT_MAX {
            return Ok((0..count).collect());
        }
        self.events.clear();
        let at_once = Timespec::default();
        epoll::wait(&self.epoll, spare_capacity(&mut self.events), Some(&at_once))?;
        Ok(self.events.iter().map(|event| event.data.u64() as usize).collect())
    }
}

impl Connection {
    fn ask(&mut self, request: &[u8]) -> io::Result<()> {
        (self.asked, self.missing) = (Instant::now(), request.len());
        // So little has room in the socket, since all before was answered.
        self.stream.write_all(request)
    }

    /// Takes what has come; how long it took once it is everything.
    fn hear(&mut self, request: &[u8]) -> io::Result<Option<u128>> {
        let mut answer = [0; 4096];
        if self.missing == 0 {
            return Ok(None);
        }
        match self.stream.read(&mut answer) {
            Ok(0) => Err(ErrorKind::UnexpectedEof.into()),
            Ok(read) => {
                let from = request.len() - self.missing;
                if request.get(from..from + read) != Some(&answer[..read]) {
                    return Err(io::Error::other("the answer is another one"));
                }
                self.missing -= read;
                Ok((self.missing == 0).then(|| self.asked.elapsed().as_nanos()))
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    /// A server that answers `answer(bytes)` to what it gets, for one client of so many connections.
    fn served(load: Load, answer: fn(&mut [u8])) -> io::Result<Outcome> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        thread::scope(|scope| {
            for _ in 0..load.connections {
                let listener = &listener;
                scope.spawn(move || {
                    let (mut stream, _) = listener.accept().unwrap();
                    let mut bytes = [0; 100];
                    while let Ok(read @ 1..) = stream.read(&mut bytes) {
                        answer(&mut bytes[..read]);
                        if stream.write_all(&bytes[..read]).is_err() {
                            break;
                        }
                    }
                });
            }
            Client::connect(address, load)?.run(Duration::from_millis(20))
        })
    }

    #[test]
    fn every_request_is_answered_and_counted() {
        for (connections, depth) in [(1, 1), (5, 1), (5, 16)] {
            let outcome = served(Load { connections, depth }, |_| {}).unwrap();
            let rounds = outcome.nanos.len() as u64;
            assert!(rounds >= connections as u64 && outcome.requests == rounds * depth as u64);
            assert!(outcome.elapsed >= Duration::from_millis(20));
        }
    }

    #[test]
    fn a_wrong_answer_is_noticed() {
        let load = Load { connections: 1, depth: 2 };
        let error = served(load, |bytes| bytes[bytes.len() - 1] ^= 1).unwrap_err();
        assert_eq!(error.to_string(), "the answer is another one");
    }
}
