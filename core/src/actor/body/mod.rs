//! An actor: one allocation that is its mailbox, its state, and whatever part of its life runs.
//!
//! A life has three parts, each a future: it *begins* (`started`), it *handles* messages, one
//! future each, and it *ends* (`stopped`, what is left over). No two of them ever run at the same
//! time, so they take turns in one [room](held), made there in place and never moved. A handler
//! borrows the actor's state across awaits, and takes no allocation.
//!
//! Between the parts there is a plain loop, [`serve`](run): look at the mailbox's state word, take
//! the oldest message straight into its handler's argument, poll the handler. A handler that is
//! ready at its first poll, as most are, costs no trip through a state machine of ours.
//!
//! Because the loop is no future itself, nobody has to be the actor's task to run it. A caller on
//! the same shard that finds the actor idle makes the handler in its room and polls it once
//! [on the spot](direct): a call costs about what a virtual call does, plus its checks. If the
//! handler has to wait, it lies where the actor's own task finds it.
//!
//! News of other actors come between messages, and before the next: [`hear`].
//!
//! A panic unwinds whatever part runs, is caught once a poll, and the end goes on with the state
//! that the panic left. Whatever way a life ends, it is buried: the mailbox is closed and those
//! who wait for the end are told. Under a supervisor the end of an incarnation need not be the
//! actor's: [`rebirth`].

mod direct;
mod hear;
mod held;
mod life;
mod rebirth;
mod run;
mod spawn;

pub(crate) use direct::call_in_place;
pub(crate) use rebirth::keep_factory;
pub(crate) use spawn::embody;
