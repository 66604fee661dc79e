//! Checkers: was what clients saw possible?
//!
//! A test records what each client did and was answered in a [`History`], and describes the thing
//! under test as a [`Model`] that does one operation at a time. [`linearizable`] then says whether
//! the history can be told as a sequence of such operations, each at one instant between its call
//! and its return. There are models of a [`Register`], of one that compares before it swaps
//! ([`Cas`]), of a [`Queue`], a [`Set`] and a [`Lock`]; and a [`Recorder`] that clients share.
//!
//! A call without a return may have taken effect at any time since, or may yet, for ever. A search
//! is given up after so many steps, not after a time, so its verdict is the same on every machine;
//! what is then [`Verdict::Unknown`] is no success.

mod history;
mod model;
mod models;
mod recorder;
mod search;

pub use history::{CallId, History};
pub use model::Model;
pub use models::{
    Cas, CasOp, CasResult, Lock, LockOp, Queue, QueueOp, QueueResult, Register, RegisterOp,
    RegisterResult, Set, SetOp,
};
pub use recorder::Recorder;
pub use search::{Verdict, linearizable};
