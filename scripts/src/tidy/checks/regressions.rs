//! The page of other people's bugs: what it says is tested is tested.

use crate::tidy::item;
use crate::tidy::tree::{File, Tree};
use crate::tidy::violation::Violation;

const PAGE: &str = "docs/design/regressions.md";
/// What the last cell of a row begins with whose subject is not there to be tested.
const NOT_BUILT: &str = "not built yet: ";

/// Rows of the page that name no test, and tests that are not there.
pub(crate) fn regressions(tree: &Tree) -> Vec<Violation> {
    let Some(page) = tree.file(PAGE) else { return Vec::new() };
    let lines = (1..).zip(page.text.lines());
    lines.flat_map(|(at, line)| row(tree, page, at, line)).collect()
}

fn row(tree: &Tree, page: &File, at: usize, line: &str) -> Vec<Violation> {
    let Some(cells) = line.strip_prefix('|').and_then(|line| line.trim_end().strip_suffix('|'))
    else {
        return Vec::new();
    };
    let cell = cells.rsplit('|').next().unwrap_or_default().trim();
    let heading = cell == "test" || cell.chars().all(|c| matches!(c, '-' | ':'));
    if heading || cell.starts_with(NOT_BUILT) {
        return Vec::new();
    }
    let tests: Vec<&str> = cell.split('`').skip(1).step_by(2).collect();
    if tests.is_empty() {
        let fix = format!("name one as `file.rs::test`, or say `{NOT_BUILT}` and by which layer");
        return vec![Violation::new(&page.path, at, "the row names no test", fix)];
    }
    let missing = tests.into_iter().filter(|test| !exists(tree, test));
    missing
        .map(|test| {
            let what = format!("there is no test `{test}`");
            Violation::new(&page.path, at, what, "name one of the tree as `file.rs::test`")
        })
        .collect()
}

fn exists(tree: &Tree, test: &str) -> bool {
    let Some((path, name)) = test.rsplit_once("::") else { return false };
    let file = tree.file(path).filter(|file| file.is_rust());
    file.is_some_and(|file| {
        item::functions(&file.tokens).iter().any(|function| function.name == name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(row: &str) -> Vec<String> {
        let page = format!("# Bugs\n\n| bug | test |\n|---|---|\n{row}\n");
        let tree = Tree::of(&[
            (PAGE, &page),
            ("a/tests/b.rs", "#[test]\nfn holds() {}\n// fn gone() {}\n"),
        ]);
        regressions(&tree).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn tests_that_are_there_and_rows_without_a_subject_pass() {
        let both = "| x | `a/tests/b.rs::holds`, `a/tests/b.rs::holds` |";
        for row in [both, "| x | not built yet: streams |", "no row: `a/tests/b.rs::gone`"] {
            assert_eq!(shown(row), [""; 0], "{row}");
        }
    }

    #[test]
    fn missing_tests_and_empty_rows_are_found() {
        for test in ["a/tests/b.rs::gone", "a/tests/c.rs::holds", "holds"] {
            let found = shown(&format!("| x | `{test}` |"));
            assert_eq!(found.len(), 1, "{test}");
            assert!(found[0].starts_with(&format!("{PAGE}:5: there is no test `{test}`")));
        }
        assert!(shown("| x | some day |")[0].contains("names no test"));
    }
}
