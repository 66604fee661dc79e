//! The lines that programs say.

/// The figures of a program that says lines `name number`.
///
/// # Errors
///
/// A line that is none.
pub fn lines(text: &str) -> Result<Vec<(String, f64)>, String> {
    let line = |line: &str| {
        let (name, number) = line.rsplit_once(' ')?;
        Some((name.to_owned(), number.parse().ok()?))
    };
    let read = text.lines().map(|text| line(text).ok_or_else(|| format!("no figure: {text}")));
    read.collect()
}

/// The figures of `greenroom-benches .. --json`.
///
/// # Errors
///
/// A line that is none.
pub fn json_lines(text: &str) -> Result<Vec<(String, f64)>, String> {
    let line = |line: &str| {
        let after = |key: &str| Some(line.split_once(&format!("\"{key}\":"))?.1);
        let name = after("variant")?.split('"').nth(1)?;
        let median = after("median")?.split(',').next()?;
        Some((name.to_owned(), median.parse().ok()?))
    };
    let read = text.lines().map(|text| line(text).ok_or_else(|| format!("no figure: {text}")));
    read.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_read_from_both_kinds_of_lines() {
        let expected = vec![("udp 2".to_owned(), 5.0)];
        assert_eq!(lines("udp 2 5\n").unwrap(), expected);
        let json = r#"{"workload":"w","variant":"udp 2","unit":"per_s","median":5.00,"min":1.00}"#;
        assert_eq!(json_lines(json).unwrap(), expected);
        assert!(lines("nothing").is_err() && json_lines("nothing").is_err());
    }
}
