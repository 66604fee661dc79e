//! `cargo x test`: all tests of the workspace, with plain `cargo test`.

use crate::failure::Failure;
use crate::workspace::Workspace;
use crate::{loom, process, tools};

/// Installs what tests need, then runs tests, doctests and loom tests.
///
/// With arguments (after an optional `--`) the run is narrowed to what `cargo test` makes of them,
/// and the loom tests are left out.
pub(crate) fn test(workspace: &Workspace, args: &[String]) -> Result<(), Failure> {
    tools::ensure()?;
    let extra = match args.split_first() {
        Some((first, rest)) if first == "--" => rest,
        _ => args,
    };
    for words in cargo_runs(extra) {
        let mut command = process::cargo(workspace);
        command.args(words);
        process::run(&mut command)?;
    }
    if extra.is_empty() {
        loom::run(workspace)
    } else {
        println!("with arguments the loom tests are left out; `cargo x test` runs them");
        Ok(())
    }
}

/// The argument lists of `cargo test` to run, one after the other: two, because `--all-targets`
/// leaves doctests out and `--doc` goes with no other choice of targets; and where everything is
/// tested, [`ALONE`].
fn cargo_runs(extra: &[String]) -> Vec<Vec<&str>> {
    let of_cargo = extra.iter().position(|arg| arg == "--").unwrap_or(extra.len());
    let names = |flags: &[&str]| {
        extra[..of_cargo].iter().any(|arg| flags.contains(&arg.split('=').next().unwrap_or(arg)))
    };
    let mut base = vec!["test"];
    if !names(&["-p", "--package", "--workspace", "--all"]) {
        base.push("--workspace");
    }
    let with = |targets: Option<&'static str>| {
        let mut words = base.clone();
        words.extend(targets);
        words.extend(extra.iter().map(String::as_str));
        words
    };
    if names(&TARGET_FLAGS) {
        return vec![with(None)];
    }
    let mut runs = vec![with(Some("--all-targets")), with(Some("--doc"))];
    if extra.is_empty() {
        runs.push(ALONE.to_vec());
    }
    runs
}

/// In a build of the whole workspace the testkit turns core's feature `sim` on; what is left of
/// `maybe!` without it is tested in core's own build.
const ALONE: [&str; 5] = ["test", "-p", "greenroom-core", "--lib", "maybe"];

const TARGET_FLAGS: [&str; 11] = [
    "--lib",
    "--bin",
    "--bins",
    "--test",
    "--tests",
    "--example",
    "--examples",
    "--bench",
    "--benches",
    "--doc",
    "--all-targets",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(extra: &[&str]) -> Vec<String> {
        let extra: Vec<String> = extra.iter().map(|&arg| arg.to_owned()).collect();
        cargo_runs(&extra).iter().map(|words| words.join(" ")).collect()
    }

    #[test]
    fn everything_is_targets_and_doctests_and_core_alone() {
        assert_eq!(
            joined(&[]),
            [
                "test --workspace --all-targets",
                "test --workspace --doc",
                "test -p greenroom-core --lib maybe"
            ]
        );
    }

    #[test]
    fn a_package_replaces_the_workspace() {
        assert_eq!(
            joined(&["-p", "greenroom-core", "mailbox"]),
            [
                "test --all-targets -p greenroom-core mailbox",
                "test --doc -p greenroom-core mailbox"
            ]
        );
        assert_eq!(
            joined(&["--package=greenroom-net", "--lib"]),
            ["test --package=greenroom-net --lib"]
        );
    }

    #[test]
    fn chosen_targets_are_not_widened() {
        assert_eq!(joined(&["--test", "main", "ring"]), ["test --workspace --test main ring"]);
        assert_eq!(joined(&["--", "--test-threads=1"]).len(), 2);
        assert_eq!(joined(&["--", "--test"]).len(), 2);
    }
}
