//! What a shard's thread sleeps on: one epoll set of its bell and its sockets.

use std::fmt;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use rustix::buffer::spare_capacity;
use rustix::event::{Timespec, epoll};
use rustix::io::Errno;

use crate::driver::Bell;

/// Events taken in one look. More are taken by the next.
const EVENTS_MAX: usize = 256;

/// The key of the bell. Keys of sockets are below.
const BELL: u64 = u64::MAX;

/// An epoll set.
///
/// Everything in it is watched for *edges*, both ways, from the day it is added: an event says that
/// a descriptor has become ready since it last was not, and who watches it remembers that until a
/// call would block. So a socket costs one registration in its life, and none per operation.
pub(crate) struct Poller {
    epoll: OwnedFd,
    events: Vec<epoll::Event>,
    /// How many of the events have been taken.
    taken: usize,
}

/// What became of a socket.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Edge {
    /// The socket's key.
    pub(crate) key: u64,
    /// A read, or an accept, would not block.
    pub(crate) read: bool,
    /// A write would not block, or a connect is decided.
    pub(crate) write: bool,
    /// The peer sends no more: reads will not block again.
    pub(crate) ended: bool,
}

impl Poller {
    /// A set with the bell in it.
    ///
    /// # Errors
    ///
    /// What the operating system says, mostly that the process has too many descriptors.
    pub(crate) fn new(bell: &Bell) -> io::Result<Self> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        let flags = epoll::EventFlags::IN | epoll::EventFlags::ET;
        epoll::add(&epoll, bell, epoll::EventData::new_u64(BELL), flags)?;
        Ok(Self { epoll, events: Vec::with_capacity(EVENTS_MAX), taken: 0 })
    }

    /// Watches a socket until it is closed.
    ///
    /// # Errors
    ///
    /// What the operating system says; the socket is not watched then.
    pub(crate) fn add(&self, socket: impl AsFd, key: u64) -> io::Result<()> {
        debug_assert_ne!(key, BELL, "that is the bell's key");
        let ready = epoll::EventFlags::IN | epoll::EventFlags::OUT | epoll::EventFlags::RDHUP;
        let flags = ready | epoll::EventFlags::ET;
        Ok(epoll::add(&self.epoll, socket, epoll::EventData::new_u64(key), flags)?)
    }

    /// Whether anything has happened, without waiting.
    pub(crate) fn look(&mut self) -> bool {
        self.wait(Some(Duration::ZERO))
    }

    /// Sleeps until something happens, the bell rings, or `timeout` has passed; `None` for ever.
    /// Returns whether anything happened; it may also return for no reason.
    pub(crate) fn wait(&mut self, timeout: Option<Duration>) -> bool {
        // Edges are told once: those that were not taken yet come first.
        if self.has_edges() {
            return true;
        }
        let timeout = timeout.map(|timeout| Timespec {
            tv_sec: i64::try_from(timeout.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: i64::from(timeout.subsec_nanos()),
        });
        self.events.clear();
        self.taken = 0;
        let taken = epoll::wait(&self.epoll, spare_capacity(&mut self.events), timeout.as_ref());
        debug_assert!(
            matches!(taken, Ok(_) | Err(Errno::INTR)),
            "an epoll set of ours can be waited on: {taken:?}"
        );
        self.has_edges()
    }

    /// Whether something happened that is not taken yet.
    pub(crate) const fn has_edges(&self) -> bool {
        self.taken < self.events.len()
    }

    /// Something that happened, as of the last look or wait, and is not taken yet.
    pub(crate) fn take_edge(&mut self) -> Option<Edge> {
        loop {
            let event = self.events.get(self.taken)?;
            self.taken += 1;
            let (key, flags) = (event.data.u64(), event.flags);
            let is = |flag| flags.intersects(flag);
            let broken = epoll::EventFlags::ERR | epoll::EventFlags::HUP;
            let ended = is(broken | epoll::EventFlags::RDHUP);
            let read = ended || is(epoll::EventFlags::IN);
            let write = is(broken | epoll::EventFlags::OUT);
            if key != BELL {
                return Some(Edge { key, read, write, ended });
            }
        }
    }
}

impl AsFd for Poller {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.epoll.as_fd()
    }
}

impl fmt::Debug for Poller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Poller").field("events", &self.events.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::net::{TcpListener, TcpStream};

    use super::*;
    use crate::mesh::Bell as _;

    #[test]
    fn a_ring_before_the_sleep_is_remembered_and_counts_once() {
        let bell = Bell::new().unwrap();
        let mut poller = Poller::new(&bell).unwrap();
        bell.ring();
        bell.ring();
        assert!(poller.wait(None));
        assert_eq!(poller.take_edge(), None, "the bell is no socket");
        assert!(!poller.look());
        bell.ring();
        assert!(poller.wait(None));
    }

    #[test]
    fn sockets_report_edges_under_their_key() {
        let bell = Bell::new().unwrap();
        let mut poller = Poller::new(&bell).unwrap();
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let mut near = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (far, _) = listener.accept().unwrap();
        poller.add(&far, 9).unwrap();
        assert!(poller.wait(None));
        let edge = Edge { key: 9, read: false, write: true, ended: false };
        assert_eq!((poller.take_edge(), poller.take_edge()), (Some(edge), None));
        near.write_all(b"x").unwrap();
        assert!(poller.wait(None));
        let edge = poller.take_edge().unwrap();
        assert!(edge.read && !edge.ended);
        drop(near);
        assert!(poller.wait(None));
        assert!(poller.take_edge().unwrap().ended);
    }
}
