//! What is wrong with an attribute, and where.

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;

/// What is wrong, and where.
#[derive(Clone, Debug)]
pub(crate) struct Error {
    pub(crate) span: Span,
    pub(crate) message: String,
}

pub(crate) type Result<T> = std::result::Result<T, Error>;

impl Error {
    pub(crate) fn new(span: Span, message: impl Into<String>) -> Self {
        Self { span, message: message.into() }
    }

    /// An item that the compiler refuses with the message, at the place.
    pub(crate) fn into_tokens(self) -> TokenStream {
        let Self { span, message } = self;
        quote_spanned! { span => ::core::compile_error! { #message } }
    }
}
