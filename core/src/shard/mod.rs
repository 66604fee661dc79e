//! The shard: a single-threaded state machine that owns actors.
//!
//! A shard computes; its driver acts. The driver enters the shard and calls it with what happened
//! ([`Shard::deliver`] packets of other shards, [`Shard::complete`] operations, [`Shard::inject`]
//! what came from outside the thread), asks for a [`Shard::turn`] at a given time, and then for a
//! [`Shard::flush`] of the packets that the turn left. Packets and operations go to the driver's
//! traits. Between turns nothing of a shard moves.
//!
//! Four kinds of methods, as in `quinn-proto`'s connection: *inputs* (`deliver`, `complete`,
//! `inject`), the *step* (`turn`), *outputs* (`flush`, `next_deadline`), and *questions* (`now`,
//! `ledger`, `inspect`).
//!
//! **No user code runs while shard state is borrowed.** Everything that could call into user code
//! (a `Drop`, a waker, a hook) is first taken out, the borrow released, and then called. State is
//! in small cells of their own, so that a borrow covers one concern and a few lines.

mod bonds;
mod by_type;
mod configs;
pub(crate) mod current;
mod deadlines;
pub(crate) mod deliver;
mod entry;
mod graves;
mod handler_limits;
mod handoff;
mod inspect;
mod kinds;
mod ledger;
pub(crate) mod lifecycle;
mod operations;
pub(crate) mod outbox;
pub(crate) mod parking;
mod peers;
mod probe;
mod pump;
mod reserve;
mod run_queue;
mod scope;
mod send;
mod shield;
mod shutdown;
mod slab;
mod slot;
mod spawn;
mod state;
mod ties;
mod turn;
mod undelivered;
mod waiting;
mod work;

pub(crate) use bonds::Notice;
pub use by_type::{LedgerError, TypeLedger};
pub(crate) use by_type::{Share, merge};
pub(crate) use configs::Settings;
pub(crate) use entry::{ActorEntry, NotFound};
pub use inspect::{InUse, Wait};
pub(crate) use kinds::Kind;
pub use ledger::Ledger;
pub use operations::Completed;
pub use pump::{Pump, Pumped};
pub(crate) use send::{Accept, Refused, Unposted};
pub(crate) use shield::shielded;
pub(crate) use spawn::Birth;

pub use state::{Shard, ShardSetup};
pub use ties::Ties;
pub use turn::{Fifo, Next, Ready, TurnPolicy};
pub(crate) use undelivered::Addressee;
