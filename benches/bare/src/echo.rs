//! The least that an echo server on a ring can do, for `greenroom-benches echo --bare`.
//!
//! A multishot accept, a multishot receive for each connection into buffers that are the kernel's
//! until it names them, and sends from the very same buffers, which the kernel has back when they
//! are sent. All sends of a turn go to it in one call. One that is alone goes by a call of its own,
//! as the driver's does, or it does not, where `ring` is asked for.
//!
//! # Why the kernel never touches what is not its
//!
//! The buffers and the ring of them live in `serve`, which returns with an error alone and leaks
//! them then. A buffer is with the kernel to be written to, from when it is provided to the
//! completion that names it, or to be read, from the entry of a send to its completion, never both.

#![expect(unsafe_code, reason = "what the kernel is told of in addresses; see above")]

use std::convert::Infallible;
use std::hint;
use std::io;
use std::mem::{ManuallyDrop, size_of};
use std::net::{Ipv4Addr, TcpListener};
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::sync::atomic::{AtomicU16, Ordering};

use io_uring::squeue::Entry;
use io_uring::types::{BufRingEntry, Fd};
use io_uring::{EnterFlags, IoUring, cqueue, opcode};
use rustix::io::Errno;
use rustix::net::{SendFlags, send, sockopt::set_tcp_nodelay};

use crate::ring;

/// Buffers, and bytes of each.
const BUFFERS: u16 = 1024;
const BUFFER_BYTES: usize = 16 * 1024;
const GROUP: u16 = 0;
/// Looks at the ring before it is entered although it has nothing to say.
const LOOKS: u32 = 1 << 16;

/// What a completion is of: the upper half of its name. The lower is a descriptor, and above it the
/// number of a send's buffer.
const ACCEPT: u64 = 0;
const RECEIVE: u64 = 1;
const SEND: u64 = 2;

/// How the server waits and sends.
#[derive(Clone, Copy)]
pub(crate) struct Way {
    /// It burns its core rather than sleep.
    pub(crate) spins: bool,
    /// A send that is alone goes at once.
    pub(crate) at_once: bool,
}

struct Server {
    ring: IoUring,
    buffers: Buffers,
    way: Way,
}

/// Serves, and says where. Returns with an error alone.
///
/// # Errors
///
/// What the operating system says to a listener or to a ring.
pub(crate) fn serve(way: Way) -> io::Result<Infallible> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    println!("listens on {}", listener.local_addr()?);
    let ring = ring::like_the_drivers()?;
    let buffers = Buffers::new(&ring)?;
    let mut server = ManuallyDrop::new(Server { ring, buffers, way });
    let fd = listener.as_raw_fd();
    server.push(opcode::AcceptMulti::new(Fd(fd)).build().user_data(name(ACCEPT, fd, 0)))?;
    let mut completions = Vec::new();
    loop {
        server.wait()?;
        completions.extend(server.ring.completion());
        let alone = completions.len() == 1;
        for completion in completions.drain(..) {
            server.completed(&completion, alone)?;
        }
        server.buffers.publish();
    }
}

/// What a completion is called.
const fn name(of: u64, fd: RawFd, buffer: u16) -> u64 {
    of << 56 | (buffer as u64) << 32 | fd as u32 as u64
}

impl Server {
    fn push(&mut self, entry: Entry) -> io::Result<()> {
        // SAFETY: what entries point to are buffers, which nobody else writes to; see above.
        if unsafe { self.ring.submission().push(&entry) }.is_err() {
            self.ring.submit()?;
            // SAFETY: as above.
            unsafe { self.ring.submission().push(&entry) }.map_err(io::Error::other)?;
        }
        Ok(())
    }

    /// Hands over what there is, and comes back when there are completions.
    fn wait(&mut self) -> io::Result<()> {
        if !self.way.spins {
            return self.ring.submit_and_wait(1).map(drop);
        }
        if self.ring.submission().is_empty() {
            for _ in 0..LOOKS {
                if self.ring.submission().taskrun() || !self.ring.completion().is_empty() {
                    break;
                }
                hint::spin_loop();
            }
        }
        let entries = self.ring.submission().len() as u32;
        let flags = EnterFlags::GETEVENTS.bits();
        // SAFETY: so many entries are in the queue, and there is no argument.
        unsafe { self.ring.submitter().enter::<()>(entries, 0, flags, None) }.map(drop)
    }

    fn completed(&mut self, completion: &cqueue::Entry, alone: bool) -> io::Result<()> {
        let user_data = completion.user_data();
        let fd = user_data as u32 as RawFd;
        let result = completion.result();
        match user_data >> 56 {
            ACCEPT if result < 0 => Err(io::Error::from_raw_os_error(-result)),
            ACCEPT => {
                // SAFETY: the kernel has just made it, and it is closed in `hang_up` alone.
                set_tcp_nodelay(unsafe { BorrowedFd::borrow_raw(result) }, true)?;
                self.receive(result)
            }
            RECEIVE => self.received(fd, completion, alone),
            SEND => {
                self.buffers.provide((user_data >> 32) as u16);
                Ok(())
            }
            other => Err(io::Error::other(format!("a completion of kind {other}"))),
        }
    }

    fn receive(&mut self, fd: RawFd) -> io::Result<()> {
        let entry = opcode::RecvMulti::new(Fd(fd), GROUP).build();
        self.push(entry.user_data(name(RECEIVE, fd, 0)))
    }

    fn received(&mut self, fd: RawFd, completion: &cqueue::Entry, alone: bool) -> io::Result<()> {
        let result = completion.result();
        if result == -Errno::NOBUFS.raw_os_error() {
            return self.receive(fd);
        }
        let Some(number) = cqueue::buffer_select(completion.flags()) else {
            // SAFETY: no operation is left of it: the receive has ended, and the client waits for
            // all answers before it goes.
            drop(unsafe { OwnedFd::from_raw_fd(fd) });
            return Ok(());
        };
        let bytes = self.buffers.bytes(number, result as usize);
        if self.way.at_once && alone {
            // SAFETY: it is open until its receive has ended.
            let stream = unsafe { BorrowedFd::borrow_raw(fd) };
            if send(stream, bytes, SendFlags::NOSIGNAL | SendFlags::DONTWAIT) == Ok(bytes.len()) {
                self.buffers.provide(number);
                return self.go_on(fd, completion);
            }
        }
        let entry = opcode::Send::new(Fd(fd), bytes.as_ptr(), bytes.len() as u32);
        let entry = entry.flags(SendFlags::NOSIGNAL.bits() as i32 | WHOLE).build();
        self.push(entry.user_data(name(SEND, fd, number)))?;
        self.go_on(fd, completion)
    }

    /// Starts the receive again where it has ended.
    fn go_on(&mut self, fd: RawFd, completion: &cqueue::Entry) -> io::Result<()> {
        if cqueue::more(completion.flags()) { Ok(()) } else { self.receive(fd) }
    }
}

/// `MSG_WAITALL`, which makes the kernel go on with a send that was cut short.
const WHOLE: i32 = 0x100;

/// The buffers, and the ring of those that are the kernel's to write to.
struct Buffers {
    memory: *mut u8,
    entries: *mut BufRingEntry,
    tail: u16,
}

/// Memory that begins a page.
#[repr(align(4096))]
#[derive(Clone, Copy)]
struct Page(#[expect(dead_code, reason = "is there to be pointed to")] [u8; 4096]);

fn pages(bytes: usize) -> *mut Page {
    vec![Page([0; 4096]); bytes.div_ceil(size_of::<Page>())].leak().as_mut_ptr()
}

impl Buffers {
    fn new(ring: &IoUring) -> io::Result<Self> {
        let memory = pages(usize::from(BUFFERS) * BUFFER_BYTES).cast();
        let entries: *mut BufRingEntry =
            pages(usize::from(BUFFERS) * size_of::<BufRingEntry>()).cast();
        // SAFETY: that many entries, at the start of a page, never freed.
        unsafe {
            ring.submitter().register_buf_ring_with_flags(entries as u64, BUFFERS, GROUP, 0)?
        };
        let mut buffers = Self { memory, entries, tail: 0 };
        (0..BUFFERS).for_each(|number| buffers.provide(number));
        buffers.publish();
        Ok(buffers)
    }

    /// The first bytes of a buffer that the kernel has named.
    fn bytes(&self, number: u16, len: usize) -> &'static [u8] {
        assert!(len <= BUFFER_BYTES, "the kernel writes what fits");
        // SAFETY: inside the memory, initialized, never freed, and written to by nobody until it is
        // provided again.
        unsafe {
            std::slice::from_raw_parts(self.memory.add(usize::from(number) * BUFFER_BYTES), len)
        }
    }

    /// The kernel may write to that buffer, once it is told.
    fn provide(&mut self, number: u16) {
        let place = usize::from(self.tail % BUFFERS);
        // SAFETY: inside the ring; there are as many places as buffers, so it is not in use.
        let entry = unsafe { &mut *self.entries.add(place) };
        // SAFETY: inside the memory.
        entry.set_addr(unsafe { self.memory.add(usize::from(number) * BUFFER_BYTES) } as u64);
        entry.set_len(BUFFER_BYTES as u32);
        entry.set_bid(number);
        self.tail = self.tail.wrapping_add(1);
    }

    fn publish(&self) {
        // SAFETY: the first entry's address; it is a number of 16 bits that this thread alone
        // writes.
        let tail = unsafe { AtomicU16::from_ptr(BufRingEntry::tail(self.entries).cast_mut()) };
        tail.store(self.tail, Ordering::Release);
    }
}
