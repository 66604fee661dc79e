//! One suite, two runtimes: the same bodies run in the simulator, over many seeds, and on real
//! cores. What a body finds to be so holds on both; a body that fails on one names the difference.

mod actors;
mod blocking;
mod body;
mod durable;
mod files;
mod on_cores;
mod sim;

use body::Body;
