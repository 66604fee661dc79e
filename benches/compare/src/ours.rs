//! Our own column: the project's bench binary, run as one more contender.

use crate::child;
use crate::workloads::Workload;
use serde::Deserialize;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// A line that `greenroom-benches WORKLOAD --json` prints; it also gives `min`, `max` and `n`, which
/// are not needed here: a run of the binary is one sample among those of the comparison.
#[derive(Deserialize)]
struct Line {
    workload: String,
    variant: String,
    unit: String,
    median: f64,
}

/// One figure of ours.
#[derive(Debug, PartialEq)]
pub(crate) struct Figure {
    /// Which of the workload's variants it is.
    pub(crate) variant: String,
    /// The figure.
    pub(crate) value: f64,
}

/// Runs the binary at `path` once.
///
/// # Errors
///
/// When it fails, takes longer than `limit`, or its first line is not a figure of this workload in
/// the workload's unit.
pub(crate) fn measure(
    path: &Path,
    workload: Workload,
    secs: f64,
    limit: Duration,
) -> Result<Figure, String> {
    let mut command = Command::new(path);
    let secs = secs.to_string();
    command.args([workload.name(), "--json", "--secs", &secs, "--repeats", "1", "--full"]);
    read(&child::first_line(&mut command, limit)?, workload)
}

/// Reads the figure of `workload` out of the first line the binary printed.
fn read(text: &str, workload: Workload) -> Result<Figure, String> {
    let line: Line =
        serde_json::from_str(text).map_err(|error| format!("{error} in the line {text:?}"))?;
    // Ours tells rates as they are, the comparison in millions or thousands.
    let (unit, scale) = match (line.unit.as_str(), workload.unit()) {
        ("per_s", "k/s") => ("k/s", 1e-3),
        ("per_s", _) => ("M/s", 1e-6),
        (unit, _) => (unit, 1.0),
    };
    if line.workload != workload.name() || unit != workload.unit() {
        let (name, unit) = (workload.name(), workload.unit());
        return Err(format!("a line about something else than {name} in {unit}: {text:?}"));
    }
    Ok(Figure { variant: line.variant, value: line.median * scale })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"{"workload":"ask_local","variant":"full","unit":"ns","median":40.5,"min":39,"max":45,"n":5}"#;

    #[test]
    fn the_median_is_the_figure() {
        let figure = Figure { variant: "full".to_owned(), value: 40.5 };
        assert_eq!(read(TEXT, Workload::AskLocal), Ok(figure));
    }

    #[test]
    fn rates_are_told_in_millions_or_thousands() {
        let text = TEXT.replace("ask_local", "cast_cross").replace(r#""ns""#, r#""per_s""#);
        let text = text.replace("40.5", "3500000");
        let figure = Figure { variant: "full".to_owned(), value: 3.5 };
        assert_eq!(read(&text, Workload::CastCross), Ok(figure));
        let text = text.replace("cast_cross", "restart");
        let figure = Figure { variant: "full".to_owned(), value: 3500.0 };
        assert_eq!(read(&text, Workload::Restart), Ok(figure));
    }

    #[test]
    fn another_workload_or_unit_is_refused() {
        assert!(read(TEXT, Workload::Ring).is_err());
        let in_microseconds = TEXT.replace(r#""ns""#, r#""us""#);
        assert!(read(&in_microseconds, Workload::AskLocal).is_err());
        assert!(read("", Workload::AskLocal).is_err());
    }
}
