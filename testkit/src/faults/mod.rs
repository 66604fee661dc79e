//! What goes wrong in a simulated run, how often, and whether it did.
//!
//! Each [`Fault`] has a rate in [`Faults`] and a counter of its *effects*: not how often the dice
//! fell, but how often a program could have noticed. A campaign in which an enabled fault never had
//! an effect fails, since it tested less than it says. Nothing is drawn for a fault whose rate is
//! 0, so a run without faults is what it was before there were any.

mod crash;
mod extents;
mod kind;
mod mailboxes;
mod masks;
mod peer;
mod rates;
mod shift;
mod state;

pub use crash::Crash;
pub use kind::Fault;
pub use peer::Peer;
pub use rates::Faults;
pub(crate) use rates::parts;
pub use shift::Shift;
pub(crate) use state::{EMFILE, FaultState};
