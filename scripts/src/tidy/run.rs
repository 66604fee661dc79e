//! All checks, one after the other.

use super::checks;
use super::tree::Tree;
use super::violation::Violation;

type Check = fn(&Tree) -> Vec<Violation>;

const CHECKS: [Check; 11] = [
    checks::driver_names,
    checks::unsafe_code,
    checks::budgets,
    checks::door_files,
    checks::leftovers,
    checks::markdown,
    checks::dependency_reasons,
    checks::names,
    checks::whitespace,
    checks::crate_docs,
    checks::regressions,
];

/// What breaks the rules in `tree`, by file and line.
pub(crate) fn violations(tree: &Tree) -> Vec<Violation> {
    let mut found: Vec<Violation> = CHECKS.iter().flat_map(|check| check(tree)).collect();
    found.sort();
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tidy_tree_has_no_violations() {
        let tree = Tree::of(&[
            ("a/Cargo.toml", "[package]\nname = \"a\"\n\n[dependencies]\n# Why.\nb = \"1\"\n"),
            ("a/src/lib.rs", "//! What a is.\n\n#![forbid(unsafe_code)]\n\nmod b;\n"),
            ("a/src/b.rs", "//! What b is.\n\nfn c() {}\n"),
            ("README.md", "# A\n\nSee [b](a/src/b.rs).\n"),
        ]);
        assert_eq!(violations(&tree), []);
    }

    #[test]
    fn violations_come_by_file_and_line() {
        let tree = Tree::of(&[
            ("b.md", "# One\n\n# Two\n"),
            ("a/src/b.rs", "fn get_c() {}\nunsafe fn d() {} \n"),
        ]);
        let places: Vec<String> = violations(&tree)
            .iter()
            .map(|found| found.to_string().split(": ").next().unwrap().to_owned())
            .collect();
        assert_eq!(places, ["a/src/b.rs:1", "a/src/b.rs:2", "a/src/b.rs:2", "b.md:3"]);
    }
}
