//! What the environment of a test run says.

use std::fs::OpenOptions;
use std::io::Write;

/// The seed to run alone, by `SIM_SEED`.
///
/// # Panics
///
/// When the variable holds no number: a typo must not run something else.
pub(super) fn only_seed() -> Option<u64> {
    number_in("SIM_SEED")
}

/// How many seeds to run, by `SIM_SEEDS`.
///
/// # Panics
///
/// When the variable holds no number.
pub(super) fn seed_count() -> Option<u64> {
    number_in("SIM_SEEDS")
}

fn number_in(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    let number = parse(&text);
    Some(number.unwrap_or_else(|| panic!("{variable}={text} is no number")))
}

/// A number, decimal or with `0x` in front.
fn parse(text: &str) -> Option<u64> {
    match text.trim().strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => text.trim().parse().ok(),
    }
}

/// Appends a seed's hash to the file that `SIM_HASHES` names.
///
/// # Panics
///
/// When the file cannot be written: a comparison of hashes would be of nothing.
pub(super) fn note_hash(test: &str, seed: u64, hash: u64) {
    let Some(path) = std::env::var_os("SIM_HASHES") else { return };
    let line = format!("{test} {seed:#018x} {hash:#018x}\n");
    let file = OpenOptions::new().create(true).append(true).open(&path);
    // One write: other tests append to the same file.
    let written = file.and_then(|mut file| file.write_all(line.as_bytes()));
    written.unwrap_or_else(|error| panic!("SIM_HASHES={}: {error}", path.display()));
}

/// The line that runs a seed again.
pub(super) fn repeat_line(test: &str, seed: u64) -> String {
    let package = std::env::var("CARGO_PKG_NAME").unwrap_or_else(|_| "<package>".into());
    format!("SIM_SEED={seed:#x} cargo test -p {package} {test}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_are_read_in_both_notations() {
        assert_eq!(parse("0x1f3"), Some(0x1f3));
        assert_eq!(parse(" 42 "), Some(42));
        assert_eq!(parse("1f3"), None);
    }
}
