//! Planted bugs: canaries that show whether the simulator still finds what it must find.
//!
//! Each is a fault of a class that has bitten real systems. A suite plants one, searches, and
//! fails when the search comes back empty; and it runs the same seeds without the plant, which
//! must all pass. The first two live in the simulator's rings and doorbells, the third is a
//! program of two actors.

mod crossed;

pub use crossed::{Crossed, CrossedMessage, crossed};

/// A bug to plant in the simulated runtime.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Plant {
    /// A shard that is about to park looks at its rings *before* it announces that it sleeps. A
    /// packet that is pushed in between rings no bell, and the shard sleeps on it.
    LostWakeUp,
    /// A ring now and then delivers two user packets in the wrong order.
    Reordering,
}
