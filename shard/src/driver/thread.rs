//! Code on a thread of its own.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;

use super::message_of;

/// Runs `body` on a thread of that name and waits for it. The inner error is its panic's message.
///
/// # Errors
///
/// When the thread cannot be started.
pub(crate) fn on_a_thread<T: Send + 'static>(
    name: &str,
    body: impl FnOnce() -> T + Send + 'static,
) -> io::Result<Result<T, Arc<str>>> {
    let caught = move || catch_unwind(AssertUnwindSafe(body)).map_err(|panic| message_of(&*panic));
    let thread = thread::Builder::new().name(name.into()).spawn(caught)?;
    Ok(thread.join().unwrap_or_else(|panic| Err(message_of(&*panic))))
}
