//! A client that costs less than a server: its requests are encoded before it starts, and of the
//! replies it counts the bytes.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

use rustix::buffer::spare_capacity;
use rustix::event::{Timespec, epoll};

use super::client::{CONNECTIONS, Rates, VALUE_BYTES};
use crate::cores::Core;

/// Connections that the epoll set tells of at a time.
const EVENTS_MAX: usize = 64;
/// A server that says nothing for so long is lost, or has answered something else.
const SILENCE_MAX: Timespec = Timespec { tv_sec: 10, tv_nsec: 0 };
/// Bytes that are received at a time.
const RECEIVE_BYTES: usize = 64 * 1024;
/// Keys that are set together before it begins.
const FILL_DEPTH: usize = 100;
/// From one key to the next: coprime to the number of keys, so that each has its turn.
const KEY_STRIDE: u64 = 7_919;

/// The client, with a thread on each of its cores, which share the connections.
#[derive(Clone, Debug)]
pub(super) struct Lean {
    pub(super) cores: Vec<Core>,
    /// How many keys are used.
    pub(super) keys: u64,
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum Kind {
    Set,
    Get,
}

/// What is sent in turn, many requests at a time, and how long the replies to each are.
struct Stream {
    batches: Vec<Vec<u8>>,
    depth: usize,
    reply_bytes: usize,
}

impl Lean {
    /// Sets every key.
    ///
    /// # Errors
    ///
    /// What the operating system says, or that the replies are others.
    pub(super) fn fill(&self, server: SocketAddr) -> io::Result<()> {
        let mut connection = TcpStream::connect(server)?;
        connection.set_read_timeout(Some(std::time::Duration::from_secs(10)))?;
        let stream = Stream::new(Kind::Set, FILL_DEPTH, self.keys);
        let mut replies = vec![0; stream.reply_bytes];
        for batch in &stream.batches {
            connection.write_all(batch)?;
            connection.read_exact(&mut replies)?;
            if replies.chunks(5).any(|reply| reply != b"+OK\r\n") {
                return Err(io::Error::other("a key was not set"));
            }
        }
        Ok(())
    }

    /// Sets, then gets, each so many times, so many requests together on each connection.
    ///
    /// # Errors
    ///
    /// When a connection ends, or brings more bytes or fewer than the replies have.
    pub(super) fn run(&self, server: SocketAddr, depth: u64, requests: u64) -> io::Result<Rates> {
        let rate =
            |kind| self.phase(server, &Stream::new(kind, depth as usize, self.keys), requests);
        Ok(Rates { set: rate(Kind::Set)?, get: rate(Kind::Get)? })
    }

    fn phase(&self, server: SocketAddr, stream: &Stream, requests: u64) -> io::Result<f64> {
        let batches = AtomicU64::new(requests.div_ceil(stream.depth as u64));
        let count = batches.load(Ordering::Relaxed);
        let each = CONNECTIONS / self.cores.len();
        let sides: io::Result<Vec<_>> =
            self.cores.iter().map(|core| Ok((*core, Side::connect(server, each)?))).collect();
        let begun = Instant::now();
        thread::scope(|scope| {
            let sides: Vec<_> = sides?
                .into_iter()
                .enumerate()
                .map(|(number, (core, mut side))| {
                    let (first, batches) =
                        (number * stream.batches.len() / self.cores.len(), &batches);
                    scope.spawn(move || core.run(|| side.run(stream, first, batches))?)
                })
                .collect();
            sides.into_iter().try_for_each(|side| side.join().expect("no check failed"))
        })?;
        Ok((count * stream.depth as u64) as f64 / begun.elapsed().as_secs_f64())
    }
}

impl Stream {
    fn new(kind: Kind, depth: usize, keys: u64) -> Self {
        let batches = keys.div_ceil(depth as u64);
        let value = "x".repeat(VALUE_BYTES);
        let request = |number: u64| {
            let key = format!("key:{:012}", number * KEY_STRIDE % keys);
            let head = format!("\r\n${}\r\n{key}\r\n", key.len());
            match kind {
                Kind::Set => format!("*3\r\n$3\r\nSET{head}${VALUE_BYTES}\r\n{value}\r\n"),
                Kind::Get => format!("*2\r\n$3\r\nGET{head}"),
            }
        };
        let batch = |number: u64| {
            let requests = (0..depth as u64).map(|at| request(number * depth as u64 + at));
            requests.collect::<String>().into_bytes()
        };
        let reply_bytes = match kind {
            Kind::Set => "+OK\r\n".len(),
            Kind::Get => format!("${VALUE_BYTES}\r\n{value}\r\n").len(),
        };
        Self { batches: (0..batches).map(batch).collect(), depth, reply_bytes: reply_bytes * depth }
    }
}

/// The connections of one thread.
struct Side {
    connections: Vec<Connection>,
    epoll: OwnedFd,
}

struct Connection {
    stream: TcpStream,
    /// Bytes of replies that have not come.
    missing: usize,
}

impl Side {
    fn connect(server: SocketAddr, count: usize) -> io::Result<Self> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        let mut connections = Vec::new();
        for index in 0..count {
            let stream = TcpStream::connect(server)?;
            stream.set_nodelay(true)?;
            stream.set_nonblocking(true)?;
            let data = epoll::EventData::new_u64(index as u64);
            epoll::add(&epoll, &stream, data, epoll::EventFlags::IN)?;
            connections.push(Connection { stream, missing: 0 });
        }
        Ok(Self { connections, epoll })
    }

    /// Sends batches, from `first` on, until none of those that all threads share is `left`, and
    /// waits for the replies. Sleeps where there are none.
    fn run(&mut self, stream: &Stream, first: usize, left: &AtomicU64) -> io::Result<()> {
        let mut batches = stream.batches.iter().cycle().skip(first);
        let mut next = || {
            let taken =
                left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |it| it.checked_sub(1));
            taken.ok().and_then(|_| batches.next())
        };
        let mut under_way = 0;
        for connection in &mut self.connections {
            let Some(batch) = next() else { break };
            connection.ask(batch, stream.reply_bytes)?;
            under_way += 1;
        }
        let mut received = vec![0; RECEIVE_BYTES];
        let mut events: Vec<epoll::Event> = Vec::with_capacity(EVENTS_MAX);
        while under_way > 0 {
            events.clear();
            epoll::wait(&self.epoll, spare_capacity(&mut events), Some(&SILENCE_MAX))?;
            if events.is_empty() {
                return Err(ErrorKind::TimedOut.into());
            }
            for event in &events {
                let connection = &mut self.connections[event.data.u64() as usize];
                if !connection.hear(&mut received)? {
                    continue;
                }
                match next() {
                    Some(batch) => connection.ask(batch, stream.reply_bytes)?,
                    None => under_way -= 1,
                }
            }
        }
        Ok(())
    }
}

impl Connection {
    fn ask(&mut self, batch: &[u8], reply_bytes: usize) -> io::Result<()> {
        self.missing = reply_bytes;
        // So little has room in the socket, since all before was answered.
        self.stream.write_all(batch)
    }

    /// Takes what has come; whether that is everything.
    fn hear(&mut self, received: &mut [u8]) -> io::Result<bool> {
        let count = match self.stream.read(received) {
            Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
            Err(error) => return Err(error),
        };
        let missing = self.missing.checked_sub(count);
        self.missing = missing.ok_or_else(|| io::Error::other("the replies are longer"))?;
        Ok(self.missing == 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cores;
    use crate::programs::on_path;
    use crate::workloads::kv::server::Program;

    #[test]
    fn requests_are_those_of_the_protocol_and_every_key_has_its_turn() {
        let stream = Stream::new(Kind::Get, 2, 4);
        let texts: Vec<_> = stream.batches.iter().map(|it| String::from_utf8_lossy(it)).collect();
        let get = |key| format!("*2\r\n$3\r\nGET\r\n$16\r\nkey:{key:012}\r\n");
        assert_eq!(texts, [get(0) + &get(3), get(2) + &get(1)]);
        assert_eq!(stream.reply_bytes, 2 * (5 + VALUE_BYTES + 2));
        let set = &Stream::new(Kind::Set, 1, 1).batches[0];
        let head = "*3\r\n$3\r\nSET\r\n$16\r\nkey:000000000000\r\n$64\r\nxxx";
        assert!(set.starts_with(head.as_bytes()) && set.ends_with(b"x\r\n"));
    }

    #[test]
    fn a_run_against_redis_gives_two_rates() {
        let redis = Program::Redis(on_path("redis-server").expect("`cargo x test`"));
        let server = redis.start(None).unwrap();
        for cores in [cores::allowed()[..1].to_vec(), cores::two().unwrap().to_vec()] {
            let client = Lean { cores, keys: 1_000 };
            client.fill(server.address()).unwrap();
            let Rates { set, get } = client.run(server.address(), 16, 3_000).unwrap();
            assert!(set > 1.0 && get > 1.0, "{set} {get}");
        }
        server.stop().unwrap();
    }

    #[test]
    fn a_reply_of_another_length_is_noticed() {
        let redis = Program::Redis(on_path("redis-server").expect("`cargo x test`"));
        let server = redis.start(None).unwrap();
        let client = Lean { cores: cores::allowed()[..1].to_vec(), keys: 1 };
        let stream = Stream { reply_bytes: 3, ..Stream::new(Kind::Set, 1, 1) };
        let error = client.phase(server.address(), &stream, 1).unwrap_err();
        assert_eq!(error.to_string(), "the replies are longer");
        server.stop().unwrap();
    }
}
