//! Tests of the shard as a whole, on the unit-test rig.

#[cfg(not(feature = "sim"))]
mod assertions;
mod bonds;
mod calls;
mod circles;
mod counter;
mod identity;
mod incarnations;
mod ledgers;
mod letters;
mod lifecycle;
mod mailboxes;
mod maybe;
mod outboxes;
mod panics;
mod passers;
mod pump;
mod races;
mod reentry;
mod registry;
mod shutdown;
mod supervisors;
mod timers;
mod vitals;

use counter::{Count, Counter, counter, counter_with, run};
