//! Durable writes of 4 KiB past the page cache, one at a time and 32, over a file that is there.
//!
//! A write is made durable by a sync that is linked to it, or by the way its file is opened. Ours
//! are tasks of one shard, each with one write under way; `--bare PATH` names the program of
//! `benches/bare`, which does the same in a loop by hand, on the same core, in turn. A fifth of the
//! time warms up.

mod measure;
mod writers;

pub(crate) use measure::measure;
