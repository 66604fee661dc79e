//! The rings and doorbells between the shards of a simulated node.
//!
//! # What a ring may do
//!
//! A ring is FIFO, loses nothing and duplicates nothing. What is open on real hardware is *when*
//! each side sees what the other did, so each directed pair and lane has two counts, what was
//! pushed and what is visible:
//!
//! * Each poll of each ring decides anew how much of what was pushed it sees. Nothing is promised
//!   between rings: a consumer that polled ring A too early may see, on ring C, a message that was
//!   sent because of one in A. A packet that was missed is seen by one of the next polls of the
//!   same ring (`lag_max`), as a store buffer drains before its core runs a whole turn.
//! * A producer may see less room than there is. It keeps the rest in its outbox and spins.
//! * After a fence that follows a push, the other side sees the push: so a shard that announced
//!   that it sleeps and then looks at its rings sees every packet whose producer did not see the
//!   announcement. This is all that the doorbell protocol needs, and all that it gets.
//!
//! The depth of the rings is drawn per seed, from one slot to as many as production has.
//!
//! # What a doorbell may do
//!
//! It is rung by the producer that withdraws the announcement, so once per announcement. It takes
//! its time, may merge with one that is under way, may come for an announcement that is long
//! withdrawn, and is remembered until a wake-up swallows it. **A parked shard runs for no other
//! reason** than a doorbell, a timer, a completion, something from outside, or a spurious wake: a
//! doorbell that was forgotten is a deadlock, and the simulator reports it as one.

mod ends;
mod hold;
mod peers;
mod ring;
mod rings;
mod store;

pub(crate) use ends::{SimInlet, SimOutlet};
pub(crate) use rings::Rings;
