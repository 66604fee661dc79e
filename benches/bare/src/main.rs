//! `greenroom-bare append FILE linked|dsync DEPTH SECS [file|memory]` prints durable writes a second;
//! with the last word over a file that is registered with the ring, or from memory that is as well.
//!
//! A ring like the driver's with nothing around it, so that it sleeps whenever there is nothing to
//! do: so many writes of 4 KiB past the page cache are under way at a time, over a file that is there
//! already.
//!
//! `greenroom-bare sockets plain|registered SECS` prints messages a second from one end to the other
//! of 32 pairs of Unix sockets on one ring: what an operation on a registered socket is cheaper by.
//!
//! `greenroom-bare echo [spin] [ring]` is a server that sends back what it gets, sleeping or busy
//! polling, whose sends all go through the ring if the last word is there.
//!
//! `greenroom-bare kv` is a server that answers `redis-benchmark` with the least it can do.

#![deny(unsafe_code)]

mod append;
mod echo;
mod kv;
mod ring;
mod sockets;

use std::process::ExitCode;

use append::Registered;

const USAGE: &str = "append FILE linked|dsync DEPTH SECS [file|memory], \
                     sockets plain|registered SECS, echo [spin] [ring], or kv";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let done = match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["append", file, how @ ("linked" | "dsync"), depth, secs, ref registered @ ..] => {
            let registered = match registered {
                [] => Some(Registered::Nothing),
                ["file"] => Some(Registered::File),
                ["memory"] => Some(Registered::FileAndMemory),
                _ => None,
            };
            match (depth.parse(), secs.parse(), registered) {
                (Ok(depth), Ok(secs), Some(registered)) => {
                    append::run(file, how == "linked", (depth, secs), registered)
                }
                _ => Err(std::io::Error::other("a depth and seconds are numbers")),
            }
        }
        ["sockets", how @ ("plain" | "registered"), secs] => match secs.parse() {
            Ok(secs) => sockets::run(how == "registered", secs),
            Err(_) => Err(std::io::Error::other("seconds are a number")),
        },
        ["echo", ref how @ ..] if how.iter().all(|word| ["spin", "ring"].contains(word)) => {
            let has = |word| how.contains(&word);
            let way = echo::Way { spins: has("spin"), at_once: !has("ring") };
            echo::serve(way).map(|never| match never {})
        }
        ["kv"] => kv::serve().map(|never| match never {}),
        _ => Err(std::io::Error::other(USAGE)),
    };
    match done {
        Ok(rate) => {
            println!("{rate:.1}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("greenroom-bare: {error}");
            ExitCode::FAILURE
        }
    }
}
