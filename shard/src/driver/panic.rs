//! Panics as values.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// What a panic said.
#[cold]
pub(crate) fn message_of(payload: &(dyn Any + Send)) -> Arc<str> {
    if let Some(message) = payload.downcast_ref::<&'static str>() {
        (*message).into()
    } else if let Some(message) = payload.downcast_ref::<String>() {
        message.as_str().into()
    } else {
        "a panic without a message".into()
    }
}

/// The same of a panic of anybody's code, which is dropped with a net under it: it may panic again.
#[cold]
pub(crate) fn told(payload: Box<dyn Any + Send>) -> Arc<str> {
    let message = message_of(&*payload);
    quietly(|| drop(payload));
    message
}

/// Runs code of anybody that has nobody left to tell of its panic.
pub(crate) fn quietly(body: impl FnOnce()) {
    let Err(payload) = catch_unwind(AssertUnwindSafe(body)) else { return };
    // Where dropping a panic panics as well, what that leaves is leaked.
    if let Err(another) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        std::mem::forget(another);
    }
}
