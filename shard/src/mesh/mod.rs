//! The transport between shards: rings, doorbells, and the grid of both.
//!
//! Nothing but items of the one type `T` crosses from a shard to another, and only through here. A
//! [`ring()`] carries them one way between two threads; a [`Doorbell`] wakes a shard that sleeps,
//! and only then; [`grid()`] makes all of them and gives every shard its [`Port`]. No call of the
//! mesh blocks, waits or allocates once the grid is built.
//!
//! The mesh does not know what an item is, nor how a shard blocks: `T` and [`Bell`] are the two
//! ends it leaves open.
//!
//! The words that threads share here are checked by loom, for a few messages, in every interleaving
//! with two preemptions and with the reorderings that loom models; and the same models are shown to
//! fail when a fence, an ordering or the re-check is taken out:
//!
//! ```text
//! RUSTFLAGS="--cfg loom" LOOM_MAX_PREEMPTIONS=2 cargo test -p greenroom-shard --test main loom
//! ```

mod batch;
mod doorbell;
#[cfg_attr(not(loom), allow(unreachable_pub))] // Public for the loom tests alone.
mod fault;
mod grid;
mod ring;
#[allow(unsafe_code)]
mod slot;

pub use batch::Batch;
pub use doorbell::{Bell, Doorbell, Sleeper};
#[cfg(loom)]
pub use fault::{Fault, with_fault};
pub use grid::{Depth, Incoming, Outgoing, Port, grid};
pub use ring::{Consumer, Producer, ring};
