//! Panics as values.

use std::any::Any;
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
