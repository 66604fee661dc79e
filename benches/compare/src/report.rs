//! A comparison as a table, or as lines of JSON.

pub(crate) mod chart;
pub(crate) mod markdown;

use crate::compare::{Block, Row};
use crate::samples::Samples;
use crate::workloads::{Better, Workload};
use serde::Serialize;
use std::io::{self, Write};

/// Writes a block as a table; the last column says how many times better ours is.
pub(crate) fn table(out: &mut impl Write, block: &Block) -> io::Result<()> {
    let workload = block.workload;
    let better = match workload.better() {
        Better::Lower => "less",
        Better::Higher => "more",
    };
    writeln!(out, "{} ({}, {better} is better)", workload.name(), workload.unit())?;
    write!(out, "  {:<22}{:>10}{:>10}{:>10}{:>4}", "", "median", "min", "max", "n")?;
    writeln!(out, "{}", if block.ours.is_some() { "   ours is" } else { "" })?;
    for row in block.rows() {
        write!(out, "  {:<22}", format!("{} {}", row.name, row.version).trim_end())?;
        match &row.result {
            Ok(samples) => {
                let [median, min, max] = [samples.median(), samples.min(), samples.max()]
                    .map(|figure| show(figure, workload));
                write!(out, "{median:>10}{min:>10}{max:>10}{:>4}", samples.n())?;
                match block.ratio_to(row) {
                    Some(ratio) => writeln!(out, "{:>9}x", format!("{ratio:.2}"))?,
                    None => writeln!(out)?,
                }
            }
            Err(error) => writeln!(out, "FAILED: {error}")?,
        }
    }
    writeln!(out)
}

/// Writes a block as lines of JSON, one for each contender.
pub(crate) fn json(out: &mut impl Write, block: &Block) -> io::Result<()> {
    for row in block.rows() {
        let samples = row.result.as_ref().ok();
        let line = JsonLine {
            rival: &row.name,
            version: &row.version,
            workload: block.workload.name(),
            unit: block.workload.unit(),
            median: samples.map(Samples::median),
            min: samples.map(Samples::min),
            max: samples.map(Samples::max),
            n: samples.map(Samples::n),
            ours_times_better: block.ratio_to(row),
            error: row.result.as_ref().err().map(String::as_str),
        };
        writeln!(out, "{}", serde_json::to_string(&line)?)?;
    }
    Ok(())
}

/// A line of the JSON report: either the figures or the error are there.
#[derive(Serialize)]
struct JsonLine<'a> {
    rival: &'a str,
    version: &'a str,
    workload: &'a str,
    unit: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    median: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    min: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    n: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ours_times_better: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
}

impl Block {
    /// Whether somebody failed.
    pub(crate) fn failed(&self) -> bool {
        self.rows().any(|row| row.result.is_err())
    }

    pub(crate) fn rows(&self) -> impl Iterator<Item = &Row> {
        self.ours.iter().chain(&self.rivals)
    }

    /// How many times better ours is than `row`, if both have figures and `row` is not ours.
    pub(super) fn ratio_to(&self, row: &Row) -> Option<f64> {
        let ours = self.ours.as_ref()?;
        if std::ptr::eq(ours, row) {
            return None;
        }
        let ours = ours.result.as_ref().ok()?.median();
        let theirs = row.result.as_ref().ok()?.median();
        Some(match self.workload.better() {
            Better::Lower => theirs / ours,
            Better::Higher => ours / theirs,
        })
    }
}

/// A figure with as many digits as its unit deserves.
fn show(figure: f64, workload: Workload) -> String {
    match workload.unit() {
        "M/s" => format!("{figure:.2}"),
        "bytes" | "ms" | "k/s" => format!("{figure:.0}"),
        _ => format!("{figure:.1}"),
    }
}

/// A ratio with as many digits as it deserves.
fn times(ratio: f64) -> String {
    match ratio {
        ..1.0 => format!("{ratio:.2}x"),
        1.0..20.0 => format!("{ratio:.1}x"),
        _ => format!("{ratio:.0}x"),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    fn row(name: &str, figures: &[f64]) -> Row {
        let result = Samples::new(figures.to_vec()).ok_or_else(|| "it broke".to_owned());
        Row { name: name.to_owned(), version: "1.0".to_owned(), result }
    }

    pub(crate) fn block(workload: Workload) -> Block {
        let rivals = vec![row("fast", &[20.0, 30.0, 25.0]), row("broken", &[])];
        Block { workload, ours: Some(row("ours", &[10.0])), rivals }
    }

    fn written(write: impl Fn(&mut Vec<u8>) -> io::Result<()>) -> String {
        let mut out = Vec::new();
        write(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_table_names_everybody() {
        let text = written(|out| table(out, &block(Workload::Ring)));
        let expected = "\
ring (ns, less is better)
                            median       min       max   n   ours is
  ours 1.0                    10.0      10.0      10.0   1
  fast 1.0                    25.0      20.0      30.0   3     2.50x
  broken 1.0            FAILED: it broke

";
        assert_eq!(text, expected);
    }

    #[test]
    fn the_ratio_turns_with_the_workload() {
        let block = block(Workload::CastCross);
        assert_eq!(block.ratio_to(&block.rivals[0]), Some(0.4));
        assert!(block.failed());
    }

    #[test]
    fn json_has_figures_or_an_error() {
        let text = written(|out| json(out, &block(Workload::Ring)));
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(
            lines[1],
            r#"{"rival":"fast","version":"1.0","workload":"ring","unit":"ns","median":25.0,"min":20.0,"max":30.0,"n":3,"ours_times_better":2.5}"#
        );
        assert_eq!(
            lines[2],
            r#"{"rival":"broken","version":"1.0","workload":"ring","unit":"ns","error":"it broke"}"#
        );
    }
}
