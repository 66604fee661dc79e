//! A sharded in-memory key-value server that `redis-cli`, `redis-benchmark` and Redis client
//! libraries talk to.
//!
//! Each shard owns a part of the keyspace and the connections it accepted. A command whose keys
//! live on the connection's own shard is carried out in place, straight from the receive buffer
//! into the send buffer; the others cross to their owners as messages. All but `server` is pure:
//! bytes and the present go in, bytes come out, and nothing touches a socket or a clock.
//!
//! | module | concern |
//! |---|---|
//! | `resp` | the wire: requests from bytes, replies to bytes |
//! | `command` | the command table, and typed commands from arguments |
//! | `route` | which shard answers, and splitting a command over several |
//! | `exec` | carrying commands out on a store, here or for another shard |
//! | `store` | one shard's keys, values and deadlines |
//! | `session` | what a connection answers by itself |
//! | `server` | shards, connections, and what passes between them |
//!
//! A connection's loop is: `resp::Decoder::batch`, `command::parse()`,
//! `route::ShardMap::route`, then by the route `session::Session::answer`,
//! `exec::execute_local`, an `exec::Request` to another shard, or a `route::Fanout`. The
//! tests hold such a loop without sockets and compare it with a real Redis byte by byte; and they
//! run the whole server in the simulator.
//!
//! `main` reads the flags and shows what they amount to; it does not serve.

// Only tests start the server, until `main` does.
#![cfg_attr(not(test), expect(dead_code, unused_imports, reason = "main does not serve yet"))]

mod command;
mod decimal;
mod exec;
mod facts;
mod info;
mod resp;
mod route;
mod server;
mod session;
mod settings;
mod store;
#[cfg(test)]
mod tests;

use std::io::{self, Write};
use std::num::NonZeroU16;
use std::process::ExitCode;
use std::thread;

use settings::{Invocation, Settings, USAGE};

fn main() -> ExitCode {
    let cores = thread::available_parallelism().ok();
    let cores = cores.and_then(|cores| NonZeroU16::try_from(cores).ok());
    let text = match Settings::parse(std::env::args_os().skip(1), cores.unwrap_or(NonZeroU16::MIN))
    {
        Ok(Invocation::Help) => USAGE.to_owned(),
        Ok(Invocation::Run(settings)) => format!("{settings}\n"),
        Err(error) => {
            eprintln!("kv: {error}\nTry `kv --help`.");
            return ExitCode::from(2);
        }
    };
    match io::stdout().write_all(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}
