//! A server under everything that wears one out, and whether it stays as it is.
//!
//! The time is cut into rounds. In each, `redis-benchmark` runs all its workloads, clients come and
//! go (some of them in the middle of a command), the process is stopped and continued, and sent
//! signals that mean nothing. Then all of that ends, the server is emptied, and what it holds at
//! rest is noted: its descriptors have to be those of the beginning, and its memory must not grow
//! from round to round.

mod flat;
mod load;
mod server;

pub(crate) use flat::{ROUNDS_MIN, Rest, judge};
pub(crate) use load::{Load, come_to_rest};
pub(crate) use server::Server;
