//! The command line.

use std::ffi::OsString;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::num::NonZeroU16;
use std::time::Duration;

use greenroom::Driver;
use lexopt::ValueExt;
use lexopt::prelude::{Long, Short};

use crate::server::ServerLimits;

/// Most shards that a server may have. Far above any machine's cores; it catches typing errors.
const SHARDS_MAX: u16 = 1024;

/// What `--help` prints.
pub(crate) const USAGE: &str = "\
A sharded in-memory key-value server that speaks RESP2 and RESP3.

Usage: kv [OPTIONS]

Options:
    --port <PORT>       TCP port to listen on [default: 6379]
    --bind <ADDRESS>    IP address to listen on [default: 127.0.0.1]
    --shards <N>        Shards, one thread each, 1 to 1024 [default: one per core]
    --pin, --no-pin     Whether each shard stays on one core [default: --pin]
    --idle <STRATEGY>   What a shard without work does: `park` (sleep), `spin` (burn the
                        core), or spin for that many microseconds and then park [default: 50]
    --driver <NAME>     What the shards' I/O stands on: `glommio` or `uring` [default: the faster]
    --max-clients <N>   Connections at a time; each shard takes an equal part [default: 10000]
    -h, --help          Print this help
";

/// What the server was asked to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Settings {
    /// The port to listen on.
    pub(crate) port: u16,
    /// The address to listen on.
    pub(crate) bind: IpAddr,
    /// How many shards hold the keyspace; at most 1024.
    pub(crate) shards: NonZeroU16,
    /// Whether each shard's thread stays on one core.
    pub(crate) pin: bool,
    /// What a shard without work does.
    pub(crate) idle: Idle,
    /// What the shards' I/O stands on.
    pub(crate) driver: Driver,
    /// What clients may use.
    pub(crate) limits: ServerLimits,
}

/// What a shard without work does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Idle {
    /// Sleeps; waking takes tens of microseconds.
    Park,
    /// Looks for work for so long, then sleeps.
    SpinThenPark(Duration),
    /// Looks for work for ever; costs a core.
    Spin,
}

/// What the command line asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Invocation {
    /// Run the server.
    Run(Settings),
    /// Print [`USAGE`].
    Help,
}

impl Settings {
    /// The settings without any flag, on a machine with `cores` cores.
    pub(crate) fn new(cores: NonZeroU16) -> Self {
        Self {
            port: 6379,
            bind: IpAddr::V4(Ipv4Addr::LOCALHOST),
            shards: cores,
            pin: true,
            idle: Idle::SpinThenPark(Duration::from_micros(50)),
            driver: Driver::default(),
            limits: ServerLimits::default(),
        }
    }

    /// Reads the flags in `args`, which do not include the program's name.
    ///
    /// # Errors
    ///
    /// A flag is unknown, lacks its value, or has one that makes no sense; the message says so.
    pub(crate) fn parse(
        args: impl IntoIterator<Item = OsString>,
        cores: NonZeroU16,
    ) -> Result<Invocation, lexopt::Error> {
        let mut settings = Self::new(cores);
        let mut parser = lexopt::Parser::from_args(args);
        while let Some(arg) = parser.next()? {
            match arg {
                Short('h') | Long("help") => return Ok(Invocation::Help),
                Long("port") => settings.port = value(&mut parser, "--port", port)?,
                Long("bind") => settings.bind = value(&mut parser, "--bind", bind)?,
                Long("shards") => settings.shards = value(&mut parser, "--shards", shards)?,
                Long("pin") => settings.pin = true,
                Long("no-pin") => settings.pin = false,
                Long("idle") => settings.idle = value(&mut parser, "--idle", idle)?,
                Long("driver") => settings.driver = value(&mut parser, "--driver", driver)?,
                Long("max-clients") => {
                    settings.limits.clients_max = value(&mut parser, "--max-clients", clients)?;
                }
                _ => return Err(arg.unexpected()),
            }
        }
        Ok(Invocation::Run(settings))
    }
}

impl fmt::Display for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { port, bind, shards, pin, idle, driver, limits } = self;
        let clients = limits.clients_max;
        write!(f, "bind {bind}, port {port}, shards {shards}, pin {pin}, idle {idle}")?;
        write!(f, ", driver {driver}, max-clients {clients}")
    }
}

impl fmt::Display for Idle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Park => f.write_str("park"),
            Self::Spin => f.write_str("spin"),
            Self::SpinThenPark(spin) => write!(f, "{} us", spin.as_micros()),
        }
    }
}

/// The value of `flag`; an error says whose it is.
fn value<T>(
    parser: &mut lexopt::Parser,
    flag: &str,
    read: fn(&str) -> Result<T, String>,
) -> Result<T, lexopt::Error> {
    let value = parser.value()?.parse_with(read);
    value.map_err(|error| lexopt::Error::from(format!("{flag}: {error}")))
}

fn port(text: &str) -> Result<u16, String> {
    text.parse().map_err(|_| "not a number from 0 to 65535".to_owned())
}

fn bind(text: &str) -> Result<IpAddr, String> {
    text.parse().map_err(|_| "not an IP address".to_owned())
}

fn shards(text: &str) -> Result<NonZeroU16, String> {
    let shards = text.parse().ok().filter(|shards: &NonZeroU16| shards.get() <= SHARDS_MAX);
    shards.ok_or_else(|| format!("not a number from 1 to {SHARDS_MAX}"))
}

fn clients(text: &str) -> Result<usize, String> {
    let clients = text.parse().ok().filter(|clients| *clients > 0);
    clients.ok_or_else(|| "not a number from 1".to_owned())
}

fn driver(text: &str) -> Result<Driver, String> {
    text.parse().map_err(|unknown: greenroom::UnknownDriver| unknown.to_string())
}

fn idle(text: &str) -> Result<Idle, String> {
    match text {
        "park" => Ok(Idle::Park),
        "spin" => Ok(Idle::Spin),
        micros => micros
            .parse()
            .map(|micros: u32| Idle::SpinThenPark(Duration::from_micros(micros.into())))
            .map_err(|_| "neither `park`, nor `spin`, nor a number of microseconds".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Invocation, String> {
        let args = line.split_whitespace().map(OsString::from);
        Settings::parse(args, NonZeroU16::new(3).unwrap()).map_err(|error| error.to_string())
    }

    fn settings(line: &str) -> Settings {
        match parse(line) {
            Ok(Invocation::Run(settings)) => settings,
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn defaults() {
        let shown = "bind 127.0.0.1, port 6379, shards 3, pin true, idle 50 us";
        let shown = format!("{shown}, driver {}, max-clients 10000", Driver::default());
        assert_eq!(settings("").to_string(), shown);
    }

    #[test]
    fn every_flag() {
        let line = "--port 7000 --bind ::1 --shards 12 --no-pin --idle spin --max-clients 9";
        for driver in Driver::ALL {
            let shown = "bind ::1, port 7000, shards 12, pin false, idle spin";
            let shown = format!("{shown}, driver {driver}, max-clients 9");
            assert_eq!(settings(&format!("{line} --driver {driver}")).to_string(), shown);
        }
        assert_eq!(settings("--port=1 --no-pin --pin").port, 1);
        assert!(settings("--no-pin --pin").pin, "the last one counts");
        assert_eq!(settings("--idle park").idle, Idle::Park);
        let spin = Idle::SpinThenPark(Duration::from_micros(200));
        assert_eq!(settings("--idle=200").idle, spin);
        for line in ["--help", "-h", "--port 1 --help"] {
            assert_eq!(parse(line), Ok(Invocation::Help));
        }
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        let table = [
            ("--prot 1", "--prot"),
            ("stray", "stray"),
            ("-x", "-x"),
            ("--port", "--port"),
            ("--port 65536", "--port: cannot parse argument \"65536\": not a number from 0 to"),
            ("--port -1", "--port"),
            ("--port x", "--port"),
            ("--bind localhost", "not an IP address"),
            ("--shards 0", "--shards: cannot parse argument \"0\": not a number from 1 to 1024"),
            ("--shards 1025", "1 to 1024"),
            ("--max-clients 0", "not a number from 1"),
            ("--driver windows", "none of the drivers"),
            ("--idle fast", "microseconds"),
            ("--idle -5", "microseconds"),
            ("--pin=yes", "yes"),
        ];
        for (line, named) in table {
            let error = parse(line).unwrap_err();
            assert!(error.contains(named), "{line}: {error}");
        }
    }
}
