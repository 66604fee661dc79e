//! The least that a key-value server can do, for `greenroom-benches kv --bare`: what a client gets
//! from this one is about what it can get at all.
//!
//! It answers `SET` and `GET` as `redis-benchmark -t set,get -d 64` sends them, by their length, and
//! looks neither at keys nor at values: it keeps nothing. It never sleeps, so no client ever has
//! to wake it up, and it sends the replies when it has read all that had come.

use std::convert::Infallible;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};

use rustix::buffer::spare_capacity;
use rustix::event::{Timespec, epoll};

const GET: &[u8] = b"*2\r\n$3\r\nGET\r\n$16\r\nkey:__rand_int__\r\n";
const SET_HEAD: &[u8] = b"*3\r\n$3\r\nSET\r\n$16\r\nkey:__rand_int__\r\n$64\r\n";
/// So many bytes say which of the two a request is.
const KIND_BYTES: usize = 11;
/// Bytes of a value.
const VALUE_BYTES: usize = 64;
/// Most replies that are sent together.
const REPLIES_MAX: usize = 4096;
/// Connections that the epoll set tells of at a time.
const EVENTS_MAX: usize = 256;
/// Bytes that are received at a time.
const RECEIVE_BYTES: usize = 64 * 1024;

/// A client.
struct Connection {
    stream: TcpStream,
    /// Bytes of a request whose rest has not come.
    begun: usize,
    /// Those requests are `GET`, not `SET`.
    gets: bool,
}

/// What is to be sent, to whom.
struct Answer {
    connection: usize,
    kind: Kind,
}

enum Kind {
    /// So many replies to the connection's kind of request.
    Replies(usize),
    /// What else clients ask before they begin: there is no such setting, twice.
    Nothing,
    /// A value, to a client that asks by hand and is done.
    Value,
}

/// Serves, and says where. Returns with an error alone.
///
/// # Errors
///
/// What the operating system says to a listener or to an epoll set.
pub(crate) fn serve() -> io::Result<Infallible> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    listener.set_nonblocking(true)?;
    println!("listens on {}", listener.local_addr()?);
    let set = epoll::create(epoll::CreateFlags::CLOEXEC)?;
    epoll::add(&set, &listener, epoll::EventData::new_u64(u64::MAX), epoll::EventFlags::IN)?;
    let value = format!("${VALUE_BYTES}\r\n{}\r\n", "x".repeat(VALUE_BYTES));
    let replies = ["+OK\r\n".repeat(REPLIES_MAX), value.repeat(REPLIES_MAX)];
    let mut connections: Vec<Option<Connection>> = Vec::new();
    let mut received = vec![0; RECEIVE_BYTES];
    let mut events: Vec<epoll::Event> = Vec::with_capacity(EVENTS_MAX);
    let mut answers: Vec<Answer> = Vec::new();
    loop {
        events.clear();
        epoll::wait(&set, spare_capacity(&mut events), Some(&Timespec::default()))?;
        for event in &events {
            let Ok(index) = usize::try_from(event.data.u64()) else { continue };
            let Some(place) = connections.get_mut(index) else {
                accept(&listener, &set, &mut connections)?;
                continue;
            };
            match place.as_mut().map(|connection| connection.hear(&mut received)) {
                Some(Ok(Some(kind))) => answers.push(Answer { connection: index, kind }),
                Some(Err(_)) => *place = None,
                Some(Ok(None)) | None => {}
            }
        }
        for Answer { connection, kind } in answers.drain(..) {
            let place = &mut connections[connection];
            let Some(Connection { stream, gets, .. }) = place else { continue };
            let text = &replies[usize::from(*gets)];
            let sent = match kind {
                Kind::Replies(count) => {
                    stream.write(&text.as_bytes()[..count * text.len() / REPLIES_MAX])
                }
                Kind::Nothing => stream.write(b"*0\r\n*0\r\n"),
                Kind::Value => {
                    stream.write(value.as_bytes()).and(Err(ErrorKind::NotConnected.into()))
                }
            };
            // A client that does not read has no place here.
            if sent.is_err() {
                *place = None;
            }
        }
    }
}

fn accept(
    listener: &TcpListener,
    set: impl std::os::fd::AsFd,
    connections: &mut Vec<Option<Connection>>,
) -> io::Result<()> {
    loop {
        let stream = match listener.accept() {
            Ok((stream, _)) => stream,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(error),
        };
        stream.set_nonblocking(true)?;
        stream.set_nodelay(true)?;
        let name = epoll::EventData::new_u64(connections.len() as u64);
        epoll::add(&set, &stream, name, epoll::EventFlags::IN)?;
        connections.push(Some(Connection { stream, begun: 0, gets: false }));
    }
}

impl Connection {
    /// Receives, and tells what is to be answered.
    fn hear(&mut self, received: &mut [u8]) -> io::Result<Option<Kind>> {
        let count = match self.stream.read(received) {
            Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(None),
            Err(error) => return Err(error),
        };
        let text = &received[..count];
        if self.begun == 0 {
            if text.starts_with(b"GET") {
                return Ok(Some(Kind::Value));
            }
            self.gets = text.starts_with(&GET[..KIND_BYTES]);
            if !self.gets && !text.starts_with(&SET_HEAD[..KIND_BYTES]) {
                return Ok(Some(Kind::Nothing));
            }
        }
        let request = if self.gets { GET.len() } else { SET_HEAD.len() + VALUE_BYTES + 2 };
        let bytes = self.begun + count;
        self.begun = bytes % request;
        Ok(Some(Kind::Replies((bytes / request).min(REPLIES_MAX))))
    }
}
