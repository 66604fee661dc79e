//! `unsafe` stays in its listed homes, and a crate without a home forbids it.

use crate::tidy::item;
use crate::tidy::lexer::Token;
use crate::tidy::tree::Tree;
use crate::tidy::unsafe_homes::{self, Home};
use crate::tidy::violation::Violation;

/// Unsafe code outside its homes, stale homes, crates that could forbid it and do not.
pub(crate) fn unsafe_code(tree: &Tree) -> Vec<Violation> {
    let homes = unsafe_homes::homes(tree);
    let mut found = outside_homes(tree, &homes);
    found.extend(stale_homes(tree, &homes));
    found.extend(crates_that_do_not_forbid(tree, &homes));
    found
}

fn unsafe_words(tokens: &[Token]) -> impl Iterator<Item = &Token> {
    tokens.iter().filter(|token| token.is_word("unsafe"))
}

fn outside_homes(tree: &Tree, homes: &[Home<'_>]) -> Vec<Violation> {
    tree.rust_files()
        .filter(|file| homes.iter().all(|home| home.path != file.path))
        .filter_map(|file| {
            // One a file: to give it a home is one decision.
            let first = unsafe_words(&file.tokens).next()?;
            let count = unsafe_words(&file.tokens).count();
            let what = format!("`unsafe` outside its homes, {count} in this file");
            let fix =
                format!("do it safely, or list the file in {} with the reason", unsafe_homes::PATH);
            Some(Violation::new(&file.path, first.line, what, fix))
        })
        .collect()
}

fn stale_homes(tree: &Tree, homes: &[Home<'_>]) -> Vec<Violation> {
    let mut found = Vec::new();
    for home in homes {
        let used = tree.file(home.path).is_some_and(|file| unsafe_words(&file.tokens).count() > 0);
        if !used {
            found.push(Violation::new(
                unsafe_homes::PATH,
                home.line,
                format!("stale home: {} does not exist or holds no `unsafe`", home.path),
                "remove the line",
            ));
        }
        if home.reason.is_empty() {
            found.push(Violation::new(
                unsafe_homes::PATH,
                home.line,
                format!("no reason for {}", home.path),
                "write it after the path",
            ));
        }
    }
    found
}

fn crates_that_do_not_forbid(tree: &Tree, homes: &[Home<'_>]) -> Vec<Violation> {
    let folders: Vec<&str> = tree.package_folders().collect();
    // The root package's folder holds all others: a home belongs to the longest folder it is in.
    let owner = |path: &str| {
        folders.iter().filter(|folder| path.starts_with(**folder)).max_by_key(|f| f.len()).copied()
    };
    let with_home: Vec<&str> = homes.iter().filter_map(|home| owner(home.path)).collect();
    folders
        .iter()
        .filter(|folder| !with_home.contains(folder))
        .flat_map(|folder| ["lib.rs", "main.rs"].map(|root| format!("{folder}src/{root}")))
        .filter_map(|root| tree.file(&root))
        .filter(|root| !forbids_unsafe(&root.tokens))
        .map(|root| {
            Violation::new(
                &root.path,
                1,
                "a crate without a home for `unsafe` does not forbid it",
                "add `#![forbid(unsafe_code)]` below the docs",
            )
        })
        .collect()
}

fn forbids_unsafe(tokens: &[Token]) -> bool {
    item::attributes(tokens).any(|attribute| {
        attribute[1].is_mark("!")
            && attribute.iter().any(|token| token.is_word("forbid"))
            && attribute.iter().any(|token| token.is_word("unsafe_code"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = "[package]\n";
    const FORBIDS: &str = "#![forbid(unsafe_code)]\n";

    fn shown(files: &[(&str, &str)]) -> Vec<String> {
        unsafe_code(&Tree::of(files)).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn unsafe_outside_its_homes_is_found() {
        let source = "// unsafe\n#[deny(unsafe_code)]\nfn a() { unsafe { b(\"unsafe\") } }\n\
            unsafe impl Send for C {}\n";
        let found = shown(&[("a/src/b.rs", source)]);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with("a/src/b.rs:3:") && found[0].contains("2 in"), "{found:?}");
    }

    #[test]
    fn a_home_covers_its_file_and_its_crate() {
        let found = shown(&[
            ("Cargo.toml", MANIFEST),
            ("src/lib.rs", FORBIDS),
            ("a/Cargo.toml", MANIFEST),
            ("a/src/lib.rs", "mod b;\n"),
            ("a/src/b.rs", "unsafe fn c() {}\n"),
            (unsafe_homes::PATH, "# Comment.\na/src/b.rs  the ring's slot\n"),
        ]);
        assert_eq!(found, [""; 0]);
    }

    #[test]
    fn stale_homes_and_missing_reasons_are_found() {
        let found = shown(&[
            ("a/src/b.rs", "fn c() {}\n"),
            ("a/src/d.rs", "unsafe fn c() {}\n"),
            (unsafe_homes::PATH, "a/src/b.rs why\na/src/c.rs why\na/src/d.rs\n"),
        ]);
        assert_eq!(found.len(), 3, "{found:?}");
        assert!(found[0].contains("txt:1: stale home: a/src/b.rs"), "{found:?}");
        assert!(found[1].contains("txt:2: stale home: a/src/c.rs"), "{found:?}");
        assert!(found[2].contains("txt:3: no reason for a/src/d.rs"), "{found:?}");
    }

    #[test]
    fn crates_without_a_home_must_forbid() {
        let found = shown(&[
            ("Cargo.toml", MANIFEST),
            ("src/lib.rs", "//! `#![forbid(unsafe_code)]`\nmod a;\n"),
            ("b/Cargo.toml", MANIFEST),
            ("b/src/main.rs", "#![forbid(unsafe_code, missing_docs)]\nfn main() {}\n"),
            ("c/Cargo.toml", MANIFEST),
            ("c/src/main.rs", "#![deny(unsafe_code)]\nfn main() {}\n"),
        ]);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].starts_with("src/lib.rs:1:"), "{found:?}");
        assert!(found[1].starts_with("c/src/main.rs:1:"), "{found:?}");
    }
}
