//! The line that one measurement prints.

use serde::{Deserialize, Serialize};

/// One figure of one rival.
#[derive(Debug, Serialize, Deserialize, PartialEq)]
pub(crate) struct Line {
    /// Who was measured.
    pub(crate) rival: String,
    /// At what.
    pub(crate) workload: String,
    /// The unit of `value`.
    pub(crate) unit: String,
    /// The figure.
    pub(crate) value: f64,
}

impl Line {
    /// Reads the figure of `rival` at `workload` out of what its process printed.
    ///
    /// # Errors
    ///
    /// When that is not such a line, or is one about something else.
    pub(crate) fn value_of(text: &str, rival: &str, workload: &str) -> Result<f64, String> {
        let line: Self =
            serde_json::from_str(text).map_err(|error| format!("{error} in the line {text:?}"))?;
        if line.rival == rival && line.workload == workload {
            Ok(line.value)
        } else {
            Err(format!("a line about another measurement: {text:?}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"{"rival":"tokio","workload":"ring","unit":"ns","value":98.5}"#;

    #[test]
    fn a_line_is_written_and_read_in_one_form() {
        let line = Line {
            rival: "tokio".to_owned(),
            workload: "ring".to_owned(),
            unit: "ns".to_owned(),
            value: 98.5,
        };
        assert_eq!(serde_json::to_string(&line).unwrap(), TEXT);
        assert_eq!(Line::value_of(TEXT, "tokio", "ring"), Ok(98.5));
    }

    #[test]
    fn a_line_about_another_measurement_is_refused() {
        assert!(Line::value_of(TEXT, "ractor", "ring").is_err());
        assert!(Line::value_of(TEXT, "tokio", "spawn").is_err());
        assert!(Line::value_of("98.5", "tokio", "ring").is_err());
    }
}
