//! The seed of a node, and how exact its sleeps are.

use std::io;
use std::num::NonZero;

use rustix::rand::{GetRandomFlags, getrandom};
use rustix::thread::set_current_timer_slack;

/// 64 random bits of the operating system.
///
/// # Errors
///
/// What the operating system says.
pub(crate) fn entropy() -> io::Result<u64> {
    let mut bytes = [0; 8];
    // So few bytes come at once, or not at all while the machine boots.
    getrandom(&mut bytes, GetRandomFlags::empty())?;
    Ok(u64::from_ne_bytes(bytes))
}

/// Has the calling thread's sleeps end when they should: by default the kernel may add 50
/// microseconds to each, to end several at once.
pub(crate) fn sharpen_timers() {
    // Without it timers are late, never wrong.
    let _ = set_current_timer_slack(NonZero::new(1));
}
