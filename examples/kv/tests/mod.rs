//! The parts together, and against a real Redis.
//!
//! [`machine`] is a server without sockets. The modules below run the same bytes through it and
//! through a `redis-server` that they start and stop, and compare what comes back byte by byte.
//! [`sim`] runs the whole server, sockets and shards and all, inside the simulator.

mod clients;
mod cores;
mod crowd;
mod fuzz;
mod introspection;
mod library;
mod machine;
mod process;
mod protocol;
mod random;
mod redis;
mod reply;
mod rng;
mod scan;
mod session;
mod sim;
mod slots;
mod soak;
mod table;
mod time;
mod ways;
mod words;

pub(crate) use rng::Rng;
