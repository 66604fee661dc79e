//! Size budgets: the files and functions that are hard to enter are always the long ones, and they
//! grow a line at a time. A rule for functions does not stop a god file, so there is one for each.

use std::collections::BTreeMap;

use crate::tidy::budget_waivers::Waivers;
use crate::tidy::item;
use crate::tidy::tree::{File, Tree};
use crate::tidy::violation::Violation;

/// Lines of a production file, with comments, without the tests at its bottom.
const FILE_LINES_MAX: usize = 400;

/// Lines between the braces of a function, without blank ones and comments (as clippy counts).
const FUNCTION_LINES_MAX: usize = 70;

/// Files and functions over their budget, and what is wrong with the list of waivers.
pub(crate) fn budgets(tree: &Tree) -> Vec<Violation> {
    let mut waivers = Waivers::read(tree);
    let mut found = Vec::new();
    let tests = tree.test_files();
    for file in tree.rust_files().filter(|file| !file.path.starts_with("benches/compare/")) {
        let lines = production_lines(file);
        let over = !tests.contains(file.path.as_str()) && lines > FILE_LINES_MAX;
        if over && !waivers.cover(&file.path, lines) {
            found.push(Violation::new(
                &file.path,
                FILE_LINES_MAX + 1,
                format!("{lines} production lines, at most {FILE_LINES_MAX} are allowed"),
                "split it by concern",
            ));
        }
        for (name, (line, lines)) in long_functions(file) {
            if !waivers.cover(&format!("{}:{name}", file.path), lines) {
                found.push(Violation::new(
                    &file.path,
                    line,
                    format!("`{name}` has {lines} lines, at most {FUNCTION_LINES_MAX} are allowed"),
                    "split it",
                ));
            }
        }
    }
    found.extend(waivers.into_violations());
    found
}

fn production_lines(file: &File) -> usize {
    match file.tokens.get(item::bottom_tests_start(&file.tokens)) {
        Some(first_of_tests) => first_of_tests.line - 1,
        None => file.text.lines().count(),
    }
}

/// Line and length of every function over its budget; of several with one name the longest.
fn long_functions(file: &File) -> BTreeMap<&str, (usize, usize)> {
    let mut found: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for function in item::functions(&file.tokens) {
        let lines = item::code_lines(function.body);
        let known = found.get(function.name).map_or(FUNCTION_LINES_MAX, |&(_, longest)| longest);
        if lines > known {
            found.insert(function.name, (function.line, lines));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(files: &[(&str, &str)]) -> Vec<String> {
        budgets(&Tree::of(files)).iter().map(ToString::to_string).collect()
    }

    fn function(lines: usize) -> String {
        format!("fn a() {{\n    // Why.\n\n{}}}\n", "    b();\n".repeat(lines))
    }

    const WAIVERS: &str = "scripts/tidy/waivers.txt";

    #[test]
    fn long_files_are_found_and_their_tests_do_not_count() {
        let tests = format!("#[cfg(test)]\nmod tests {{\n{}}}\n", "// Test.\n".repeat(50));
        let long = format!("{}{tests}", "// Line.\n".repeat(401));
        let exact = format!("{}{tests}", "// Line.\n".repeat(400));
        let found = shown(&[("a/src/b.rs", &long), ("a/src/c.rs", &exact)]);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with("a/src/b.rs:401: 401 production lines"), "{found:?}");
        assert_eq!(shown(&[("a/tests/b.rs", &long), ("benches/compare/src/b.rs", &long)]), [""; 0]);
    }

    #[test]
    fn long_functions_are_found_in_tests_too() {
        let (long, exact) = (function(71), function(70));
        let found = shown(&[("a/src/b.rs", &exact), ("a/tests/c.rs", &long)]);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with("a/tests/c.rs:1: `a` has 71 lines"), "{found:?}");
    }

    #[test]
    fn an_exact_waiver_covers() {
        let long = format!("{}{}", function(75), "// Line.\n".repeat(400));
        let waivers = "# Comment.\na/src/b.rs 479 a table\na/src/b.rs:a 75 one match\n";
        assert_eq!(shown(&[("a/src/b.rs", &long), (WAIVERS, waivers)]), [""; 0]);
    }

    #[test]
    fn waivers_only_shrink() {
        let long = function(75);
        let found = shown(&[("a/src/b.rs", &long), (WAIVERS, "a/src/b.rs:a 76 one match\n")]);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].contains("waivers.txt:1:") && found[0].contains("shrink it: write 75"));
        let found = shown(&[("a/src/b.rs", &long), (WAIVERS, "a/src/b.rs:a 74 one match\n")]);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with("a/src/b.rs:1:"), "{found:?}");
    }

    #[test]
    fn idle_and_broken_waivers_are_found() {
        let waivers = "a/src/b.rs 10 short now\na/src/b.rs 500\na/src/b.rs many lines\n";
        let found = shown(&[("a/src/b.rs", "fn a() {}\n"), (WAIVERS, waivers)]);
        assert_eq!(found.len(), 3, "{found:?}");
        assert!(found.iter().any(|line| line.contains("txt:1: a/src/b.rs needs no waiver")));
        for line in ["txt:2: not a waiver", "txt:3: not a waiver"] {
            assert!(found.iter().any(|found| found.contains(line)), "{line}: {found:?}");
        }
    }
}
