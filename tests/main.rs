//! The whole, as its users meet it.

mod conformance;
mod guide;
mod tls;
