//! `cargo x ci`: the one gate. Steps run in order; the first that fails ends the run.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::failure::{Failure, failed};
use crate::workspace::Workspace;
use crate::{commands, process};

/// One step of the gate.
struct Step {
    name: &'static str,
    run: fn(&Workspace) -> Result<Outcome, Failure>,
}

#[derive(Debug, PartialEq)]
enum Outcome {
    Passed,
    /// Not run, and why.
    Skipped(&'static str),
}

/// Cheap steps first. `sim` comes after `test`: it runs what `test` has built.
const STEPS: [Step; 7] = [
    Step { name: "fmt", run: fmt },
    Step { name: "clippy", run: clippy },
    Step { name: "doc", run: doc },
    Step { name: "tidy", run: |workspace| commands::tidy(workspace, &[]).map(passed) },
    Step { name: "deny", run: deny },
    Step { name: "test", run: |workspace| commands::test(workspace, &[]).map(passed) },
    Step { name: "sim", run: sim },
];

/// Runs all steps.
pub(crate) fn ci(workspace: &Workspace, args: &[String]) -> Result<(), Failure> {
    if let Some(arg) = args.first() {
        return Err(Failure::Usage(format!("`ci` takes no argument `{arg}`")));
    }
    run_steps(workspace, &STEPS)
}

fn run_steps(workspace: &Workspace, steps: &[Step]) -> Result<(), Failure> {
    let started = Instant::now();
    let mut report = Vec::new();
    for step in steps {
        println!("\n=== {}", step.name);
        let step_started = Instant::now();
        let outcome = (step.run)(workspace);
        let took = seconds(step_started.elapsed());
        let line = match &outcome {
            Ok(Outcome::Passed) => format!("{:8} ok       {took}", step.name),
            Ok(Outcome::Skipped(why)) => format!("{:8} skipped  {took}  ({why})", step.name),
            Err(_) => format!("{:8} FAILED   {took}", step.name),
        };
        println!("=== {line}");
        report.push(line);
        if let Err(problem) = outcome {
            print_report(&report, started.elapsed());
            return Err(failed(format!("step `{}`: {problem}", step.name)));
        }
    }
    print_report(&report, started.elapsed());
    Ok(())
}

fn print_report(report: &[String], took: Duration) {
    println!("\n{}\n{:8}          {}", report.join("\n"), "total", seconds(took));
}

fn seconds(took: Duration) -> String {
    format!("{:7.1} s", took.as_secs_f64())
}

fn passed((): ()) -> Outcome {
    Outcome::Passed
}

fn fmt(workspace: &Workspace) -> Result<Outcome, Failure> {
    let mut command = process::cargo(workspace);
    command.args(["fmt", "--all", "--check"]);
    process::run(&mut command).map(passed)
}

fn clippy(workspace: &Workspace) -> Result<Outcome, Failure> {
    let mut command = process::cargo(workspace);
    command.args(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]);
    process::run(&mut command).map(passed)
}

fn doc(workspace: &Workspace) -> Result<Outcome, Failure> {
    let mut command = process::cargo(workspace);
    command.env("RUSTDOCFLAGS", "-D warnings");
    command.args(["doc", "--workspace", "--lib", "--bins", "--examples"]);
    command.args(["--no-deps", "--document-private-items"]);
    process::run(&mut command).map(passed)
}

/// Licences, advisories and bans, where the tool for them is installed: it cannot be assumed.
fn deny(workspace: &Workspace) -> Result<Outcome, Failure> {
    let mut probe: Command = process::cargo(workspace);
    probe.args(["deny", "--version"]).stdout(Stdio::null()).stderr(Stdio::null());
    if !probe.status().is_ok_and(|status| status.success()) {
        return Ok(Outcome::Skipped(
            "cargo-deny is not installed: cargo install --locked cargo-deny",
        ));
    }
    let mut command = process::cargo(workspace);
    command.args(["deny", "--workspace", "check"]);
    process::run(&mut command).map(passed)
}

fn sim(workspace: &Workspace) -> Result<Outcome, Failure> {
    commands::sim(workspace, &["--check".to_owned()]).map(passed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_failing_step_ends_the_run_and_is_named() {
        let workspace = Workspace::locate().unwrap();
        let steps = [
            Step { name: "good", run: |_| Ok(Outcome::Passed) },
            Step { name: "absent", run: |_| Ok(Outcome::Skipped("not here")) },
            Step { name: "bad", run: |_| Err(failed("broken")) },
            Step { name: "never", run: |_| Err(failed("must not be reached")) },
        ];
        let problem = run_steps(&workspace, &steps).unwrap_err();
        assert_eq!(problem.to_string(), "step `bad`: broken");
        assert!(run_steps(&workspace, &steps[..2]).is_ok());
    }

    #[test]
    fn the_usage_names_every_step() {
        let ci = crate::usage::TEXT.split("cargo x ci").nth(1).unwrap();
        for step in &STEPS {
            assert!(ci.contains(step.name), "{}", step.name);
        }
    }
}
