//! One test, many seeds.
//!
//! Each seed runs on a thread of its own, so that nothing a thread keeps (the keys of `std`'s hash
//! maps, a library's thread-locals) carries from one seed to the next. A seed that fails, and one
//! in twenty of the others, is run a second time, and the two runs must agree at every checkpoint
//! of the trace hash: a failure that does not repeat is itself a failure.
//!
//! What the environment says:
//!
//! * `SIM_SEED=0x1f3` (or decimal) runs that seed alone;
//! * `SIM_SEEDS=1000` runs that many;
//! * `SIM_HASHES=file` appends a line `test seed hash` for each seed.

mod compare;
mod environment;
mod one;
mod search;

pub use search::{Campaign, Failure, seeds};
