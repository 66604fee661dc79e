//! Tests of the simulated runtime.

mod sim;
