//! What is measured.

pub(crate) mod append;
pub(crate) mod big;
pub(crate) mod echo;
pub(crate) mod fan;
pub(crate) mod floor;
pub(crate) mod idle;
pub(crate) mod kv;
pub(crate) mod latency;
pub(crate) mod messages;
pub(crate) mod restart;
pub(crate) mod scaling;
pub(crate) mod sim;
pub(crate) mod skynet;
pub(crate) mod spawn;
pub(crate) mod storm;
