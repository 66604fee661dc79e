//! An `async` test that steps the runtime itself.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

/// Runs a future that never has to wait: what a test awaits that holds the runtime, and that
/// nobody else can step meanwhile. [`macro@crate::sim_test`] calls it.
///
/// # Panics
///
/// When the future waits.
pub fn at_once<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!(
            "an async test that holds the runtime waits, and nobody steps the runtime meanwhile: \
             await it in `sim.run(async |system| ..)`"
        ),
    }
}
