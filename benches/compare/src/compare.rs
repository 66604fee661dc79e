//! The rounds of a comparison.

use crate::child;
use crate::line::Line;
use crate::ours;
use crate::rivals::Entry;
use crate::samples::Samples;
use crate::workloads::Workload;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// What is to be compared, and how.
#[derive(Debug)]
pub(crate) struct Plan {
    /// Seconds of one measurement, warm-up included.
    pub(crate) secs: f64,
    /// Rounds, each of which measures everybody once.
    pub(crate) repeat: u32,
    /// Our own bench binary, if it takes part.
    pub(crate) ours: Option<PathBuf>,
    /// The other contenders.
    pub(crate) rivals: Vec<&'static Entry>,
}

/// One contender's part of a comparison.
#[derive(Debug)]
pub(crate) struct Row {
    /// Who.
    pub(crate) name: String,
    /// The version of its package, or the variant of ours.
    pub(crate) version: String,
    /// Its figures, or the first thing that went wrong.
    pub(crate) result: Result<Samples, String>,
}

/// The comparison at one workload.
#[derive(Debug)]
pub(crate) struct Block {
    /// Which.
    pub(crate) workload: Workload,
    /// Ours, if it takes part.
    pub(crate) ours: Option<Row>,
    /// The others, in their order.
    pub(crate) rivals: Vec<Row>,
}

/// A contender while the rounds go on.
struct Contender<'a> {
    who: Who<'a>,
    version: String,
    figures: Vec<f64>,
    error: Option<String>,
}

enum Who<'a> {
    Ours(&'a Path),
    Rival(&'static Entry),
}

/// Compares everybody who does `workload`: rounds in which each is measured once, in a process of its own.
/// One that fails is not measured again.
pub(crate) fn compare(plan: &Plan, workload: Workload) -> Block {
    let ours = plan.ours.iter().map(|path| Who::Ours(path));
    let rivals = plan.rivals.iter().filter(|entry| entry.does(workload));
    let rivals = rivals.map(|entry| Who::Rival(entry));
    let mut contenders: Vec<_> = ours.chain(rivals).map(Contender::new).collect();
    for _ in 0..plan.repeat {
        for contender in contenders.iter_mut().filter(|contender| contender.error.is_none()) {
            contender.measure(workload, plan.secs);
        }
    }
    let mut rows = contenders.into_iter().map(Contender::into_row);
    let ours = plan.ours.as_ref().and_then(|_| rows.next());
    Block { workload, ours, rivals: rows.collect() }
}

impl<'a> Contender<'a> {
    fn new(who: Who<'a>) -> Self {
        let version = match &who {
            Who::Ours(_) => String::new(),
            Who::Rival(entry) => entry.version().to_owned(),
        };
        Self { who, version, figures: Vec::new(), error: None }
    }

    fn measure(&mut self, workload: Workload, secs: f64) {
        let outcome = match self.who {
            Who::Ours(path) => {
                ours::measure(path, workload, secs, time_limit(secs)).map(|figure| {
                    self.version = figure.variant;
                    figure.value
                })
            }
            Who::Rival(entry) => measure_rival(entry, workload, secs),
        };
        match outcome {
            Ok(figure) => self.figures.push(figure),
            Err(error) => self.error = Some(error),
        }
    }

    fn into_row(self) -> Row {
        let name = match self.who {
            Who::Ours(_) => "ours",
            Who::Rival(entry) => entry.name,
        };
        let result = match self.error {
            Some(error) => Err(error),
            None => Samples::new(self.figures).ok_or_else(|| "not measured".to_owned()),
        };
        Row { name: name.to_owned(), version: self.version, result }
    }
}

fn measure_rival(entry: &Entry, workload: Workload, secs: f64) -> Result<f64, String> {
    let program = std::env::current_exe().map_err(|error| format!("who am I? {error}"))?;
    let mut command = Command::new(program);
    command.args(["run", entry.name, workload.name(), "--secs", &secs.to_string()]);
    let line = child::first_line(&mut command, time_limit(secs))?;
    Line::value_of(&line, entry.name, workload.name())
}

/// How long a process may take: workloads that weigh actors take as long as a million of them need.
fn time_limit(secs: f64) -> Duration {
    Duration::from_secs_f64(120.0 + 10.0 * secs)
}
