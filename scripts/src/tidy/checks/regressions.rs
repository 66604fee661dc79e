//! Pages whose tables name tests: what they say is tested is tested.

use crate::tidy::item;
use crate::tidy::tree::{File, Tree};
use crate::tidy::violation::Violation;

/// The page of other people's bugs, and that of OTP's rules.
const PAGES: [&str; 2] = ["docs/design/regressions.md", "docs/guide/supervision.md"];
/// What the last column is called in tables whose rows name tests.
const HEADING: &str = "test";
/// What the last cell of a row begins with whose subject is not there to be tested.
const NOT_BUILT: &str = "not built yet: ";

/// Rows of the pages' tables that name no test, and tests that are not there.
pub(crate) fn regressions(tree: &Tree) -> Vec<Violation> {
    PAGES.iter().filter_map(|page| tree.file(page)).flat_map(|page| rows(tree, page)).collect()
}

fn rows(tree: &Tree, page: &File) -> Vec<Violation> {
    let mut found = Vec::new();
    // Whether the table that the line is in has a column of tests.
    let mut of_tests = false;
    let mut before = "";
    for (at, line) in (1..).zip(page.text.lines()) {
        if !before.starts_with('|') {
            of_tests = last_cell(line) == Some(HEADING);
        }
        if of_tests {
            found.extend(row(tree, page, at, line));
        }
        before = line;
    }
    found
}

/// The last cell of a table's row.
fn last_cell(line: &str) -> Option<&str> {
    let cells = line.strip_prefix('|')?.trim_end().strip_suffix('|')?;
    Some(cells.rsplit('|').next().unwrap_or_default().trim())
}

fn row(tree: &Tree, page: &File, at: usize, line: &str) -> Vec<Violation> {
    let Some(cell) = last_cell(line) else { return Vec::new() };
    let heading = cell == HEADING || cell.chars().all(|c| matches!(c, '-' | ':'));
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
            (PAGES[0], &page),
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
    fn tables_without_a_column_of_tests_are_left_alone() {
        let page = "| a | b |\n|---|---|\n| x | y |\n\n| a | test |\n|---|---|\n| x | y |\n";
        let found = regressions(&Tree::of(&[(PAGES[1], page)]));
        assert_eq!(found.len(), 1);
        assert!(found[0].to_string().contains(":7: "));
    }

    #[test]
    fn missing_tests_and_empty_rows_are_found() {
        for test in ["a/tests/b.rs::gone", "a/tests/c.rs::holds", "holds"] {
            let found = shown(&format!("| x | `{test}` |"));
            assert_eq!(found.len(), 1, "{test}");
            assert!(found[0].starts_with(&format!("{}:5: there is no test `{test}`", PAGES[0])));
        }
        assert!(shown("| x | some day |")[0].contains("names no test"));
    }
}
