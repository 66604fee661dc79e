//! What the programs of this package share: how a rival is run for a while, and the lines it says.

#![forbid(unsafe_code)]

mod figures;
mod measure;

pub use figures::{json_lines, lines};
pub use measure::{FRAME, NODES, PASSES, ROUNDS, Workload, measure, workload};
