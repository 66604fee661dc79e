//! One test, many seeds.
//!
//! Each seed runs on a thread of its own, so that nothing a thread keeps (the keys of `std`'s hash
//! maps, a library's thread-locals) carries from one seed to the next. A seed that fails, and one
//! in 24 of the others, is run a second time, and the two runs must agree at every checkpoint
//! of the trace hash: a failure that does not repeat is itself a failure.
//!
//! Of a failure everything is kept that is needed to make it again, its seed and its choices in a
//! file, and to look at it: its events in another. Then a smaller run is looked for that fails in the
//! same way. Copied into the tree, its log is run before any seed from then on: see [`corpus`].
//!
//! A tiny test can do without seeds: see [`Campaign::exhaustive`]. What needs many lucky choices in a row
//! is found sooner by runs that go on from others: see [`Campaign::guided`].
//!
//! What the environment says:
//!
//! * `SIM_SEED=0x1f3` (or decimal) runs that seed alone, and keeps its events in any case; with the tag
//!   that a failure puts behind it, `0x1f3@0c1fe2a4`, it is refused where the test's settings are others;
//! * `SIM_SEEDS=1000` runs that many;
//! * `SIM_BASE=text` runs other seeds: they follow from the test's name and that text, such as a commit
//!   or a date;
//! * `SIM_TIME=10m` goes on with new seeds for so long, in each test (`ms`, `s`, `m`, `h`); with
//!   `SIM_SEEDS` as well, whichever ends first;
//! * `SIM_POLICY=pct3` chooses shards that way under every seed;
//! * `SIM_REPLAY=file.dec` makes the run of that log again, and says how far it was from it;
//! * `SIM_RECORD=1` writes anew what has drifted of the logs that are kept in the tree;
//! * `SIM_CHECK=1` runs every seed twice, `SIM_CHECK=0` none but a failing one;
//! * `SIM_JOBS=2` runs so many seeds side by side; the first failure is the same;
//! * `SIM_GUIDED=1` guides every campaign, `SIM_GUIDED=0` none;
//! * `SIM_HASHES=file` appends a line `test seed hash` for each seed.

mod at_once;
mod compare;
mod corpus;
mod environment;
mod exhaustive;
mod failure;
mod guided;
mod novelty;
mod one;
mod panics;
mod passed;
mod search;
mod seeds;
mod settings;
mod shrink;
mod summary;
mod tag;
mod tally;

pub use at_once::at_once;
pub use exhaustive::Explored;
pub use failure::Failure;
pub use passed::passed;
pub use search::seeds;
pub use settings::Campaign;
pub use shrink::Shrunk;
pub use summary::Summary;
