//! A comparison as a page of Markdown.

use super::show;
use crate::compare::{Block, Row};
use crate::workloads::Better;
use std::fmt::Write;

/// A page with one table: a row for each workload, a column for each contender.
///
/// A cell is empty where a contender has nothing that the workload could be done with.
pub(crate) fn page(blocks: &[Block]) -> String {
    let mut page = "# Against other actor frameworks\n\n".to_owned();
    let runs = blocks.iter().flat_map(Block::rows).filter_map(|row| row.result.as_ref().ok());
    let runs: Vec<_> = runs.map(crate::samples::Samples::n).collect();
    let least = runs.iter().min().copied().unwrap_or_default();
    let most = runs.iter().max().copied().unwrap_or_default();
    let runs = if least == most { least.to_string() } else { format!("{least} to {most}") };
    let _ = writeln!(
        page,
        "Written by `cargo x bench --compare --write docs/bench`: medians of {runs} runs of each, in \
         turn, pinned, on one machine of two cores; in bold how many times better Greenroom is, with \
         its defaults. What each workload is stands in `benches/compare/src/workloads.rs`; a cell is \
         empty where a framework has no links or no supervision. Absolute figures are this machine's; \
         the ratios are what is compared.\n",
    );
    // Those who have no row at the first workload are named where they have one.
    let mut columns: Vec<&Row> = Vec::new();
    for row in blocks.iter().flat_map(Block::rows) {
        if columns.iter().all(|column| column.name != row.name) {
            columns.push(row);
        }
    }
    if columns.is_empty() {
        return page;
    }
    page += "| workload |";
    for row in &columns {
        let name = if row.name == "ours" { "Greenroom" } else { &row.name };
        // The variant of ours is `full` in all of them.
        let version = if row.name == "ours" { "" } else { row.version.as_str() };
        let _ = write!(page, " {} |", format!("{name} {version}").trim_end());
    }
    page += "\n|---|";
    columns.iter().for_each(|_| page += "---:|");
    page.push('\n');
    for block in blocks {
        let arrow = match block.workload.better() {
            Better::Lower => "less",
            Better::Higher => "more",
        };
        let (name, unit) = (block.workload.name(), block.workload.unit());
        let _ = write!(page, "| `{name}`, {unit}, {arrow} is better |");
        for column in &columns {
            let row = block.rows().find(|row| row.name == column.name);
            // Who has no such thing has no figure.
            let _ = write!(page, " {} |", row.map_or_else(String::new, |row| cell(block, row)));
        }
        page.push('\n');
    }
    page
}

fn cell(block: &Block, row: &Row) -> String {
    let Ok(samples) = &row.result else { return "failed".to_owned() };
    let figure = show(samples.median(), block.workload);
    match block.ratio_to(row) {
        Some(ratio) => format!("{figure} **{}**", super::times(ratio)),
        None => figure,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::block;
    use crate::workloads::Workload;

    #[test]
    fn a_row_for_each_workload_and_a_column_for_each_contender() {
        let page = page(&[block(Workload::Ring), block(Workload::CastCross)]);
        let table: Vec<_> = page.lines().filter(|line| line.starts_with('|')).collect();
        let expected = [
            "| workload | Greenroom | fast 1.0 | broken 1.0 |",
            "|---|---:|---:|---:|",
            "| `ring`, ns, less is better | 10.0 | 25.0 **2.5x** | failed |",
            "| `cast_cross`, M/s, more is better | 10.00 | 25.00 **0.40x** | failed |",
        ];
        assert_eq!(table, expected);
        assert!(page.starts_with("# ") && page.contains("medians of 1 to 3 runs"), "{page}");
    }

    #[test]
    fn who_is_not_at_a_workload_keeps_its_column() {
        let mut few = block(Workload::Restart);
        few.rivals.remove(0);
        let page = page(&[few, block(Workload::Ring)]);
        let table: Vec<_> = page.lines().filter(|line| line.starts_with('|')).collect();
        assert_eq!(table[0], "| workload | Greenroom | broken 1.0 | fast 1.0 |");
        assert_eq!(table[2], "| `restart`, k/s, more is better | 10 | failed |  |");
        assert_eq!(table[3], "| `ring`, ns, less is better | 10.0 | failed | 25.0 **2.5x** |");
    }
}
