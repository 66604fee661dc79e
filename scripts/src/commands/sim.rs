//! `cargo x sim`: the simulation suites, and with `--check` the proof that they are deterministic.
//!
//! A simulation suite is every test whose path contains `sim::` or `sim_`, in any crate.

use std::fs;
use std::path::Path;

use crate::failure::{Failure, failed};
use crate::hashes::{self, Hashes};
use crate::process;
use crate::workspace::Workspace;

/// What the path of a simulation test contains.
const MARKS: [&str; 2] = ["sim::", "sim_"];

/// Where simulation tests are looked for: not in this crate, whose tests *about* this command have
/// the same marks and would make an empty suite look like a full one.
const SELECTION: [&str; 4] = ["--workspace", "--exclude", "greenroom-scripts", "--tests"];

/// Seeds per test when neither `--seeds` nor `SIM_SEEDS` says otherwise.
const SEEDS_DEFAULT: u64 = 200;

/// Runs the suites.
pub(crate) fn sim(workspace: &Workspace, args: &[String]) -> Result<(), Failure> {
    let options = Options::parse(args, std::env::var("SIM_SEEDS").ok())?;
    let tests = match &options.filter {
        None => MARKS.map(str::to_owned).to_vec(),
        Some(filter) => exact_tests(workspace, filter)?,
    };
    let folder = workspace.target.join("sim");
    fs::create_dir_all(&folder).map_err(|e| failed(format!("{}: {e}", folder.display())))?;
    let first = folder.join("hashes-first.txt");
    run(workspace, &options, &tests, &first)?;
    if !options.check {
        return Ok(());
    }
    let second = folder.join("hashes-second.txt");
    run(workspace, &options, &tests, &second)?;
    let (first, second) = (read(&first)?, read(&second)?);
    if let Some(difference) = hashes::difference(&first, &second) {
        return Err(failed(format!("two runs of the same seeds differ: {difference}")));
    }
    println!("sim: {} trace hashes, the same in both runs", hashes::count(&first));
    Ok(())
}

/// Runs `tests` once; the trace hashes of this run go to the file `hashes`.
fn run(
    workspace: &Workspace,
    options: &Options,
    tests: &[String],
    hashes: &Path,
) -> Result<(), Failure> {
    if let Err(e) = fs::remove_file(hashes)
        && e.kind() != std::io::ErrorKind::NotFound
    {
        return Err(failed(format!("{}: {e}", hashes.display())));
    }
    let mut command = process::cargo(workspace);
    command.env("SIM_SEEDS", options.seeds.to_string()).env("SIM_HASHES", hashes);
    command.arg("test").args(SELECTION).arg("--");
    if options.filter.is_some() {
        command.arg("--exact");
    }
    command.args(tests);
    let output = process::run_and_read(&mut command)?;
    if process::tests_passed(&output) == 0 {
        return Err(failed("no simulation test ran: none has `sim::` or `sim_` in its path"));
    }
    Ok(())
}

/// The simulation tests whose path contains `filter`. The test harness joins several filters with
/// "or", so "a simulation and this" has to be worked out here.
fn exact_tests(workspace: &Workspace, filter: &str) -> Result<Vec<String>, Failure> {
    let mut command = process::cargo(workspace);
    command.args(["test", "--quiet"]).args(SELECTION);
    command.args(["--", "--list", "--format", "terse"]).args(MARKS);
    let tests = listed(&process::read_quietly(&mut command)?, filter);
    if tests.is_empty() {
        return Err(failed(format!("no simulation test has `{filter}` in its path")));
    }
    Ok(tests)
}

fn listed(output: &str, filter: &str) -> Vec<String> {
    let mut tests: Vec<String> = output
        .lines()
        .filter_map(|line| line.strip_suffix(": test"))
        .filter(|test| MARKS.iter().any(|mark| test.contains(mark)) && test.contains(filter))
        .map(str::to_owned)
        .collect();
    tests.sort_unstable();
    tests.dedup();
    tests
}

fn read(path: &Path) -> Result<Hashes, Failure> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(e) => return Err(failed(format!("{}: {e}", path.display()))),
    };
    hashes::parse(&text).map_err(|problem| failed(format!("{}: {problem}", path.display())))
}

#[derive(Debug, PartialEq)]
struct Options {
    seeds: u64,
    check: bool,
    filter: Option<String>,
}

impl Options {
    fn parse(args: &[String], seeds_inherited: Option<String>) -> Result<Self, Failure> {
        let mut options = Self { seeds: SEEDS_DEFAULT, check: false, filter: None };
        if let Some(seeds) = seeds_inherited {
            options.seeds = parse_seeds("SIM_SEEDS", &seeds)?;
        }
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            if arg == "--check" {
                options.check = true;
            } else if arg == "--seeds" {
                let seeds = args.next().map_or("", String::as_str);
                options.seeds = parse_seeds("--seeds", seeds)?;
            } else if let Some(seeds) = arg.strip_prefix("--seeds=") {
                options.seeds = parse_seeds("--seeds", seeds)?;
            } else if arg.starts_with('-') || options.filter.is_some() {
                return Err(Failure::Usage(format!("`sim` takes no argument `{arg}`")));
            } else {
                options.filter = Some(arg.clone());
            }
        }
        Ok(options)
    }
}

fn parse_seeds(name: &str, text: &str) -> Result<u64, Failure> {
    match text.parse() {
        Ok(seeds) if seeds > 0 => Ok(seeds),
        _ => Err(Failure::Usage(format!("{name} wants a number of seeds from 1, not `{text}`"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(args: &[&str], inherited: Option<&str>) -> Result<Options, Failure> {
        let args: Vec<String> = args.iter().map(|&arg| arg.to_owned()).collect();
        Options::parse(&args, inherited.map(str::to_owned))
    }

    #[test]
    fn options_are_read_in_any_order() {
        let expected = Options { seeds: 7, check: true, filter: Some("ring".into()) };
        assert_eq!(parse(&["--check", "ring", "--seeds", "7"], None).unwrap(), expected);
        assert_eq!(parse(&["--seeds=7", "--check", "ring"], Some("9")).unwrap(), expected);
        assert_eq!(parse(&[], Some("9")).unwrap().seeds, 9);
        assert_eq!(parse(&[], None).unwrap().seeds, SEEDS_DEFAULT);
    }

    #[test]
    fn nonsense_is_a_usage_error() {
        for args in [&["--seeds"][..], &["--seeds", "0"], &["--seeds=x"], &["--chek"], &["a", "b"]]
        {
            assert!(matches!(parse(args, None), Err(Failure::Usage(_))), "{args:?}");
        }
        assert!(parse(&[], Some("many")).is_err());
    }

    #[test]
    fn a_filter_narrows_the_simulations_only() {
        let output = "sim::ring::keeps_order: test\nring::keeps_order: test\n\
            sim_timers::fire: test\nsim::ring::keeps_order: test\nsim::ring::speed: benchmark\n";
        assert_eq!(listed(output, "ring"), ["sim::ring::keeps_order"]);
        assert_eq!(listed(output, "timers"), ["sim_timers::fire"]);
        assert!(listed(output, "disk").is_empty());
    }

    #[test]
    fn a_run_that_wrote_no_hashes_is_an_error() {
        let absent = std::env::temp_dir().join("greenroom-no-such-file");
        assert!(read(&absent).unwrap_err().to_string().contains("no simulation wrote"));
    }
}
