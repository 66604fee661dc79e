//! The model-checking builds: the crates whose atomics are checked under loom.
//!
//! `--cfg loom` changes every crate of a build, so these builds have a target directory of their
//! own; sharing one would throw away the normal build each time. The profile is that of tests, not
//! release: its debug assertions are checked in every interleaving, and whole-program optimisation
//! at each change costs more than it saves when the models run.

use crate::failure::{Failure, failed};
use crate::process;
use crate::workspace::Workspace;

/// One test binary with loom tests in it.
struct Suite {
    package: &'static str,
    /// The integration-test target.
    test: &'static str,
    /// What the paths of its loom tests contain.
    filter: &'static str,
}

const SUITES: [Suite; 1] = [Suite { package: "greenroom-shard", test: "main", filter: "loom" }];

/// Preemptions loom tries per execution. Two find nearly all bugs of rings and wakers; the number
/// of executions grows exponentially with it.
const PREEMPTIONS_MAX: &str = "2";

/// Runs every suite.
///
/// # Errors
/// When a suite fails, or when it holds no test: a renamed module must not pass for a checked one.
pub(crate) fn run(workspace: &Workspace) -> Result<(), Failure> {
    for suite in &SUITES {
        let mut command = process::cargo(workspace);
        command
            .env("CARGO_TARGET_DIR", workspace.target.join("loom"))
            .env("RUSTFLAGS", rustflags(std::env::var("RUSTFLAGS").ok()))
            .env("LOOM_MAX_PREEMPTIONS", PREEMPTIONS_MAX)
            .args(["test", "-p", suite.package, "--test", suite.test, suite.filter]);
        let output = process::run_and_read(&mut command)?;
        check_not_empty(suite, &output)?;
    }
    Ok(())
}

fn check_not_empty(suite: &Suite, output: &str) -> Result<(), Failure> {
    if process::tests_passed(output) > 0 {
        return Ok(());
    }
    Err(failed(format!(
        "no loom test ran: test target `{}` of {} has none whose path contains `{}`",
        suite.test, suite.package, suite.filter
    )))
}

fn rustflags(inherited: Option<String>) -> String {
    let mut flags = inherited.unwrap_or_default();
    if !flags.is_empty() {
        flags.push(' ');
    }
    flags.push_str("--cfg loom");
    flags
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suite_without_tests_fails() {
        let none = "running 0 tests\n\ntest result: ok. 0 passed; 0 failed; 0 ignored\n";
        let problem = check_not_empty(&SUITES[0], none).unwrap_err().to_string();
        assert!(problem.contains("greenroom-shard"), "{problem}");
        let some = "running 1 test\n\ntest result: ok. 1 passed; 0 failed; 0 ignored\n";
        assert!(check_not_empty(&SUITES[0], some).is_ok());
    }

    #[test]
    fn flags_of_the_caller_are_kept() {
        assert_eq!(rustflags(None), "--cfg loom");
        assert_eq!(
            rustflags(Some("-C target-cpu=native".into())),
            "-C target-cpu=native --cfg loom"
        );
    }
}
