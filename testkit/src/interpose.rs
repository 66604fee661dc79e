//! The three functions of the C library that nobody may call inside a turn.
//!
//! A program's own definition of a symbol comes before the C library's, so these are what `std`
//! and every other crate of the program call. Each tells the [`mod@crate::guard`] and then does
//! what the real one does: it never fails, fakes or unwinds. Outside of turns they cost one read
//! of a thread-local.
//!
//! This file is the home of one unsafe fact: what `dlsym` finds under a function's name in the
//! libraries that come after this program is that function, with the signature that its standard
//! gives it.

#![cfg(target_os = "linux")]
#![allow(unsafe_code)]

use std::ffi::{CStr, c_int, c_uint, c_void};
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
    guard::called(Forbidden::Randomness);
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

#[cfg(test)]
mod tests {
    use super::*;

    fn randomness() -> isize {
        let mut bytes = [0u8; 8];
        // SAFETY: the buffer has room for as many bytes as are asked for.
        unsafe { libc::getrandom(bytes.as_mut_ptr().cast(), bytes.len(), 0) }
    }

    #[test]
    fn randomness_is_drawn_all_the_same_and_reported_inside_a_turn() {
        assert_eq!(randomness(), 8);
        assert!(guard::take_violation().is_none());
        let guarded = guard::enter();
        assert_eq!(randomness(), 8);
        drop(guarded);
        let violation = guard::take_violation().expect("a report").to_string();
        assert!(violation.contains("randomness drawn inside a turn"), "{violation}");
        assert!(violation.contains("interpose"), "{violation}");
    }
}
