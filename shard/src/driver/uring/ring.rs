//! The ring: entered, and its completions taken. How it is made is in [`super::setup`].
//!
//! This knows nothing of what the entries mean; that what they point to stays where it is is their
//! maker's promise, see [`Ring::push`].

#![expect(unsafe_code, reason = "what the kernel is told of in addresses; see above")]

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use io_uring::squeue::{self, Entry};
use io_uring::types::{Fd, SubmitArgs, Timespec};
use io_uring::{EnterFlags, IoUring, opcode};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;

use super::features::{Feature, Features};

/// The name under which completions say nothing but that there was something: messages of other
/// rings, and what is of no interest.
pub(super) const NOTHING: u64 = u64::MAX;

/// A ring that one thread uses.
pub(super) struct Ring {
    ring: IoUring,
    features: Features,
    /// Entries for which the submission queue had no place, oldest first, and how many places each
    /// needs at once: two where the next one is linked to it.
    overflow: VecDeque<(Entry, usize)>,
    /// There are entries that the kernel has not taken. Each turn asks for it.
    waiting: bool,
    /// How often the kernel took a part of the entries alone, and so may have cut a link.
    cuts: u64,
    /// The kernel has dropped completions, so there are operations that never end.
    lost: bool,
}

/// What the kernel says of an operation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Completion {
    pub(super) user_data: u64,
    /// What a system call would have returned; below zero an error's number.
    pub(super) result: i32,
    pub(super) flags: u32,
}

/// How long to stay in the kernel.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Wait {
    /// No longer than submitting takes.
    No,
    /// Until there is a completion, or so much time has passed; `None` for ever.
    Until(Option<Duration>),
}

impl Ring {
    /// A ring around one of the kernel's, which has these features.
    pub(super) const fn over(ring: IoUring, features: Features) -> Self {
        Self { ring, features, overflow: VecDeque::new(), waiting: false, cuts: 0, lost: false }
    }

    pub(super) const fn features(&self) -> Features {
        self.features
    }

    pub(super) const fn io_uring(&self) -> &IoUring {
        &self.ring
    }

    /// Queues an entry for the kernel.
    ///
    /// # Safety
    ///
    /// What the entry points to must stay valid, and be touched by nobody else where the kernel
    /// writes to it, until the last completion of the entry was taken, or for ever.
    #[inline]
    pub(super) unsafe fn push(&mut self, entry: Entry) {
        self.waiting = true;
        if self.overflow.is_empty() {
            // SAFETY: what the entry points to stays valid until its completion, by this
            // function's own condition.
            if unsafe { self.ring.submission().push(&entry) }.is_ok() {
                return;
            }
        }
        self.overflow.push_back((entry, 1));
    }

    /// Queues two entries of which the first is linked to the second: the kernel gets them in one
    /// call, or would take the first for the last of its chain.
    ///
    /// # Safety
    ///
    /// As [`Ring::push`], for both.
    pub(super) unsafe fn push_linked(&mut self, first: Entry, second: Entry) {
        self.waiting = true;
        if self.overflow.is_empty() {
            // SAFETY: what they point to stays valid until their completions, by this function's
            // own condition.
            if unsafe { self.ring.submission().push_multiple(&[first.clone(), second.clone()]) }
                .is_ok()
            {
                return;
            }
        }
        self.overflow.extend([(first, 2), (second, 1)]);
    }

    /// Changes when a link of entries pushed before may have been cut.
    pub(super) const fn cuts(&self) -> u64 {
        self.cuts
    }

    /// Whether there are operations whose completions will never come.
    pub(super) const fn has_lost(&self) -> bool {
        self.lost
    }

    /// Whether entries wait for [`Ring::enter`].
    #[inline]
    pub(super) const fn has_entries(&self) -> bool {
        self.waiting
    }

    /// Whether the kernel has something to tell: a completion, or work that it does when entered.
    #[inline]
    pub(super) fn has_events(&mut self) -> bool {
        !self.ring.completion().is_empty() || self.has_work()
    }

    /// Whether the kernel waits to be entered, to make completions.
    #[inline]
    pub(super) fn has_work(&mut self) -> bool {
        let submission = self.ring.submission();
        submission.taskrun() || submission.cq_overflow()
    }

    /// A descriptor of its own, for others who send messages here.
    ///
    /// # Errors
    ///
    /// When the process has too many descriptors.
    pub(super) fn share(&self) -> io::Result<OwnedFd> {
        // SAFETY: the ring is open, and is not closed while it is borrowed.
        let fd = unsafe { BorrowedFd::borrow_raw(self.ring.as_raw_fd()) };
        fd.try_clone_to_owned()
    }

    /// Sends a message to the ring behind `to` at once, from a ring that does nothing else. It
    /// completes there as [`NOTHING`].
    ///
    /// # Errors
    ///
    /// When it did not get there; `to` may be no ring, or its thread may have ended. This ring is
    /// not to be used again: it may still hold the message.
    pub(super) fn message(&mut self, to: BorrowedFd<'_>) -> io::Result<()> {
        let message = opcode::MsgRingData::new(Fd(to.as_raw_fd()), 0, NOTHING, None).build();
        // SAFETY: the entry points to nothing.
        unsafe { self.push(message.flags(squeue::Flags::SKIP_SUCCESS)) };
        self.enter(Wait::No)?;
        let refused = self.ring.completion().next();
        match refused.map(|entry| entry.result()) {
            None if self.has_entries() => Err(io::ErrorKind::WouldBlock.into()),
            None => Ok(()),
            Some(error) => Err(io::Error::from_raw_os_error(-error)),
        }
    }

    /// Hands all entries to the kernel, and waits.
    ///
    /// A signal, a timeout, and a kernel that is out of memory for the moment end a wait early, and
    /// are no errors: who calls this looks at what there is and calls again.
    ///
    /// # Errors
    ///
    /// What else the kernel says: that it had no memory for a completion and has dropped it, so that
    /// an operation will never end; or what only a ring misused can make it say.
    pub(super) fn enter(&mut self, wait: Wait) -> io::Result<()> {
        loop {
            self.refill();
            if self.overflow.is_empty() {
                return self.enter_once(wait);
            }
            let before = self.ring.submission().len();
            self.enter_once(Wait::No)?;
            if self.ring.submission().len() == before {
                // It took none: there are completions to be read first.
                return Ok(());
            }
        }
    }

    /// Moves entries that had no place into the submission queue.
    fn refill(&mut self) {
        let mut submission = self.ring.submission();
        while let Some((entry, places)) = self.overflow.front() {
            if submission.capacity() - submission.len() < *places {
                return;
            }
            // SAFETY: the entry came through `push` or `push_linked`, whose condition is the same.
            if unsafe { submission.push(entry) }.is_err() {
                return;
            }
            self.overflow.pop_front();
        }
    }

    fn enter_once(&mut self, wait: Wait) -> io::Result<()> {
        let timeout = match wait {
            Wait::Until(timeout) => timeout,
            Wait::No => None,
        };
        if timeout.is_some() && !self.features.has(Feature::ExtArg) {
            self.call(0, None)?;
            return self.poll(timeout);
        }
        let timespec = timeout.map(Timespec::from);
        self.call(u32::from(wait != Wait::No), timespec.as_ref())
    }

    fn call(&mut self, completions: u32, timeout: Option<&Timespec>) -> io::Result<()> {
        #[cfg(test)]
        {
            ENTERED.set(entered() + 1);
            if LOSES.get() && !self.lost {
                return self.pass(Errno::BADR.into());
            }
        }
        let entries = self.ring.submission().len() as u32;
        let (flags, submitter) = (EnterFlags::GETEVENTS, self.ring.submitter());
        // SAFETY: `entries` of them are in the queue, each pushed by `push`; the argument is of the
        // type that its flag says, and is read during the call alone.
        let entered = unsafe {
            match timeout {
                None => submitter.enter::<()>(entries, completions, flags.bits(), None),
                Some(timeout) => {
                    let args = SubmitArgs::new().timespec(timeout);
                    let flags = flags | EnterFlags::EXT_ARG;
                    submitter.enter(entries, completions, flags.bits(), Some(&args))
                }
            }
        };
        let error = match entered {
            Ok(taken) => {
                let all = taken >= entries as usize;
                self.waiting = !all || !self.overflow.is_empty();
                self.cuts += u64::from(!all);
                return Ok(());
            }
            Err(error) => error,
        };
        self.pass(error)
    }

    /// Whether the call to enter may just be made again.
    fn pass(&mut self, error: io::Error) -> io::Result<()> {
        match Errno::from_io_error(&error) {
            Some(Errno::INTR | Errno::TIME | Errno::BUSY | Errno::AGAIN) => Ok(()),
            Some(Errno::BADR) => {
                self.lost = true;
                let what = "the kernel had no memory for a completion, and has dropped it";
                Err(io::Error::new(io::ErrorKind::OutOfMemory, what))
            }
            _ => Err(error),
        }
    }

    /// Waits for a completion on a kernel whose call to enter takes no timeout.
    fn poll(&mut self, timeout: Option<Duration>) -> io::Result<()> {
        if self.has_events() {
            return Ok(());
        }
        // SAFETY: the ring is open, and is not closed while it is borrowed.
        let fd = unsafe { BorrowedFd::borrow_raw(self.ring.as_raw_fd()) };
        let timeout = timeout.map(|timeout| rustix::event::Timespec {
            tv_sec: i64::try_from(timeout.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: i64::from(timeout.subsec_nanos()),
        });
        match poll(&mut [PollFd::from_borrowed_fd(fd, PollFlags::IN)], timeout.as_ref()) {
            Ok(_) | Err(Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Takes the completions that there are.
    #[inline]
    pub(super) fn take_completions(&mut self, into: &mut Vec<Completion>) {
        into.extend(self.ring.completion().map(|entry| Completion {
            user_data: entry.user_data(),
            result: entry.result(),
            flags: entry.flags(),
        }));
        #[cfg(test)]
        if LOSES.get() {
            into.clear();
        }
    }
}

impl fmt::Debug for Ring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ring")
            .field("features", &self.features)
            .field("overflow", &self.overflow.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
thread_local! {
    static ENTERED: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
    static LOSES: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

/// From now on the kernel is out of memory for what it has to tell this thread.
#[cfg(test)]
pub(super) fn lose_completions() {
    LOSES.set(true);
}

/// How often this thread has entered its rings.
#[cfg(test)]
pub(super) fn entered() -> usize {
    ENTERED.get()
}

#[cfg(test)]
mod tests {
    use io_uring::squeue::Flags;

    use super::*;
    use crate::driver::RingLimits;

    const FIRST: u64 = 1;
    const SECOND: u64 = 2;
    const FILLER: u64 = 3;

    fn small() -> RingLimits {
        RingLimits { submissions: 4, ..RingLimits::default() }
    }

    fn nop(name: u64) -> Entry {
        opcode::Nop::new().build().user_data(name)
    }

    /// Enters the ring until there are so many completions.
    fn completions(ring: &mut Ring, count: usize) -> Vec<(u64, i32)> {
        let mut taken = Vec::new();
        while taken.len() < count {
            ring.enter(Wait::Until(None)).unwrap();
            ring.take_completions(&mut taken);
        }
        taken.iter().map(|it| (it.user_data, it.result)).collect()
    }

    /// The first of the two fails, so the second is cancelled: unless they came to the kernel apart,
    /// which would have done the second for itself.
    #[test]
    fn a_link_holds_wherever_it_lies_in_the_queue() {
        for before in 0..12 {
            let mut ring = Ring::new(small()).unwrap();
            for _ in 0..before {
                // SAFETY: these entries point to nothing.
                unsafe { ring.push(nop(FILLER)) };
            }
            let fails = opcode::Fsync::new(Fd(-1)).build().flags(Flags::IO_LINK).user_data(FIRST);
            // SAFETY: as above.
            unsafe { ring.push_linked(fails, nop(SECOND)) };
            let told = completions(&mut ring, before + 2);
            let result = |name| told.iter().find(|it| it.0 == name).map(|it| it.1);
            assert_eq!(result(FIRST), Some(-Errno::BADF.raw_os_error()), "{before} before");
            assert_eq!(result(SECOND), Some(-Errno::CANCELED.raw_os_error()), "{before} before");
        }
    }

    /// Nothing on the way to the kernel gets lost, in whatever mixture it is queued.
    #[test]
    fn what_is_queued_arrives_once_and_links_in_order() {
        let mut ring = Ring::new(small()).unwrap();
        let mut expected = Vec::new();
        for n in (0..60).step_by(3) {
            // SAFETY: these entries point to nothing.
            unsafe {
                ring.push(nop(n));
                ring.push_linked(nop(n + 1).flags(Flags::IO_LINK), nop(n + 2));
            }
            expected.extend([n, n + 1, n + 2]);
        }
        let mut told: Vec<u64> = Vec::new();
        told.extend(completions(&mut ring, expected.len()).iter().map(|it| it.0));
        let place = |name| told.iter().position(|it| *it == name);
        assert!((0..60).step_by(3).all(|n| place(n + 1) < place(n + 2)), "{told:?}");
        told.sort_unstable();
        assert_eq!(told, expected);
        assert!(!ring.has_entries());
    }
}
