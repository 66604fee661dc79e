//! `greenroom-bare append FILE linked|dsync DEPTH SECS` prints durable writes a second.
//!
//! A ring, made as `shard/src/driver/uring` makes its own where the kernel has every feature, and
//! nothing around it, so that it sleeps whenever there is nothing to do: so many writes of 4 KiB past the
//! page cache are under way at a time, over a file that is there already.

#![deny(unsafe_code)]

mod append;

use std::process::ExitCode;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let done = match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["append", file, how @ ("linked" | "dsync"), depth, secs] => {
            match (depth.parse(), secs.parse()) {
                (Ok(depth), Ok(secs)) => append::run(file, how == "linked", depth, secs),
                _ => Err(std::io::Error::other("a depth and seconds are numbers")),
            }
        }
        _ => Err(std::io::Error::other("append FILE linked|dsync DEPTH SECS")),
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
