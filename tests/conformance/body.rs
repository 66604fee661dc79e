//! What a body is.

use std::pin::Pin;

use greenroom::System;

/// A body and its name.
#[derive(Clone, Copy)]
pub(super) struct Body {
    pub(super) name: &'static str,
    pub(super) run: fn(System) -> Pin<Box<dyn Future<Output = ()>>>,
}
