//! Checkers: was what clients saw possible?
//!
//! A test records what each client did and was answered in a [`History`], and describes the thing
//! under test as a [`Model`] that does one operation at a time. [`linearizable`] then says whether
//! the history can be told as a sequence of such operations, each at one instant between its call
//! and its return.

mod history;
mod model;
mod search;

pub use history::{CallId, History};
pub use model::Model;
pub use search::{Verdict, linearizable};
