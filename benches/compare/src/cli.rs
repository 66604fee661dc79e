//! The command line.

use crate::compare::{Plan, compare};
use crate::line::Line;
use crate::pin;
use crate::record;
use crate::report::{self, chart, markdown};
use crate::rivals::{self, Entry};
use crate::servers;
use crate::workloads::Workload;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

const USAGE: &str = "\
usage: greenroom-compare [OPTIONS] [RIVAL | WORKLOAD]...   compare, all of them if none is named
       greenroom-compare run RIVAL WORKLOAD [--secs S]     one measurement, in this process
       greenroom-compare serve [SERVER]                     be an echo server, or tell the names

  --secs S      seconds of one measurement, warm-up included [1]
  --repeat R    rounds of a comparison [5]
  --ours PATH   measure the bench binary at PATH beside them, and give its ratio to each
  --write DIR   write DIR/table.md and DIR/chart.svg as well; what was written for other
                workloads before stays
  --json        print lines of JSON instead of tables
  --help        print this
";

/// A command line that was understood.
#[derive(Debug)]
enum Command {
    Help,
    Serve(String),
    Servers,
    Run { rival: &'static Entry, workload: Workload, secs: f64 },
    Compare { plan: Plan, workloads: Vec<Workload>, json: bool, write: Option<PathBuf> },
}

/// What stands on a command line, before it is one of the commands.
#[derive(Default)]
struct Words {
    run: bool,
    help: bool,
    json: bool,
    secs: Option<f64>,
    repeat: Option<u32>,
    ours: Option<PathBuf>,
    write: Option<PathBuf>,
    rivals: Vec<&'static Entry>,
    workloads: Vec<Workload>,
}

/// Does what `arguments` say. Exits with 1 if a measurement failed, with 2 if they make no sense.
pub(crate) fn main(arguments: impl Iterator<Item = String>) -> ExitCode {
    let done = match Command::parse(arguments) {
        Ok(Command::Help) => write!(io::stdout(), "{USAGE}").map(|()| true),
        Ok(Command::Serve(name)) => servers::serve(&name).map(|()| true),
        Ok(Command::Servers) => {
            servers::names().try_for_each(|name| writeln!(io::stdout(), "{name}")).map(|()| true)
        }
        Ok(Command::Run { rival, workload, secs }) => run(rival, workload, secs),
        Ok(Command::Compare { plan, workloads, json, write }) => {
            compare_all(&plan, &workloads, json, write.as_deref())
        }
        Err(error) => {
            eprint!("{error}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("the output is gone: {error}");
            ExitCode::FAILURE
        }
    }
}

/// One measurement; whether it went well.
fn run(rival: &Entry, workload: Workload, secs: f64) -> io::Result<bool> {
    let pinned = if rival.runs_here() { pin::this_thread(pin::CLIENT) } else { Ok(()) };
    let outcome = pinned.and_then(|()| rival.measure(workload, secs));
    match outcome {
        Ok(value) => {
            let line = Line {
                rival: rival.name.to_owned(),
                workload: workload.name().to_owned(),
                unit: workload.unit().to_owned(),
                value,
            };
            writeln!(io::stdout(), "{}", serde_json::to_string(&line)?)?;
            Ok(true)
        }
        Err(error) => {
            eprintln!("{error}");
            Ok(false)
        }
    }
}

/// All comparisons, each printed when it is done, and in the end written into a folder; whether
/// everything went well.
fn compare_all(
    plan: &Plan,
    workloads: &[Workload],
    json: bool,
    write: Option<&Path>,
) -> io::Result<bool> {
    let (mut all_well, mut blocks) = (true, Vec::new());
    for workload in workloads {
        let block = compare(plan, *workload);
        let mut out = io::stdout().lock();
        if json { report::json(&mut out, &block) } else { report::table(&mut out, &block) }?;
        all_well &= !block.failed();
        blocks.push(block);
    }
    if let Some(folder) = write {
        fs::create_dir_all(folder)?;
        let figures = folder.join("figures.jsonl");
        let blocks = record::merge(&figures, blocks)?;
        fs::write(figures, record::lines(&blocks)?)?;
        fs::write(folder.join("table.md"), markdown::page(&blocks))?;
        fs::write(folder.join("chart.svg"), chart::svg(&blocks))?;
    }
    Ok(all_well)
}

impl Command {
    fn parse(arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut arguments = arguments.peekable();
        if arguments.next_if_eq("serve").is_some() {
            return Ok(arguments.next().map_or(Self::Servers, Self::Serve));
        }
        let words = Words::read(arguments)?;
        if words.help {
            return Ok(Self::Help);
        }
        let secs = words.secs.unwrap_or(1.0);
        if words.run {
            let ([rival], [workload]) = (&words.rivals[..], &words.workloads[..]) else {
                return Err("`run` takes one rival and one workload".to_owned());
            };
            return Ok(Self::Run { rival, workload: *workload, secs });
        }
        let mut rivals = or_all(words.rivals, rivals::all());
        rivals.retain(|rival| rival.is_here());
        let plan = Plan { secs, repeat: words.repeat.unwrap_or(5), ours: words.ours, rivals };
        let workloads = or_all(words.workloads, Workload::ALL);
        Ok(Self::Compare { plan, workloads, json: words.json, write: words.write })
    }
}

fn or_all<T>(named: Vec<T>, all: impl IntoIterator<Item = T>) -> Vec<T> {
    if named.is_empty() { all.into_iter().collect() } else { named }
}

impl Words {
    fn read(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut words = Self::default();
        while let Some(word) = arguments.next() {
            let mut value = || arguments.next().ok_or_else(|| format!("{word} takes a value"));
            match word.as_str() {
                "run" => words.run = true,
                "--help" => words.help = true,
                "--json" => words.json = true,
                "--secs" => words.secs = Some(positive_secs(&value()?)?),
                "--repeat" => words.repeat = Some(positive_rounds(&value()?)?),
                "--write" => words.write = Some(value()?.into()),
                "--ours" => words.ours = Some(value()?.into()),
                name => words.read_name(name)?,
            }
        }
        Ok(words)
    }

    fn read_name(&mut self, name: &str) -> Result<(), String> {
        if let Some(rival) = Entry::named(name) {
            self.rivals.push(rival);
        } else if let Some(workload) = Workload::named(name) {
            self.workloads.push(workload);
        } else {
            let rivals: Vec<_> = rivals::all().map(|entry| entry.name).collect();
            let workloads = Workload::ALL.map(Workload::name);
            return Err(format!(
                "{name} is no option, no rival ({}) and no workload ({})",
                rivals.join(", "),
                workloads.join(", ")
            ));
        }
        Ok(())
    }
}

fn positive_secs(text: &str) -> Result<f64, String> {
    const SECS_MAX: f64 = 3_600.0;
    let secs = text.parse().ok().filter(|secs| (0.0..=SECS_MAX).contains(secs) && *secs > 0.0);
    secs.ok_or_else(|| format!("--secs is above 0 and at most {SECS_MAX}, not {text}"))
}

fn positive_rounds(text: &str) -> Result<u32, String> {
    let rounds = text.parse().ok().filter(|rounds| *rounds > 0);
    rounds.ok_or_else(|| format!("--repeat is a whole number above 0, not {text}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Command, String> {
        Command::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn nothing_named_means_everything() {
        let Ok(Command::Compare { plan, workloads, json: false, write: None }) = parse("") else {
            panic!()
        };
        assert_eq!(plan.rivals.len(), rivals::all().filter(|rival| rival.is_here()).count());
        assert_eq!(workloads, Workload::ALL);
        assert_eq!((plan.secs, plan.repeat, plan.ours), (1.0, 5, None));
    }

    #[test]
    fn names_and_options_come_in_any_order() {
        let line = "ring --secs 0.3 actix --json spawn --repeat 3 --ours ./ours";
        let parsed = parse(&format!("{line} --write out"));
        let Ok(Command::Compare { plan, workloads, json: true, write }) = parsed else { panic!() };
        assert_eq!(write, Some("out".into()));
        assert_eq!(plan.rivals[0].name, "actix");
        assert_eq!(plan.rivals.len(), 1);
        assert_eq!(workloads, [Workload::Ring, Workload::Spawn]);
        assert_eq!((plan.secs, plan.repeat, plan.ours), (0.3, 3, Some("./ours".into())));
    }

    #[test]
    fn a_run_is_one_rival_at_one_workload() {
        let Ok(Command::Run { rival, workload, .. }) = parse("run tokio ring") else { panic!() };
        assert_eq!((rival.name, workload), ("tokio", Workload::Ring));
        assert!(parse("run tokio").is_err());
        assert!(parse("run tokio ring spawn").is_err());
    }

    #[test]
    fn a_server_is_named_or_all_are_told() {
        let parsed = parse("serve tokio");
        assert!(matches!(parsed, Ok(Command::Serve(name)) if name == "tokio"));
        assert!(matches!(parse("serve"), Ok(Command::Servers)));
        assert!(servers::serve("nobody").is_err());
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for line in
            ["nobody", "--write", "--secs", "--secs 0", "--secs NaN", "--secs inf", "--repeat 0"]
        {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}
