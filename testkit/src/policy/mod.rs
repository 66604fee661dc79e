//! Who runs next.
//!
//! No policy finds every bug: a uniform choice practically never lets one shard run far while
//! another stands still, and a policy that loves stalls rarely meets two shards at the same depth.
//! So each seed draws its policy, and the seeds together cover what each alone is blind to. There
//! is a choice only where more than one shard can run, and shards meet only in rings, so every
//! choice is between whole rounds. (A round of another node's shard is no bystander: all share one
//! time, and each round moves it. Its way into sleep is one, and is no choice.)
//!
//! Every policy is fair in the end: a shard that was chosen very often in a row while others could
//! run gives way, so that a program which spins for another shard's progress is not stopped by the
//! schedule.

mod heavy_tail;
mod kind;
mod lock_step;
mod pct;
mod pos;
mod sticky;
mod tasks;
mod uniform;
mod urw;

pub use kind::Policy;
pub(crate) use kind::Strategy;
pub use tasks::TaskOrder;
pub(crate) use tasks::TurnChoices;
