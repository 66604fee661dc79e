//! The driver on a ring of our own: one io_uring for each shard, for everything.
//!
//! # The idea
//!
//! A shard's thread makes one ring and is the only one that enters it. What actors ask for becomes
//! an entry of the submission queue at once, and all entries of a turn go to the kernel in one
//! system call, which also runs what the kernel has put off for this thread. Completions are read
//! out of memory. While the shard is busy and nothing was asked for, there is no system call at
//! all: one load says whether the kernel has anything to tell, and core asks it every few messages.
//!
//! With `DEFER_TASKRUN` the kernel does nothing for the ring but when the thread enters it, so that
//! a completion costs no interrupt; `TASKRUN_FLAG` makes the work that waits visible in memory, so
//! that a shard which spins need not enter to see it. There is no kernel thread that polls, and no
//! timer in the ring: the nearest deadline is an argument of the call that sleeps.
//!
//! # Who owns what
//!
//! *An operation owns its buffer and its descriptor until its completion.* An operation under way
//! is an entry of the table ([`ops`]), and the entry holds the memory the kernel was told of (data
//! of a send or a write, room of a receive or a read, a path, an address) and a share of the
//! descriptor. Nobody else can reach them. The entry is taken out by the last completion of the
//! operation and by nothing else; a future that is dropped, a socket that is closed, a file that is
//! closed and a shard that ends ask the kernel to cancel, and wait for that completion like for any
//! other. Where a shard cannot wait, because its runtime has panicked, what the entries hold is
//! leaked rather than freed.
//!
//! *An entry's name is used once.* It is the place in the table and how often the place was used,
//! so a completion, or a cancel, never meets a namesake.
//!
//! *A buffer of the buffer ring belongs to the kernel* from when it is provided until a completion
//! names it ([`buffers`]). The bytes are then given away as they are, without a copy, and another
//! buffer takes the number.
//!
//! *A socket closes in this order*: no operation is accepted any more; what waits inside the driver
//! ends; what the kernel holds is cancelled; when the last completion has come the descriptor is
//! closed, and the close completes. Files the same, except that what is under way runs to its end;
//! when the shard ends, what only opens or reads is cancelled, as it may wait for ever.
//!
//! # Multishot
//!
//! One accept serves a listener, and one receive a stream, for as long as they live. What they
//! bring before anybody asks waits in the driver: at most [`sockets::ACCEPTED_MAX`] connections and
//! [`sockets::UNREAD_MAX`] buffers or [`datagrams::DATAGRAMS_MAX`] datagrams, beyond what one visit to the kernel brings, then the operation
//! is cancelled, and started again when it is wanted. On kernels that lack either, each accept and
//! each receive is an operation of its own; see [`features`].

mod buffers;
mod connections;
mod data;
mod datagram;
mod datagrams;
mod drive;
mod entry;
mod features;
mod files;
mod linked;
mod message;
mod operation;
mod ops;
mod pump;
mod ring;
mod sends;
mod setup;
mod sockets;
mod stream;
mod table;
mod world;

#[cfg(test)]
mod tests;

pub(crate) use drive::{drive, try_out};
pub(crate) use features::look_for_features;
pub(crate) use message::send;
