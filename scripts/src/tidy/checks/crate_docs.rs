//! Every crate opens with what it is.

use crate::tidy::tree::Tree;
use crate::tidy::violation::Violation;

/// Roots of crates (libraries, binaries, test binaries) that do not open with docs.
pub(crate) fn crate_docs(tree: &Tree) -> Vec<Violation> {
    tree.rust_files()
        .filter(|file| matches!(file.name(), "lib.rs" | "main.rs"))
        .filter(|file| {
            let first = file.text.lines().find(|line| !line.trim().is_empty()).unwrap_or("");
            !first.starts_with("//!") && !first.starts_with("#![doc")
        })
        .map(|file| {
            let fix = "say in `//!` lines at the top what it is for";
            Violation::new(&file.path, 1, "the crate does not open with docs", fix)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roots_must_open_with_docs() {
        let tree = Tree::of(&[
            ("a/src/lib.rs", "//! What a is.\n"),
            ("b/src/lib.rs", "#![doc = include_str!(\"../README.md\")]\n"),
            ("c/src/c.rs", "mod d;\n"),
            ("d/src/lib.rs", "// Not docs.\n//! Too late.\n"),
            ("e/tests/main.rs", ""),
        ]);
        let found: Vec<String> = crate_docs(&tree).iter().map(ToString::to_string).collect();
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].starts_with("d/src/lib.rs:1:"), "{found:?}");
        assert!(found[1].starts_with("e/tests/main.rs:1:"), "{found:?}");
    }
}
