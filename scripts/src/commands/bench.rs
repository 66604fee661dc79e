//! `cargo x bench`: our workloads, or with `--compare` the rivals beside them.

use std::process::Command;

use crate::failure::Failure;
use crate::process;
use crate::workspace::Workspace;

/// Runs the workloads in release mode with `args`, once the servers that they measure are built.
pub(crate) fn bench(workspace: &Workspace, args: &[String]) -> Result<(), Failure> {
    if let Some(numbers) = compares_simulators(args) {
        return simulators(workspace, numbers);
    }
    let words = cargo_args(args);
    let examples = examples_measured(&words);
    if !examples.is_empty() {
        let mut command = process::cargo(workspace);
        command.args(["build", "--release", "-p", "greenroom"]);
        command.args(examples.iter().flat_map(|example| ["--example", *example]));
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

/// The examples of this workspace, and the workloads that measure each.
const EXAMPLES: [(&str, &[&str]); 2] = [("kv", &["kv", "kv_shards"]), ("echo", &["echo"])];

/// The flags of the workloads that are followed by a value; `greenroom-benches` reads them.
const WITH_VALUE: [&str; 11] = [
    "--variant",
    "--load",
    "--secs",
    "--repeats",
    "--driver",
    "--shards",
    "--actors",
    "--kv",
    "--echo",
    "--rivals",
    "--bare",
];

/// The examples that the workloads of a command line of cargo measure, all workloads when none is
/// named: but for one whose program is named, and where units are counted.
fn examples_measured(cargo_args: &[&str]) -> Vec<&'static str> {
    let Some(start) = cargo_args.iter().position(|word| *word == "--") else { return Vec::new() };
    let (cargo, mut words) = (&cargo_args[..start], &cargo_args[start + 1..]);
    let (mut workloads, mut flags) = (Vec::new(), Vec::new());
    while let Some((word, rest)) = words.split_first() {
        words = rest;
        if !word.starts_with('-') {
            workloads.push(*word);
            continue;
        }
        flags.push(*word);
        if WITH_VALUE.contains(word) {
            words = rest.get(1..).unwrap_or_default();
        }
    }
    if !cargo.contains(&"greenroom-benches") || flags.contains(&"--count") {
        return Vec::new();
    }
    let is_measured = |(example, by): &(&str, &[&str])| {
        let is_named = workloads.is_empty() || workloads.iter().any(|it| by.contains(it));
        is_named && !flags.iter().any(|flag| flag.strip_prefix("--") == Some(example))
    };
    EXAMPLES.into_iter().filter(is_measured).map(|(example, _)| example).collect()
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
    fn examples_are_built_for_their_workloads_alone() {
        let built = |line: &str| {
            let args: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
            examples_measured(&cargo_args(&args)).join(" ")
        };
        for all in [
            "",
            "--json",
            "--secs 1",
            "--variant park",
            "--driver glommio",
            "kv echo",
            "echo ring kv_shards",
        ] {
            assert_eq!(built(all), "kv echo", "{all}");
        }
        for kv in ["kv", "-- ring kv", "kv_shards", "kv --rivals echo", "--echo a", "kv --bare x"] {
            assert_eq!(built(kv), "kv", "{kv}");
        }
        for echo in ["echo --driver uring", "--kv a", "echo --rivals kv", "kv echo --kv a"] {
            assert_eq!(built(echo), "echo", "{echo}");
        }
        let neither = ["ring", "--secs kv ring", "kv --kv a", "ring --driver kv", "ring --count 9"];
        for line in neither.into_iter().chain(["--compare", "--compare kv", "scaling --shards 9"]) {
            assert_eq!(built(line), "", "{line}");
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
