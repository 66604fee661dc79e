//! Observers without side effects that say when something is wrong.
//!
//! A [`Monitor`] is told of every event as it happens, inside the turn, and can say that the run is
//! broken. It may also be *hot*: something good has to happen yet. One that stays hot for too long
//! in the fair part of a run (see [`crate::TestRuntime::end_chaos`]), or is hot when nothing is left
//! to do, has found that it never happens. (Hot and cold states are those of P's monitors.)
//!
//! The framework's own monitors are always on: they hold core to what it promises, in every test.
//! `Lives` and `Replies` look at the events of a shard, `Order` at what was kept for want of
//! room, the rings themselves at the order of packets, `Budget` at turns, core itself at ledgers, and
//! `leaks` at what is left in the end.

mod books;
mod budget;
mod contract;
mod lives;
mod order;
mod replies;
mod verdict;
mod watch;

pub(crate) use books::leaks;
pub(crate) use budget::{Budget, Budgeted};
pub use contract::{Happening, Monitor, Seen};
pub(crate) use lives::Lives;
pub(crate) use order::Order;
pub(crate) use replies::Replies;
pub(crate) use verdict::{BROKEN, Verdicts};
pub(crate) use watch::{Make, Monitors};
