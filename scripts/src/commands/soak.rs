//! `cargo x soak`: a server under load and harm for a while, and whether it stays as it is.

use std::time::Duration;

use crate::failure::Failure;
use crate::process;
use crate::soak::{Load, ROUNDS_MIN, Rest, Server, come_to_rest, judge};
use crate::tools;
use crate::workspace::Workspace;

/// Seconds when none are named.
const SECS_DEFAULT: u64 = 600;

/// Rounds that the time is cut into.
const ROUNDS: u64 = 10;
const _: () = assert!(ROUNDS as usize >= ROUNDS_MIN);

#[derive(Debug, PartialEq, Eq)]
struct Options {
    secs: u64,
    /// What runs the shards; the default driver when it is not named.
    driver: Option<String>,
}

/// Builds the server and soaks it.
pub(crate) fn soak(workspace: &Workspace, args: &[String]) -> Result<(), Failure> {
    let options = Options::parse(args)?;
    tools::ensure()?;
    let mut build = process::cargo(workspace);
    build.args(["build", "--release", "-p", "greenroom", "--example", "kv"]);
    process::run(&mut build)?;
    let program = workspace.target.join("release/examples/kv");
    let mut words = vec!["--port", "0", "--shards", "2", "--no-pin"];
    words.extend(options.driver.iter().flat_map(|driver| ["--driver", &**driver]));
    let server = Server::start(&program, &words)?;
    let before = server.holds()?;
    show("before", before);
    let mut rounds = Vec::new();
    for round in 0..ROUNDS {
        let span = Duration::from_secs(options.secs) / ROUNDS as u32;
        let done = Load::lasting(span, round).run(&server)?;
        come_to_rest(&server, before.descriptors)?;
        let rest = server.holds()?;
        show(&format!("round {round}, {done}"), rest);
        rounds.push(rest);
    }
    judge(before, &rounds)?;
    server.stop()?;
    println!("soak: flat over {ROUNDS} rounds");
    Ok(())
}

fn show(when: &str, rest: Rest) {
    println!("{when}: {} KiB, {} descriptors", rest.resident_kib, rest.descriptors);
}

impl Options {
    fn parse(args: &[String]) -> Result<Self, Failure> {
        let usage = |problem: String| Failure::Usage(problem);
        let mut options = Self { secs: SECS_DEFAULT, driver: None };
        let mut words = args.iter();
        match words.next().map(String::as_str) {
            Some("kv") => {}
            other => return Err(usage(format!("soak what? `kv`, not {other:?}"))),
        }
        while let Some(word) = words.next() {
            let value = words.next().ok_or_else(|| usage(format!("{word} needs a value")))?;
            match word.as_str() {
                "--secs" => {
                    let secs = value.parse().ok().filter(|secs| *secs > 0);
                    options.secs =
                        secs.ok_or_else(|| usage(format!("--secs {value}: a number")))?;
                }
                "--driver" => options.driver = Some(value.clone()),
                unknown => return Err(usage(format!("soak knows no {unknown}"))),
            }
        }
        Ok(options)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Options, Failure> {
        let args: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        Options::parse(&args)
    }

    #[test]
    fn time_and_driver_can_be_chosen() {
        assert_eq!(parse("kv").unwrap(), Options { secs: 600, driver: None });
        let chosen = parse("kv --secs 60 --driver glommio").unwrap();
        assert_eq!(chosen, Options { secs: 60, driver: Some("glommio".into()) });
    }

    #[test]
    fn other_words_are_usage_errors() {
        for line in ["", "echo", "kv --secs", "kv --secs 0", "kv --secs x", "kv --hours 1"] {
            assert!(matches!(parse(line), Err(Failure::Usage(_))), "{line}");
        }
    }
}
