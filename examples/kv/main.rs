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
//! | `family` | the commands on keys, family by family: their rows and what they do |
//! | `route` | which shard answers, and splitting a command over several |
//! | `exec` | carrying commands out on a store, here or for another shard |
//! | `store` | one shard's keys, values and deadlines |
//! | `pubsub` | channels, and messages on their way to those who listen |
//! | `session` | what a connection answers by itself; transactions |
//! | `server` | shards, connections, and what passes between them |
//!
//! A connection's loop is: `resp::Decoder::batch`, then for each command `session::Session::take`,
//! which looks it up in the table (`command::look_up`), asks `route::ShardMap::route` where it goes,
//! and answers it by itself, carries it out with `exec::execute_local`, or says what to ask of other
//! shards: what is `exec::Asked` of one, or a `route::Fanout` of several. The tests hold such a loop
//! without sockets and compare it with a real Redis byte by byte; and they run the whole server in
//! the simulator.
//!
//! `main` reads the flags, starts the production runtime, and serves until it is told to end.

mod bytes;
mod command;
mod decimal;
mod exec;
mod facts;
mod family;
mod float;
mod glob;
mod info;
mod pubsub;
mod random;
mod resp;
mod room;
mod route;
mod server;
mod session;
mod settings;
mod store;
#[cfg(test)]
mod tests;

use std::io::{self, Write};
use std::num::NonZeroU16;
use std::pin::pin;
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use futures_util::future::{Either, select};
use greenroom::{Builder, IdleStrategy, Pin, ShutdownPhase};

use server::Server;
use settings::{Idle, Invocation, Settings, USAGE};

/// How long connections may take to end once the server is told to.
const DRAIN_LIMIT: Duration = Duration::from_secs(5);

/// How long the whole end may take: the connections, what the shards say of them, the actors.
const SHUTDOWN_LIMIT: Duration = Duration::from_secs(8);

fn main() -> ExitCode {
    let cores = thread::available_parallelism().ok();
    let cores = cores.and_then(|cores| NonZeroU16::try_from(cores).ok());
    let done = match Settings::parse(std::env::args_os().skip(1), cores.unwrap_or(NonZeroU16::MIN))
    {
        Ok(Invocation::Help) => say(USAGE).map_err(Into::into),
        Ok(Invocation::Run(settings)) => run(settings),
        Err(error) => {
            eprintln!("kv: {error}\nTry `kv --help`.");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("kv: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Serves until the process is asked to end (Ctrl-C, or SIGTERM).
fn run(settings: Settings) -> greenroom::Result {
    if let Some(lack) = room::make(&settings) {
        eprintln!("kv: {lack}");
    }
    let pin = if settings.pin { Pin::Cores } else { Pin::None };
    let idle = match settings.idle {
        Idle::Park => IdleStrategy::Park,
        Idle::SpinThenPark(spin) => IdleStrategy::SpinThenPark(spin),
        Idle::Spin => IdleStrategy::Spin,
    };
    let shards = settings.shards.get().into();
    let system = Builder::new().name("kv").shards(shards).pin(pin).idle(idle);
    let system = system.driver(settings.driver).shutdown_limit(SHUTDOWN_LIMIT).stop_on_signals();
    system.run(async move |system| {
        let server: Server = server::start(system, &settings).await?;
        let connections = server.clone();
        let hook = async move || {
            let drained = connections.drain(DRAIN_LIMIT).await;
            // Nobody listens any more where this fails.
            let _said =
                say(&format!("closed {}, broke off {}\n", drained.finished, drained.aborted));
        };
        let phase = ShutdownPhase::BeforeStop;
        system.on_shutdown_within(SHUTDOWN_LIMIT, phase, "connections", hook)?;
        say(&format!("{settings}\nlistens on {}\n", server.addresses()[0]))?;
        let (told, broken) = (pin!(system.until_shutdown()), pin!(server.broken()));
        match select(told, broken).await {
            Either::Left(_) => Ok(()),
            Either::Right((reason, _)) => Err(format!("a shard was lost: {reason}").into()),
        }
    })?;
    Ok(())
}

fn say(text: &str) -> io::Result<()> {
    let mut out = io::stdout();
    out.write_all(text.as_bytes())?;
    out.flush()
}
