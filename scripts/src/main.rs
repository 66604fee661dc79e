//! The commands of `cargo x`: everything the project does to itself, in one binary.
//!
//! What continuous integration runs is `cargo x ci` and nothing else, so that a failure there can
//! be repeated with the same words at home. The crate has no dependencies but one that has none
//! (`greenroom-pictures`): the first `cargo x` on a fresh machine should not be a wait.
//!
//! One file per command in `commands`; what a command needs beside it: `process` (child
//! processes), `tools` (programs that tests start), `soak` (a server under load), `loom` (the
//! model-checking builds), `hashes` (trace hashes of simulations) and `tidy` (text checks).

#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, reason = "talking to a terminal is what this binary is for")]

mod commands;
mod failure;
mod hashes;
mod loom;
mod process;
mod soak;
mod tidy;
mod tools;
mod usage;
mod workspace;

use std::process::ExitCode;

use failure::Failure;
use workspace::Workspace;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match dispatch(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Usage(problem)) => {
            eprintln!("error: {problem}\n\n{}", usage::TEXT);
            ExitCode::from(2)
        }
        Err(Failure::Failed(problem)) => {
            eprintln!("error: {problem}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(args: &[String]) -> Result<(), Failure> {
    let Some((command, args)) = args.split_first() else {
        println!("{}", usage::TEXT);
        return Ok(());
    };
    let workspace = Workspace::locate()?;
    match command.as_str() {
        "help" | "--help" | "-h" => {
            println!("{}", usage::TEXT);
            Ok(())
        }
        "bench" => commands::bench(&workspace, args),
        "ci" => commands::ci(&workspace, args),
        "sim" if args.first().is_some_and(|arg| arg == "show") => commands::show(&args[1..]),
        "sim" => commands::sim(&workspace, args),
        "soak" => commands::soak(&workspace, args),
        "test" => commands::test(&workspace, args),
        "tidy" => commands::tidy(&workspace, args),
        unknown => Err(Failure::Usage(format!("there is no command `{unknown}`"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_commands_are_usage_errors() {
        let outcome = dispatch(&["deploy".to_owned()]);
        assert!(matches!(outcome, Err(Failure::Usage(problem)) if problem.contains("`deploy`")));
    }

    #[test]
    fn the_usage_names_every_command() {
        for command in ["bench", "ci", "sim", "soak", "test", "tidy", "help"] {
            assert!(usage::TEXT.contains(&format!("cargo x {command}")), "{command}");
        }
    }
}
