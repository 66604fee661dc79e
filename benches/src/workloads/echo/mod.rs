//! The example `echo`, and servers of others beside it, under a load generator of our own.
//!
//! A sample is a server that is started on one core, warmed up, measured, and ended; servers take
//! turns. The client never sleeps: it has a core of its own, and looks for answers with calls that
//! do not wait. Each connection has one request of 64 bytes under way, or sixteen that are sent
//! together, when the answers to all before have come. Told are requests a second, how long answers
//! took (with sixteen, until the last of them), and the CPU time of all the server's threads for
//! each request, by the kernel's own count.
//!
//! Ours is measured as it is by default, sleeping at once (`park`) and busy polling (`spin`).
//! `--rivals PATH` names the program of `benches/compare`, whose `serve NAME` are the others, and
//! `--bare PATH` that of `benches/bare`, whose server is a loop by hand around a ring as ours is.

mod client;
mod contenders;
mod measure;

pub(crate) use measure::measure;
