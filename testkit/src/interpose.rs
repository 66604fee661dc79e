//! The functions of the C library that nobody may call inside a turn, and the one by which some
//! crates make the system calls behind them.
//!
//! A program's own definition of a symbol comes before the C library's, so these are what `std`
//! and every other crate of the program call. Each tells the [`mod@crate::guard`] and then does
//! what the real one does: it never fails or unwinds, and fakes nothing but randomness in a run
//! that is to have it from its seed. Outside of turns they cost one read of a thread-local.
//!
//! This file is the home of two unsafe facts. What `dlsym` finds under a function's name in the
//! libraries that come after this program is that function, with the signature that its standard
//! gives it. And `syscall`, which takes as many arguments as the call in question, may be given six
//! words always: the C library's own passes on six, whatever was put into them.

#![cfg(target_os = "linux")]
#![allow(unsafe_code)]

use std::ffi::{CStr, c_int, c_long, c_uint, c_void};
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

use crate::guard::{self, Forbidden};

/// A function of the C library, looked up when first needed.
struct Real {
    name: &'static CStr,
    found: AtomicPtr<c_void>,
}

impl Real {
    const fn new(name: &'static CStr) -> Self {
        Self { name, found: AtomicPtr::new(ptr::null_mut()) }
    }

    /// Null when there is no such function, as in a program without dynamic linking.
    fn pointer(&self) -> *mut c_void {
        let found = self.found.load(Ordering::Relaxed);
        if !found.is_null() {
            return found;
        }
        // SAFETY: the name is a C string, and `RTLD_NEXT` may be used from any code of a program.
        let found = unsafe { libc::dlsym(libc::RTLD_NEXT, self.name.as_ptr()) };
        self.found.store(found, Ordering::Relaxed);
        found
    }
}

type ClockGettime = unsafe extern "C" fn(libc::clockid_t, *mut libc::timespec) -> c_int;
type Getrandom = unsafe extern "C" fn(*mut c_void, usize, c_uint) -> isize;
type Start = extern "C" fn(*mut c_void) -> *mut c_void;
type PthreadCreate = unsafe extern "C" fn(
    *mut libc::pthread_t,
    *const libc::pthread_attr_t,
    Start,
    *mut c_void,
) -> c_int;

static CLOCK_GETTIME: Real = Real::new(c"clock_gettime");
static GETRANDOM: Real = Real::new(c"getrandom");
static PTHREAD_CREATE: Real = Real::new(c"pthread_create");

/// POSIX `clock_gettime`.
///
/// # Safety
///
/// As POSIX demands: `time` may be written.
// The name is that of the C library's function, whose contract this keeps by calling it.
#[unsafe(no_mangle)]
unsafe extern "C" fn clock_gettime(clock: libc::clockid_t, time: *mut libc::timespec) -> c_int {
    guard::called(Forbidden::Clock);
    let real = CLOCK_GETTIME.pointer();
    if real.is_null() {
        // SAFETY: the system call has the function's own contract, which the caller keeps.
        return unsafe { libc::syscall(libc::SYS_clock_gettime, clock, time) } as c_int;
    }
    // SAFETY: a function found under this name has this signature (see the module).
    let real = unsafe { std::mem::transmute::<*mut c_void, ClockGettime>(real) };
    // SAFETY: the caller keeps the function's contract.
    unsafe { real(clock, time) }
}

/// Linux `getrandom`.
///
/// # Safety
///
/// As the manual demands: `buffer` has room for `length` bytes.
// The name is that of the C library's function, whose contract this keeps by calling it.
#[unsafe(no_mangle)]
unsafe extern "C" fn getrandom(buffer: *mut c_void, length: usize, flags: c_uint) -> isize {
    // SAFETY: the caller keeps the function's contract.
    if unsafe { fill(buffer.cast(), length) } {
        return length as isize;
    }
    // Who asks for no bytes asks whether there are any.
    if length > 0 {
        guard::called(Forbidden::Randomness);
    }
    let real = GETRANDOM.pointer();
    if real.is_null() {
        // SAFETY: the system call has the function's own contract, which the caller keeps.
        return unsafe { libc::syscall(libc::SYS_getrandom, buffer, length, flags) } as isize;
    }
    // SAFETY: a function found under this name has this signature (see the module).
    let real = unsafe { std::mem::transmute::<*mut c_void, Getrandom>(real) };
    // SAFETY: the caller keeps the function's contract.
    unsafe { real(buffer, length, flags) }
}

/// Fills the buffer from the run's seed, if this is a turn that may draw randomness.
///
/// # Safety
///
/// `buffer` has room for `length` bytes.
unsafe fn fill(buffer: *mut u8, length: usize) -> bool {
    let mut filled = 0;
    while filled < length {
        let Some(word) = guard::random_word() else { return false };
        for byte in word.to_le_bytes().into_iter().take(length - filled) {
            // SAFETY: less than `length`, for as many bytes there is room.
            unsafe { buffer.add(filled).write(byte) };
            filled += 1;
        }
    }
    length > 0
}

/// Linux `syscall`. In a program that is linked statically there is no other to pass calls on to.
///
/// # Safety
///
/// As the manual demands of the call in question.
// The name is that of the C library's function, whose contract this keeps by calling it.
#[cfg(all(target_env = "gnu", not(target_feature = "crt-static")))]
#[unsafe(no_mangle)]
unsafe extern "C" fn syscall(
    number: c_long,
    a: usize,
    b: usize,
    c: usize,
    d: usize,
    e: usize,
    f: usize,
) -> c_long {
    type Syscall = unsafe extern "C" fn(c_long, ...) -> c_long;
    static SYSCALL: Real = Real::new(c"syscall");
    match number {
        // SAFETY: the arguments are those of `getrandom`, whose contract the caller keeps.
        libc::SYS_getrandom if unsafe { fill(ptr::with_exposed_provenance_mut(a), b) } => {
            return b as c_long;
        }
        libc::SYS_getrandom if b > 0 => guard::called(Forbidden::Randomness),
        libc::SYS_clock_gettime => guard::called(Forbidden::Clock),
        _ => {}
    }
    let real = SYSCALL.pointer();
    assert!(!real.is_null(), "the C library has it");
    // SAFETY: a function found under this name has this signature (see the module).
    let real = unsafe { std::mem::transmute::<*mut c_void, Syscall>(real) };
    // SAFETY: the caller keeps the call's contract; for words that it did not pass see the module.
    unsafe { real(number, a, b, c, d, e, f) }
}

/// POSIX `pthread_create`.
///
/// # Safety
///
/// As POSIX demands of thread, attributes, start routine and argument.
// The name is that of the C library's function, whose contract this keeps by calling it.
#[unsafe(no_mangle)]
unsafe extern "C" fn pthread_create(
    thread: *mut libc::pthread_t,
    attributes: *const libc::pthread_attr_t,
    start: Start,
    argument: *mut c_void,
) -> c_int {
    guard::called(Forbidden::Thread);
    let real = PTHREAD_CREATE.pointer();
    if real.is_null() {
        return libc::EAGAIN;
    }
    // SAFETY: a function found under this name has this signature (see the module).
    let real = unsafe { std::mem::transmute::<*mut c_void, PthreadCreate>(real) };
    // SAFETY: the caller keeps the function's contract.
    unsafe { real(thread, attributes, start, argument) }
}

/// POSIX `socket`. In a program that is linked statically there is no other to pass calls on to, here
/// and below.
///
/// # Safety
///
/// None but the C library's own.
// The name is that of the C library's function, whose contract this keeps by calling it.
#[cfg(all(target_env = "gnu", not(target_feature = "crt-static")))]
#[unsafe(no_mangle)]
unsafe extern "C" fn socket(domain: c_int, kind: c_int, protocol: c_int) -> c_int {
    type Socket = unsafe extern "C" fn(c_int, c_int, c_int) -> c_int;
    static SOCKET: Real = Real::new(c"socket");
    guard::called(Forbidden::Socket);
    let real = SOCKET.pointer();
    assert!(!real.is_null(), "the C library has it");
    // SAFETY: a function found under this name has this signature (see the module).
    let real = unsafe { std::mem::transmute::<*mut c_void, Socket>(real) };
    // SAFETY: it takes any three numbers.
    unsafe { real(domain, kind, protocol) }
}

/// POSIX `nanosleep`.
///
/// # Safety
///
/// As POSIX demands: `time` may be read, and `left` written unless it is null.
// The name is that of the C library's function, whose contract this keeps by calling it.
#[cfg(all(target_env = "gnu", not(target_feature = "crt-static")))]
#[unsafe(no_mangle)]
unsafe extern "C" fn nanosleep(time: *const libc::timespec, left: *mut libc::timespec) -> c_int {
    type Nanosleep = unsafe extern "C" fn(*const libc::timespec, *mut libc::timespec) -> c_int;
    static NANOSLEEP: Real = Real::new(c"nanosleep");
    guard::called(Forbidden::Sleep);
    let real = NANOSLEEP.pointer();
    assert!(!real.is_null(), "the C library has it");
    // SAFETY: a function found under this name has this signature (see the module).
    let real = unsafe { std::mem::transmute::<*mut c_void, Nanosleep>(real) };
    // SAFETY: the caller keeps the function's contract.
    unsafe { real(time, left) }
}

/// POSIX `clock_nanosleep`, by which `std` sleeps.
///
/// # Safety
///
/// As POSIX demands: `time` may be read, and `left` written unless it is null.
// The name is that of the C library's function, whose contract this keeps by calling it.
#[cfg(all(target_env = "gnu", not(target_feature = "crt-static")))]
#[unsafe(no_mangle)]
unsafe extern "C" fn clock_nanosleep(
    clock: libc::clockid_t,
    flags: c_int,
    time: *const libc::timespec,
    left: *mut libc::timespec,
) -> c_int {
    type ClockNanosleep = unsafe extern "C" fn(
        libc::clockid_t,
        c_int,
        *const libc::timespec,
        *mut libc::timespec,
    ) -> c_int;
    static CLOCK_NANOSLEEP: Real = Real::new(c"clock_nanosleep");
    guard::called(Forbidden::Sleep);
    let real = CLOCK_NANOSLEEP.pointer();
    assert!(!real.is_null(), "the C library has it");
    // SAFETY: a function found under this name has this signature (see the module).
    let real = unsafe { std::mem::transmute::<*mut c_void, ClockNanosleep>(real) };
    // SAFETY: the caller keeps the function's contract.
    unsafe { real(clock, flags, time, left) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guard::Randomness;

    /// Draws so many bytes; by the function, and by the system call behind it.
    fn randomness(bytes: &mut [u8], by_call: bool) -> isize {
        let (at, length) = (bytes.as_mut_ptr(), bytes.len());
        if by_call {
            // SAFETY: the buffer has room for as many bytes as are asked for.
            return unsafe { libc::syscall(libc::SYS_getrandom, at, length, 0) } as isize;
        }
        // SAFETY: as above.
        unsafe { libc::getrandom(at.cast(), length, 0) }
    }

    #[test]
    fn randomness_is_drawn_all_the_same_and_reported_inside_a_turn() {
        for by_call in [false, true] {
            assert_eq!(randomness(&mut [0; 8], by_call), 8);
            assert!(guard::take_violation().is_none());
            let none = Randomness::new(None);
            let guarded = guard::enter(&none);
            assert_eq!(randomness(&mut [0; 8], by_call), 8);
            drop(guarded);
            let violation = guard::take_violation().expect("a report").to_string();
            assert!(violation.contains("randomness drawn inside a turn"), "{violation}");
            assert!(violation.contains("interpose"), "{violation}");
        }
    }

    #[test]
    fn randomness_from_the_seed_goes_on_from_turn_to_turn() {
        let drawn = |by_call: bool| {
            let seeded = Randomness::new(Some(5));
            let turn = || {
                let _guarded = guard::enter(&seeded);
                let mut bytes = [0; 13];
                assert_eq!(randomness(&mut bytes, by_call), 13);
                bytes
            };
            [turn(), turn()]
        };
        let [first, second] = drawn(false);
        assert_eq!(drawn(true), [first, second]);
        assert_ne!(first, second);
        assert!(guard::take_violation().is_none());
        // A turn of another run that is within one does not change what this one draws.
        let (outer, inner) = (Randomness::new(Some(5)), Randomness::new(Some(6)));
        let _outer = guard::enter(&outer);
        {
            let _inner = guard::enter(&inner);
            randomness(&mut [0; 40], false);
        }
        let mut bytes = [0; 13];
        randomness(&mut bytes, false);
        assert_eq!(bytes, first);
    }
}
