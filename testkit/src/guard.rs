//! Nobody inside a turn asks the machine.
//!
//! Code in a turn that reads a real clock, draws randomness from the operating system, starts a
//! thread, opens a socket or puts its thread to sleep makes the run depend on more than its seed, or
//! goes by time that does not pass there. Silently handing out virtual answers would
//! hide that the same code misbehaves in production, where time comes from the shard as well; so
//! on Linux the functions that do it are interposed (see [`mod@crate::interpose`]), the first call in
//! a turn is recorded with its backtrace, and the step fails once the turn is over. (madsim
//! interposes the first three to fake their answers.) Files are let through: what a test reads of
//! its own tree is the same in every run.
//!
//! Randomness alone may be let through, for libraries that cannot be told where theirs comes from,
//! as those of TLS: then what a turn draws comes from the run's seed
//! ([`crate::Builder::seeded_randomness`]).

#![cfg_attr(
    not(target_os = "linux"),
    expect(dead_code, reason = "only on Linux somebody reports what is forbidden")
)]

use std::backtrace::Backtrace;
use std::cell::{Cell, RefCell};
use std::fmt;

use greenroom_core::hash::mix;

thread_local! {
    /// Whether this thread is inside a turn. Read by interposed functions, at any time in a
    /// thread's life, so it must need neither initialising nor dropping.
    static GUARDED: Cell<bool> = const { Cell::new(false) };
    /// Where the randomness of this turn comes from; `None` where it may draw none.
    static RANDOMNESS: Cell<Option<u64>> = const { Cell::new(None) };
    /// Whether there is a violation: asked after every round.
    static VIOLATED: Cell<bool> = const { Cell::new(false) };
    static VIOLATION: RefCell<Option<Box<Violation>>> = const { RefCell::new(None) };
}

/// What nobody may do inside a turn.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Forbidden {
    Clock,
    Randomness,
    Thread,
    Socket,
    Sleep,
}

/// Somebody did.
#[derive(Debug)]
pub(crate) struct Violation {
    what: Forbidden,
    backtrace: Backtrace,
}

/// What the randomness of a run's turns comes from, if they may draw any.
#[derive(Debug)]
pub(crate) struct Randomness(Cell<Option<u64>>);

impl Randomness {
    pub(crate) const fn new(seed: Option<u64>) -> Self {
        Self(Cell::new(seed))
    }
}

/// Keeps this thread inside a turn until it is dropped.
#[derive(Debug)]
pub(crate) struct Guarded<'a> {
    before: (bool, Option<u64>),
    randomness: &'a Randomness,
}

/// Says that user code runs from here on.
#[must_use]
pub(crate) fn enter(randomness: &Randomness) -> Guarded<'_> {
    let before = (GUARDED.replace(true), RANDOMNESS.replace(randomness.0.get()));
    Guarded { before, randomness }
}

impl Drop for Guarded<'_> {
    fn drop(&mut self) {
        GUARDED.set(self.before.0);
        self.randomness.0.set(RANDOMNESS.replace(self.before.1));
    }
}

/// Eight bytes of what a turn takes for the operating system's randomness; `None` outside of turns,
/// and where it may draw none.
pub(crate) fn random_word() -> Option<u64> {
    let state = RANDOMNESS.get().filter(|_| GUARDED.get())?;
    RANDOMNESS.set(Some(state.wrapping_add(0x9e37_79b9_7f4a_7c15)));
    Some(mix(state))
}

/// Draws the keys of this thread's hash maps now: libraries use `std`'s maps, and the first one a
/// thread makes asks the operating system for randomness.
pub(crate) fn warm_up() {
    #[expect(clippy::disallowed_types, reason = "drawn so that nobody else draws it in a turn")]
    let _keys = std::hash::RandomState::new();
}

/// Notes that a forbidden function was called, if this thread is inside a turn. Does not unwind.
pub(crate) fn called(what: Forbidden) {
    // Whatever recording does, it is not what the turn did.
    if !GUARDED.replace(false) {
        return;
    }
    VIOLATION.with(|place| {
        if let Ok(mut place) = place.try_borrow_mut()
            && place.is_none()
        {
            VIOLATED.set(true);
            *place = Some(Box::new(Violation { what, backtrace: Backtrace::force_capture() }));
        }
    });
    GUARDED.set(true);
}

/// The first violation since this was asked last.
#[inline]
pub(crate) fn take_violation() -> Option<Box<Violation>> {
    if !VIOLATED.replace(false) {
        return None;
    }
    VIOLATION.with(|place| place.borrow_mut().take())
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.what {
            Forbidden::Clock => "real clock read inside a turn",
            Forbidden::Randomness => "operating system's randomness drawn inside a turn",
            Forbidden::Thread => "thread started inside a turn",
            Forbidden::Socket => "socket of the operating system opened inside a turn",
            Forbidden::Sleep => "thread put to sleep inside a turn",
        };
        let backtrace = self.backtrace.to_string();
        write!(f, "{what}: {}\n{backtrace}", place_in(&backtrace))
    }
}

/// The functions that are interposed, as their frames are called.
const INTERPOSED: [&str; 7] = [
    "clock_gettime",
    "getrandom",
    "pthread_create",
    "syscall",
    "socket",
    "nanosleep",
    "clock_nanosleep",
];

/// Names of frames of the standard library, and of this guard where the interposed function was
/// inlined. Frames that were inlined have no path in their name; for those the file tells.
const ON_THE_WAY: [&str; 7] =
    ["std::", "<std::", "core::", "<core::", "alloc::", "<alloc::", "greenroom_testkit::guard::"];

/// The first frame beyond the interposed function that is not the standard library's, with its
/// line where debug information has it.
fn place_in(backtrace: &str) -> String {
    let mut lines = backtrace.lines().map(str::trim).peekable();
    let mut frames = Vec::new();
    while let Some(line) = lines.next() {
        let Some((number, name)) = line.split_once(": ") else { continue };
        if number.chars().all(|c| c.is_ascii_digit()) {
            let at = lines.peek().and_then(|line| line.strip_prefix("at "));
            frames.push((name, at));
        }
    }
    let interposed = frames.iter().rposition(|(name, _)| INTERPOSED.contains(name));
    let beyond = &frames[interposed.map_or(0, |index| index + 1)..];
    let found = beyond.iter().find(|(name, at)| {
        let standard = at.is_some_and(|at| at.starts_with("/rustc/"));
        !standard && !ON_THE_WAY.iter().any(|&start| name.starts_with(start))
    });
    match found {
        Some((name, Some(at))) => format!("{name} at {at}"),
        Some((name, None)) => (*name).to_owned(),
        None => "at a place without a name".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_is_the_first_frame_that_belongs_to_somebody() {
        let backtrace = "   0: greenroom_testkit::guard::called\n             \
                         at ./src/guard.rs:1:1\n   \
                         1: clock_gettime\n   2: now\n             \
                         at /rustc/59807616/library/std/src/time.rs:3:2\n   \
                         3: std::time::Instant::now\n   4: bank::transfer::{{closure}}\n             \
                         at ./bank.rs:7:9\n   5: core::ops::function::FnOnce::call_once\n";
        assert_eq!(place_in(backtrace), "bank::transfer::{{closure}} at ./bank.rs:7:9");
        assert_eq!(place_in("   0: clock_gettime\n   1: bank::now\n"), "bank::now");
        assert_eq!(place_in("   0: std::a\n"), "at a place without a name");
    }

    #[test]
    fn nothing_is_recorded_outside_a_turn() {
        called(Forbidden::Clock);
        assert!(take_violation().is_none());
        let none = Randomness::new(None);
        let guarded = enter(&none);
        called(Forbidden::Thread);
        called(Forbidden::Clock);
        drop(guarded);
        let first = take_violation().expect("a violation inside a turn");
        assert_eq!(first.what, Forbidden::Thread);
        assert!(take_violation().is_none());
    }
}
