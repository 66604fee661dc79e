//! `cargo x bench`: our workloads, or with `--compare` the rivals beside them.

use std::process::Command;

use crate::failure::Failure;
use crate::process;
use crate::workspace::Workspace;

/// Runs the workloads in release mode with `args`, once the server that `kv` measures is built.
pub(crate) fn bench(workspace: &Workspace, args: &[String]) -> Result<(), Failure> {
    if let Some(numbers) = compares_simulators(args) {
        return simulators(workspace, numbers);
    }
    let words = cargo_args(args);
    if measures_example(&words) {
        let mut command = process::cargo(workspace);
        command.args(["build", "--release", "-p", "greenroom", "--example", "kv"]);
        process::run(&mut command)?;
    }
    let mut command = process::cargo(workspace);
    command.args(&words);
    if compares(&words) {
        let mut build = process::cargo(workspace);
        build.args(["build", "--release", "-p", "greenroom-benches"]);
        process::run(&mut build)?;
        command.arg("--ours").arg(workspace.target.join("release/greenroom-benches"));
    }
    process::run(&mut command)
}

/// The rest of a command line that asks for simulators: `--compare sim`, in any order.
fn compares_simulators(args: &[String]) -> Option<Vec<&str>> {
    let asks = ["--compare", "sim"].iter().all(|word| args.iter().any(|arg| arg == word));
    let rest = || args.iter().map(String::as_str).filter(|arg| !["--compare", "sim"].contains(arg));
    asks.then(|| rest().collect())
}

/// Builds our simulator's benches and the rivals, and measures them in turn. One of the rivals
/// wants a `cfg` for everything it is built with: that build has a folder of its own.
fn simulators(workspace: &Workspace, numbers: Vec<&str>) -> Result<(), Failure> {
    let mut build = process::cargo(workspace);
    build.args(["build", "--release", "-p", "greenroom-benches"]);
    process::run(&mut build)?;
    let manifest = "benches/compare/sims/Cargo.toml";
    let target = workspace.target.join("sims");
    let mut build = process::cargo(workspace);
    build.env("RUSTFLAGS", "--cfg madsim").args(["build", "--release", "--bins"]);
    build.args(["--manifest-path", manifest, "--target-dir"]).arg(&target);
    process::run(&mut build)?;
    let mut compare = Command::new(target.join("release/greenroom-compare-sims"));
    compare.arg("--ours").arg(workspace.target.join("release/greenroom-benches")).args(numbers);
    process::run(&mut compare)
}

/// Whether a command line of cargo compares us with rivals and does not say yet which binary we are.
fn compares(cargo_args: &[&str]) -> bool {
    let Some(start) = cargo_args.iter().position(|word| *word == "--") else { return false };
    let (cargo, words) = cargo_args.split_at(start);
    let without_us = ["--ours", "--help", "run"];
    cargo.contains(&"benches/compare/Cargo.toml")
        && !words.iter().any(|word| without_us.contains(word))
}

/// Whether the workload `kv` is among those of a command line of cargo, as it is when none is
/// named, and would measure the example of this workspace.
fn measures_example(cargo_args: &[&str]) -> bool {
    let Some(start) = cargo_args.iter().position(|word| *word == "--") else { return false };
    let (ours, mut words) =
        (cargo_args[..start].contains(&"greenroom-benches"), &cargo_args[start + 1..]);
    let mut named = Vec::new();
    while let Some((word, rest)) = words.split_first() {
        words = match *word {
            "--kv" | "--count" => return false,
            "--secs" | "--repeats" => rest.get(1..).unwrap_or_default(),
            flag if flag.starts_with('-') => rest,
            workload => {
                named.push(workload);
                rest
            }
        };
    }
    ours && (named.is_empty() || named.iter().any(|it| ["kv", "kv_shards"].contains(it)))
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
    fn the_example_is_built_for_its_workload_alone() {
        let measures = |args: &[&str]| {
            let args: Vec<String> = args.iter().map(|&arg| arg.to_owned()).collect();
            measures_example(&cargo_args(&args))
        };
        for args in
            [&[][..], &["kv"], &["--json"], &["--secs", "1"], &["--", "ring", "kv"], &["kv_shards"]]
        {
            assert!(measures(args), "{args:?}");
        }
        let others = [&["ring"][..], &["--secs", "kv", "ring"], &["kv", "--kv", "a"]];
        let counted = [&["ring", "--count", "9"][..], &["--compare"], &["--compare", "kv"]];
        for args in others.iter().chain(&counted) {
            assert!(!measures(args), "{args:?}");
        }
    }

    #[test]
    fn our_own_figures_are_measured_beside_the_rivals() {
        let compares = |args: &[&str]| {
            let args: Vec<String> = args.iter().map(|&arg| arg.to_owned()).collect();
            compares(&cargo_args(&args))
        };
        assert!(compares(&["--compare"]) && compares(&["--compare", "tokio", "--json"]));
        let others = [&[][..], &["ring"], &["--compare", "--ours", "a"], &["--compare", "--help"]];
        for args in others.into_iter().chain([&["--compare", "run", "tokio", "ring"][..]]) {
            assert!(!compares(args), "{args:?}");
        }
    }

    #[test]
    fn simulators_are_compared_where_both_words_are() {
        let rest = |line: &str| {
            let args: Vec<String> = line.split(' ').map(str::to_owned).collect();
            compares_simulators(&args).map(|rest| rest.join(" "))
        };
        assert_eq!(rest("--compare sim 0.2 3").as_deref(), Some("0.2 3"));
        assert_eq!(rest("sim --compare").as_deref(), Some(""));
        assert_eq!((rest("sim"), rest("--compare ring")), (None, None));
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
