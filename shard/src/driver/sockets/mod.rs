//! Sockets on descriptors of our own.
//!
//! # The idea
//!
//! A receive is tried when the socket is known to be readable and waits for the poller otherwise,
//! holding no buffer while it waits; a send is tried at once. So a request that comes over a busy
//! connection costs a `recv`, a `send` and its share of one `epoll_wait`, and there is neither a
//! task nor an allocation per operation. Requests are noted when actors make them and carried out
//! between turns, in order, all of a turn together; what they come to is told to the shard when
//! nothing is borrowed any more.
//!
//! No operation is ever in the kernel's hands: a call is made, or it is not. So a cancel is exact,
//! and a descriptor is closed when its entry goes.

mod calls;
mod datagrams;
mod net;
mod poller;
mod socket;
mod table;

pub(crate) use net::Sockets;
pub(crate) use poller::Poller;
