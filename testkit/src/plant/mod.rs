//! Planted bugs: canaries that show whether the simulator still finds what it must find.
//!
//! Each is a fault of a class that has bitten real systems. A suite plants one, searches, and
//! fails when the search comes back empty; and it runs the same seeds without the plant, which
//! must all pass. The first two live in the simulator's rings and doorbells, the third is a
//! program of two actors.

mod bug;
mod crossed;

pub use bug::Plant;
pub use crossed::{Crossed, CrossedMessage, crossed};
