//! What a connection answers by itself, without any store; and how it takes each command.

mod client;
mod config;
mod dispatch;
mod hello;
mod introspect;
mod state;
mod transaction;

pub(crate) use dispatch::{Here, Outcome};
pub(crate) use state::{Next, Session};
