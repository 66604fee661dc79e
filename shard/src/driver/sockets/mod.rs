//! TCP on descriptors of our own.

mod poller;

pub(crate) use poller::Poller;
