//! Tests of the shard as a whole, on the unit-test rig.

#[cfg(not(feature = "sim"))]
mod assertions;
mod calls;
mod circles;
mod counter;
mod identity;
mod lifecycle;
mod mailboxes;
mod maybe;
mod panics;
mod passers;
mod pump;
mod reentry;
mod timers;

use counter::{Count, Counter, counter, counter_with, run};
