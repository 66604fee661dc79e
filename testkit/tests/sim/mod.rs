//! Everything here runs under the simulator; `sim` in a test's path says so.

mod actors;
mod assertions;
mod campaigns;
mod canaries;
mod circles;
mod control;
mod crashes;
mod determinism;
mod disk_faults;
mod endings;
mod files;
mod guards;
mod monitors;
mod net_faults;
mod nodes;
mod order;
mod outside;
mod planted;
mod pressure;
mod regressions;
mod replay;
mod ring;
mod sim_tests;
mod sockets;
mod sockets_io;
mod time;
