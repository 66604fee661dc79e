//! Durable writes, so many at a time.
//!
//! # Why the kernel never touches what is not its
//!
//! The memory that is written from lives in `run` until every write has completed, and nobody
//! writes to it meanwhile.

#![expect(unsafe_code, reason = "what the kernel is told of in addresses; see above")]

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::time::{Duration, Instant};

use io_uring::squeue::{Entry, Flags};
use io_uring::types::{Fd, Fixed, FsyncFlags};
use io_uring::{IoUring, opcode};
use rustix::fs::{Mode, OFlags};

use crate::ring;

const BLOCK: usize = 4096;

/// Names the write of a pair; its sync has the number alone.
const WRITE: u64 = 1 << 32;

/// A block of memory that begins at a multiple of its size.
#[repr(align(4096))]
struct Block([u8; BLOCK]);

/// What the kernel is made acquainted with beforehand.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Registered {
    Nothing,
    /// The file: an operation takes no reference to it.
    File,
    /// The memory as well, whose pages are not looked up for each operation.
    FileAndMemory,
}

/// Writes a second. A fifth of the time warms up.
pub(crate) fn run(
    path: &str,
    linked: bool,
    (depth, secs): (u64, f64),
    registered: Registered,
) -> io::Result<f64> {
    let dsync = if linked { OFlags::empty() } else { OFlags::DSYNC };
    let flags = OFlags::RDWR | OFlags::DIRECT | OFlags::CLOEXEC | dsync;
    let file = rustix::fs::open(path, flags, Mode::empty())?;
    let blocks = rustix::fs::fstat(&file)?.st_size as u64 / BLOCK as u64;
    // Before the ring, which may read it until it is dropped.
    let block = Box::new(Block([7; BLOCK]));
    let mut ring = ring_for(&file, &block, registered)?;
    let fd = Fd(file.as_raw_fd());
    let mut next = 0;
    let mut start = |ring: &mut IoUring| {
        let at = next % blocks * BLOCK as u64;
        next += 1;
        let (write, sync) = entries(fd, &block, at, registered);
        let pair = [write.clone().flags(Flags::IO_LINK), sync];
        let entries = if linked { &pair[..] } else { std::slice::from_ref(&write) };
        // SAFETY: the block is read by the kernel alone, and lives until all is done; see above.
        unsafe { ring.submission().push_multiple(entries) }.map_err(io::Error::other)
    };
    for _ in 0..depth {
        start(&mut ring)?;
    }
    let (begun, mut counting, mut count) = (Instant::now(), None, 0);
    let span = Duration::from_secs_f64(secs);
    let mut under_way = depth;
    let mut done = Vec::new();
    while under_way > 0 {
        ring.submit_and_wait(1)?;
        done.extend(ring.completion().map(|it| (it.user_data(), it.result())));
        let now = Instant::now();
        for (name, result) in done.drain(..) {
            if result < 0 {
                return Err(io::Error::from_raw_os_error(-result));
            }
            if linked && name == WRITE {
                continue;
            }
            count += u64::from(counting.is_some());
            if now - begun < span {
                start(&mut ring)?;
            } else {
                under_way -= 1;
            }
        }
        if counting.is_none() && now - begun >= span / 5 {
            counting = Some(now);
        }
    }
    let counted = counting.map_or(span, |since: Instant| since.elapsed());
    Ok(count as f64 / counted.as_secs_f64())
}

/// A ring with the driver's settings that knows of the file and the memory what it is to know.
fn ring_for(file: &OwnedFd, block: &Block, registered: Registered) -> io::Result<IoUring> {
    let ring = ring::like_the_drivers()?;
    if registered != Registered::Nothing {
        ring.submitter().register_files(&[file.as_raw_fd()])?;
    }
    if registered == Registered::FileAndMemory {
        let memory = libc::iovec { iov_base: block.0.as_ptr().cast_mut().cast(), iov_len: BLOCK };
        // SAFETY: the caller's block lives until the ring is dropped, and is read alone.
        unsafe { ring.submitter().register_buffers(&[memory])? };
    }
    Ok(ring)
}

/// A write of the block to a place in the file, and the sync that may follow it.
fn entries(fd: Fd, block: &Block, at: u64, registered: Registered) -> (Entry, Entry) {
    let (from, len) = (block.0.as_ptr(), BLOCK as u32);
    let write = match registered {
        Registered::Nothing => opcode::Write::new(fd, from, len).offset(at).build(),
        Registered::File => opcode::Write::new(Fixed(0), from, len).offset(at).build(),
        Registered::FileAndMemory => {
            opcode::WriteFixed::new(Fixed(0), from, len, 0).offset(at).build()
        }
    };
    let sync = match registered {
        Registered::Nothing => opcode::Fsync::new(fd),
        _ => opcode::Fsync::new(Fixed(0)),
    };
    (write.user_data(WRITE), sync.flags(FsyncFlags::DATASYNC).build())
}
