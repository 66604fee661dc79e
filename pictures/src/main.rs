//! `greenroom-show`: a run of the simulator from the trace it left.

#![forbid(unsafe_code)]

use std::io::Write;
use std::process::ExitCode;

use greenroom_pictures::{ShowError, show};

const USAGE: &str =
    "usage: greenroom-show FILE.trace [--actor NAME] [--node N] [--around EVENT] [--last N]
    [--html FILE] [--perfetto FILE] [--mermaid FILE]
  prints the run as a table, or writes it as a page for any browser, a trace for
  https://ui.perfetto.dev, or a sequence diagram";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match show(&args) {
        Ok(shown) => {
            // Whoever closed the pipe has seen enough.
            drop(std::io::stdout().write_all(shown.as_bytes()));
            ExitCode::SUCCESS
        }
        Err(ShowError::Usage(problem)) => {
            eprintln!("error: {problem}\n\n{USAGE}");
            ExitCode::from(2)
        }
        Err(problem) => {
            eprintln!("error: {problem}");
            ExitCode::FAILURE
        }
    }
}
