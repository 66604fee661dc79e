//! Panics as values.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// Runs user code, turning a panic into its message.
///
/// Whoever calls this drops or ends what the code could have left half done.
#[inline(always)]
pub(crate) fn catch<R>(f: impl FnOnce() -> R) -> Result<R, Arc<str>> {
    catch_unwind(AssertUnwindSafe(f)).map_err(message_of)
}

/// What a panic said.
#[cold]
fn message_of(payload: Box<dyn Any + Send>) -> Arc<str> {
    let message = text_of(&*payload);
    // The payload is anybody's, and so is its drop; what that panics with in turn is not looked at.
    if let Err(second) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        std::mem::forget(second);
    }
    message
}

fn text_of(payload: &(dyn Any + Send)) -> Arc<str> {
    if let Some(message) = payload.downcast_ref::<&'static str>() {
        (*message).into()
    } else if let Some(message) = payload.downcast_ref::<String>() {
        message.as_str().into()
    } else {
        "a panic without a message".into()
    }
}
