//! Everything here runs under the simulator; `sim` in a test's path says so.

mod actors;
mod canaries;
mod determinism;
