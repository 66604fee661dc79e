//! Mailboxes: bounded, with one queue for everybody and a plan for when it is full.
//!
//! A mailbox takes messages from three kinds of sender, and each waits differently when there is
//! no room:
//!
//! * a **cast** on the same shard never waits: it is refused, and has its message back;
//! * a **send** or **call** on the same shard parks its task. Room that falls free is *reserved*
//!   for the one that parked first, so that a stream of casts cannot starve it;
//! * a message from **another shard** was accepted when it entered the sender's outbox, so it must
//!   be kept: it goes to this mailbox's *overflow*, and its shard is told STOP. From then on that
//!   shard refuses or parks senders itself, until GO. The overflow is bounded by what can be on
//!   the way: outbox, ring, and one flush.
//!
//! The mailbox belongs to the logical actor: it outlives restarts. Closing it and taking what is
//! in it are one step, so no message is accepted after the actor stopped listening.

mod any;
mod bonds;
mod bound;
mod door;
mod pressure;
mod queue;
pub(crate) mod state;
mod watchers;

pub(crate) use any::AnyDoor;
pub(crate) use bonds::{Bond, Bonds, Charge, Past};
pub use bound::MailboxBound;
pub(crate) use bound::WhenFull;
pub(crate) use door::{Parcel, Unpushed};
pub(crate) use pressure::{Relief, Ticket, Waiter};
pub(crate) use queue::{Door, Envelope, Refusal};
