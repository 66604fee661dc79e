//! What a connection answers by itself, without any store.

mod client;
mod config;
mod glob;
mod introspect;
mod state;

pub(crate) use state::{Next, Session};
