//! Tests of the shard as a whole, on the unit-test rig.
