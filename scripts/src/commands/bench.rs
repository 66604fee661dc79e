//! `cargo x bench`: our workloads, or with `--compare` the rivals beside them.

use crate::failure::Failure;
use crate::process;
use crate::workspace::Workspace;

/// Runs the workloads in release mode with `args`.
pub(crate) fn bench(workspace: &Workspace, args: &[String]) -> Result<(), Failure> {
    let mut command = process::cargo(workspace);
    command.args(cargo_args(args));
    process::run(&mut command)
}

/// `--compare` is ours when it stands before a `--`; everything else belongs to the workloads.
fn cargo_args(args: &[String]) -> Vec<&str> {
    let ours = args.iter().position(|arg| arg == "--").unwrap_or(args.len());
    let compare = args[..ours].iter().position(|arg| arg == "--compare");
    let mut words = vec!["run", "--release"];
    match compare {
        Some(_) => words.extend(["--manifest-path", "benches/compare/Cargo.toml", "--"]),
        None => words.extend(["-p", "greenroom-benches", "--"]),
    }
    let theirs = args.iter().enumerate().filter(|(at, _)| Some(*at) != compare && *at != ours);
    words.extend(theirs.map(|(_, arg)| arg.as_str()));
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(args: &[&str]) -> String {
        let args: Vec<String> = args.iter().map(|&arg| arg.to_owned()).collect();
        cargo_args(&args).join(" ")
    }

    #[test]
    fn arguments_are_handed_on() {
        assert_eq!(joined(&[]), "run --release -p greenroom-benches --");
        assert_eq!(joined(&["--", "ask", "-n", "3"]), joined(&["ask", "-n", "3"]));
        assert_eq!(joined(&["ask", "-n"]), "run --release -p greenroom-benches -- ask -n");
    }

    #[test]
    fn compare_picks_the_other_workspace() {
        let expected = "run --release --manifest-path benches/compare/Cargo.toml -- ask";
        assert_eq!(joined(&["--compare", "ask"]), expected);
        assert_eq!(joined(&["ask", "--compare"]), expected);
        let theirs = joined(&["--", "--compare"]);
        assert_eq!(theirs, "run --release -p greenroom-benches -- --compare");
    }
}
