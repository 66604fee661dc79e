//! Canaries: programs with a bug of each class, which a campaign must find within the seeds that CI
//! runs and shrink to a handful of switches. The same seeds without the bug must all pass.
//!
//! Bugs of the simulated rings and doorbells (a lost wake-up, reordering within a ring) and of full
//! mailboxes are in `canaries`; an order that comes from a hash map is in `campaigns`.

mod activation;
mod causality;
mod hunt;
mod leak;
mod lease;
mod phantom;
mod starvation;
mod torn;
