//! The simulated network: byte streams and datagrams between nodes, and within one.
//!
//! A stream is two directions, each an ordered flight of segments towards a buffer of bounded
//! size. Segments take their time, drawn with a heavy tail, and keep their order; what one send
//! takes may come in several of them. A sender finds room as far as the receiver's buffer and what
//! is on its way leave some, and waits otherwise. Receives and sends may move less than they could.
//!
//! As with the disk, an operation is submitted, has its effect, and completes at three times. A
//! cancel is a race: it comes too late for an operation whose result came first.
//!
//! Ends are those of TCP: a shutdown or a clean close is read as end of stream after what was sent;
//! a close with bytes unread, or bytes for a closed socket, reset the other side. Connecting to
//! nobody is refused, to a full backlog tried again with growing pauses, to an address without a
//! node unreachable. What goes wrong is what [`crate::Faults`] says; what a partition stops is sent
//! again when it is over, as TCP does, or after a quarter of an hour given up.
//!
//! Node n has the address 10.0.0.n+1; 127.0.0.1 and 0.0.0.0 are the node itself.

mod connect;
mod crash;
mod datagram;
mod groups;
mod line;
mod links;
mod listen;
mod numbered;
mod operate;
mod pipe;
mod socket;
mod stream;
mod under_way;
mod unix;

pub(crate) use links::steer;
pub(crate) use operate::{NetEvent, Network, cancel, give_up, happen, is_stale, submit};
pub(crate) use unix::{remove_path, wipe_paths};
