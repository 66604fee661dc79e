//! Messages over pairs of sockets, all on one ring.
//!
//! # Why the kernel never touches what is not its
//!
//! The memory lives in `run` until every operation has completed; what is received into is touched by
//! nobody else, and what is sent from is written by nobody.

#![expect(unsafe_code, reason = "what the kernel is told of in addresses; see above")]

use std::io;
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use io_uring::squeue::Entry;
use io_uring::types::{Fd, Fixed};
use io_uring::{IoUring, opcode};

const PAIRS: usize = 32;
const BYTES: usize = 64;

/// Messages a second. A fifth of the time warms up.
pub(crate) fn run(registered: bool, secs: f64) -> io::Result<f64> {
    let mut ring: IoUring =
        IoUring::builder().setup_single_issuer().setup_defer_taskrun().build(256)?;
    let pairs: Vec<_> = (0..PAIRS).map(|_| UnixStream::pair()).collect::<io::Result<_>>()?;
    let fds: Vec<RawFd> =
        pairs.iter().flat_map(|(near, far)| [near.as_raw_fd(), far.as_raw_fd()]).collect();
    if registered {
        ring.submitter().register_files(&fds)?;
    }
    let sent = [7; BYTES];
    let mut received = vec![[0; BYTES]; PAIRS];
    let send = |at: usize| match registered {
        true => opcode::Send::new(Fixed(at as u32), sent.as_ptr(), BYTES as u32).build(),
        false => opcode::Send::new(Fd(fds[at]), sent.as_ptr(), BYTES as u32).build(),
    };
    let receive = |at: usize, into: *mut u8| match registered {
        true => opcode::Recv::new(Fixed(at as u32), into, BYTES as u32).build(),
        false => opcode::Recv::new(Fd(fds[at]), into, BYTES as u32).build(),
    };
    let mut entries: Vec<Entry> = Vec::new();
    for (pair, into) in received.iter_mut().enumerate() {
        entries.extend([send(2 * pair), receive(2 * pair + 1, into.as_mut_ptr())]);
    }
    let (begun, span) = (Instant::now(), Duration::from_secs_f64(secs));
    let (mut counting, mut count) = (None, 0);
    while begun.elapsed() < span {
        // SAFETY: all of it completes before the next round, and is not touched until then.
        unsafe { ring.submission().push_multiple(&entries) }.map_err(io::Error::other)?;
        ring.submit_and_wait(entries.len())?;
        for done in ring.completion() {
            if done.result() != BYTES as i32 {
                return Err(io::Error::other(format!("{}", done.result())));
            }
        }
        if counting.is_some() {
            count += PAIRS;
        } else if begun.elapsed() > span / 5 {
            counting = Some(Instant::now());
        }
    }
    let counted = counting.map_or(span, |since: Instant| since.elapsed());
    Ok(count as f64 / counted.as_secs_f64())
}
