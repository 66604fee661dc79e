//! The figures of comparisons, kept in a file from one to the next.

use crate::compare::{Block, Row};
use crate::samples::Samples;
use crate::workloads::Workload;
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::{fs, io};

/// A line of the file: one contender at one workload.
#[derive(Serialize, Deserialize)]
struct Line {
    workload: String,
    /// `ours` or a rival.
    name: String,
    version: String,
    figures: Vec<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// `fresh`, and those of the file at `path` whose workload is not among them, in the order of the
/// report. No file is as good as an empty one.
///
/// # Errors
///
/// When the file cannot be read, or holds something else.
pub(crate) fn merge(path: &Path, fresh: Vec<Block>) -> io::Result<Vec<Block>> {
    let text = match fs::read_to_string(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        text => text?,
    };
    let mut blocks = fresh;
    for block in read(&text)? {
        if blocks.iter().all(|other| other.workload != block.workload) {
            blocks.push(block);
        }
    }
    blocks.sort_by_key(|block| Workload::ALL.iter().position(|other| *other == block.workload));
    Ok(blocks)
}

fn read(text: &str) -> io::Result<Vec<Block>> {
    let mut blocks: Vec<Block> = Vec::new();
    for text in text.lines() {
        let Line { workload, name, version, figures, error } = serde_json::from_str(text)?;
        // A workload there is no more is forgotten.
        let Some(workload) = Workload::named(&workload) else { continue };
        let result = match (error, Samples::new(figures)) {
            (None, Some(samples)) => Ok(samples),
            (error, _) => Err(error.unwrap_or_default()),
        };
        if blocks.last().is_none_or(|block| block.workload != workload) {
            blocks.push(Block { workload, ours: None, rivals: Vec::new() });
        }
        let (row, block) = (Row { name, version, result }, blocks.last_mut());
        match block {
            Some(block) if row.name == "ours" => block.ours = Some(row),
            Some(block) => block.rivals.push(row),
            None => {}
        }
    }
    Ok(blocks)
}

/// The file that holds `blocks`.
///
/// # Errors
///
/// When a figure is no number.
pub(crate) fn lines(blocks: &[Block]) -> io::Result<String> {
    let mut text = String::new();
    for block in blocks {
        for row in block.rows() {
            let line = Line {
                workload: block.workload.name().to_owned(),
                name: row.name.clone(),
                version: row.version.clone(),
                figures: row.result.as_ref().map_or_else(|_| Vec::new(), |s| s.figures().to_vec()),
                error: row.result.as_ref().err().cloned(),
            };
            text += &serde_json::to_string(&line)?;
            text.push('\n');
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::block;

    #[test]
    fn what_is_measured_anew_replaces_what_was_and_the_rest_stays() {
        let path = std::env::temp_dir().join(format!("compare-record-{}", std::process::id()));
        assert_eq!(merge(&path, Vec::new()).unwrap().len(), 0, "there is no file yet");
        let before = [block(Workload::Ring), block(Workload::CastCross)];
        fs::write(&path, lines(&before).unwrap()).unwrap();
        let fresh = Block { ours: None, ..block(Workload::CastCross) };
        let merged = merge(&path, vec![fresh]).unwrap();
        fs::remove_file(&path).unwrap();
        assert_eq!(
            merged.iter().map(|b| b.workload).collect::<Vec<_>>(),
            [Workload::Ring, Workload::CastCross]
        );
        assert_eq!(lines(&merged[..1]).unwrap(), lines(&before[..1]).unwrap());
        assert!(merged[1].ours.is_none() && merged[1].failed());
    }
}
