//! The whole server inside the simulator.
//!
//! Node 0 is the server and node 1 its clients, which connect by simulated TCP. Each seed draws
//! everything else: one, two or four shards, how packets and segments are cut and delayed, how
//! large windows are, who runs when.

mod channels;
mod client;
mod commands;
mod drain;
mod faulty;
mod hostile;
mod limits;
mod linear;
mod partial;
mod rig;
