//! The simulated runtime of Greenroom: every shard and node on one thread, from one seed.
