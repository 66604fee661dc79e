//! Supervision: who decides what follows when an actor ends.
//!
//! A [`Supervisor`] is an actor that starts others, its *children*, and is told when one of them
//! ends other than by order. It then has another incarnation of it made, or of its siblings as
//! well, or gives up and ends, which its own supervisor hears of in turn. That is Erlang/OTP's
//! design (`supervisor(3)`), and so are its words: restart types, strategies, intensity, shutdown,
//! significance. `docs/guide/supervision.md` compares the two rule by rule.
//!
//! What differs is what a restart keeps. A child is a *logical actor* with incarnations: its pid,
//! its refs and its queued messages outlive a crash, and only the message that was being handled
//! goes down with the state. Nobody has to look the new one up.
//!
//! An incarnation that crashed is suspended, and its supervisor told, in one step; see
//! `actor::body::rebirth` for the child's side of it. The supervisor does one thing after the
//! other, in the order in which it hears of them, and waits for each: for a child to start, or to
//! end within its time. Only a back-off is not waited for but comes as a message. All news carry
//! the number of the incarnation they are about, so that what is overtaken by a restart of all
//! siblings is not taken for a second crash.

mod backoff;
mod budget;
mod charge;
mod child;
mod children;
mod dynamic;
mod handle;
mod restart;
mod roots;
mod spec;
mod stopping;
mod supervisor;
mod tree;

pub use backoff::Backoff;
pub use budget::Budget;
#[cfg(test)]
pub(crate) use charge::Factory;
pub use dynamic::DynamicSupervisor;
pub use handle::{ChildError, ChildInfo, ChildStatus};
pub(crate) use roots::{Roots, stop_roots};
pub use spec::{AutoShutdown, ChildShutdown, ChildSpec, Restart, Strategy, SupervisorSpec};
pub use supervisor::{Order, Supervisor};
pub use tree::SupervisionTree;
