//! Trace hashes of simulations: read from the files the testkit writes, and compared.
//!
//! Same program, same seed, same inputs: the same hash. A simulation appends one line
//! `test-name seed hash` per seed to the file that `SIM_HASHES` names. Tests run in parallel, so
//! the order of lines means nothing.

use std::collections::BTreeMap;

/// Hashes by test and seed. A pair that ran twice in one run has two.
pub(crate) type Hashes = BTreeMap<(String, String), Vec<String>>;

/// Reads the lines of one run.
///
/// # Errors
/// When there is none, or one is not `test-name seed hash`.
pub(crate) fn parse(text: &str) -> Result<Hashes, String> {
    let mut hashes = Hashes::new();
    for line in text.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let &[test, seed, hash] = words.as_slice() else {
            return Err(format!("not a line of `test-name seed hash`: `{line}`"));
        };
        hashes.entry((test.to_owned(), seed.to_owned())).or_default().push(hash.to_owned());
    }
    if hashes.is_empty() {
        return Err("no simulation wrote a trace hash".to_owned());
    }
    hashes.values_mut().for_each(|of_pair| of_pair.sort_unstable());
    Ok(hashes)
}

/// How many seeds were run, over all tests.
pub(crate) fn count(hashes: &Hashes) -> usize {
    hashes.values().map(Vec::len).sum()
}

/// The first difference between two runs, in words.
pub(crate) fn difference(first: &Hashes, second: &Hashes) -> Option<String> {
    let pairs = first.keys().chain(second.keys().filter(|pair| !first.contains_key(*pair)));
    let different = pairs.filter(|pair| first.get(*pair) != second.get(*pair)).min()?;
    let (test, seed) = different;
    let in_run =
        |run: &Hashes| run.get(different).map_or_else(|| "nothing".to_owned(), |all| all.join(" "));
    Some(format!(
        "test {test}, seed {seed}: the first run wrote {}, the second {}",
        in_run(first),
        in_run(second)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_of_lines_means_nothing() {
        let first = parse("ring 1 aa\nring 2 bb\ntimer 1 cc\n").unwrap();
        let second = parse("timer 1 cc\nring 2 bb\nring 1 aa\n").unwrap();
        assert_eq!(difference(&first, &second), None);
        assert_eq!(count(&first), 3);
    }

    #[test]
    fn the_first_difference_is_named() {
        let first = parse("ring 1 aa\ntimer 1 cc\ntimer 2 dd\n").unwrap();
        let second = parse("ring 1 aa\ntimer 1 ce\ntimer 2 de\n").unwrap();
        let found = difference(&first, &second).unwrap();
        assert_eq!(found, "test timer, seed 1: the first run wrote cc, the second ce");
    }

    #[test]
    fn a_seed_that_only_one_run_has_is_a_difference() {
        let first = parse("ring 1 aa\n").unwrap();
        let second = parse("ring 1 aa\nring 2 bb\n").unwrap();
        assert!(difference(&first, &second).unwrap().contains("wrote nothing, the second bb"));
        assert!(difference(&second, &first).unwrap().contains("wrote bb, the second nothing"));
        let twice = parse("ring 1 aa\nring 1 aa\n").unwrap();
        assert!(difference(&first, &twice).is_some());
    }

    #[test]
    fn nothing_written_and_broken_lines_are_errors() {
        assert!(parse("").unwrap_err().contains("no simulation"));
        assert!(parse("ring 1\n").unwrap_err().contains("`ring 1`"));
    }
}
