//! Names that say nothing: `Manager`, `Helper`, `Util`, and `get_` before what is a noun anyway.

use std::ops::RangeInclusive;

use crate::tidy::item;
use crate::tidy::lexer::Kind;
use crate::tidy::tree::{File, Tree};
use crate::tidy::violation::Violation;

const DEFINED_BY: [&str; 7] = ["fn", "struct", "enum", "trait", "type", "union", "mod"];
const EMPTY_WORDS: [&str; 6] = ["manager", "managers", "helper", "helpers", "util", "utils"];

/// The standard library's own names, which say what kind of reference comes back.
const STANDARD: [&str; 2] = ["get_mut", "get_ref"];

/// Banned names of types, functions and modules.
pub(crate) fn names(tree: &Tree) -> Vec<Violation> {
    let tests = tree.test_files();
    let mut found = Vec::new();
    for file in tree.rust_files() {
        let test_lines = if tests.contains(file.path.as_str()) {
            vec![1..=usize::MAX]
        } else {
            lines_of_tests(file)
        };
        for pair in file.tokens.windows(2) {
            let [keyword, name] = pair else { continue };
            let defines = DEFINED_BY.iter().any(|word| keyword.is_word(word));
            if !defines || name.kind != Kind::Word {
                continue;
            }
            // In the name of a test `get_` is a verb: "get of a missing key is nil".
            let in_test = test_lines.iter().any(|lines| lines.contains(&name.line));
            let getter = keyword.is_word("fn") && !in_test;
            if let Some((what, fix)) = verdict(&name.text, getter) {
                found.push(Violation::new(&file.path, name.line, what, fix));
            }
        }
    }
    found
}

fn lines_of_tests(file: &File) -> Vec<RangeInclusive<usize>> {
    let line = |at: usize| file.tokens[at].line;
    item::test_modules(&file.tokens)
        .iter()
        .map(|module| line(module.tokens.start)..=line(module.tokens.end - 1))
        .collect()
}

fn verdict(name: &str, getter: bool) -> Option<(String, &'static str)> {
    if let Some(word) = words(name).into_iter().find(|word| EMPTY_WORDS.contains(&word.as_str())) {
        let what = format!("`{name}` has the empty word `{word}` in it");
        return Some((what, "name it after what it does, in the field's own terms"));
    }
    if getter && name.starts_with("get_") && !STANDARD.contains(&name) {
        return Some((format!("`{name}` starts with `get_`"), "name it by the noun alone"));
    }
    None
}

/// The words of a name in camel or snake case, in lower case.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for c in name.chars() {
        if c == '_' || c.is_uppercase() {
            words.push(String::new());
        }
        if c != '_'
            && let Some(word) = words.last_mut()
        {
            word.extend(c.to_lowercase());
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, source: &str) -> Vec<String> {
        let found = names(&Tree::of(&[(path, source)]));
        found.iter().map(|f| f.to_string().split('`').nth(1).unwrap().to_owned()).collect()
    }

    #[test]
    fn empty_words_are_found_in_definitions() {
        let source = "struct ActorManager;\nfn helper() {}\nmod net_utils {}\ntrait HelperOf {}\n";
        let expected = ["ActorManager", "helper", "net_utils", "HelperOf"];
        assert_eq!(found("a.rs", source), expected);
    }

    #[test]
    fn whole_words_only() {
        let source =
            "struct Utilization;\nfn managed() {}\n// struct Manager\nfn a(b: Manager) {}\n";
        assert_eq!(found("a.rs", source), [""; 0]);
    }

    #[test]
    fn getters_are_found_but_not_in_tests() {
        let source = "fn get_pid() {}\nfn get_mut() {}\nfn getrandom() {}\n#[cfg(test)]\n\
            mod tests {\nfn get_of_nothing() {}\n}\n";
        assert_eq!(found("a/src/b.rs", source), ["get_pid"]);
        assert_eq!(found("a/tests/b.rs", source), [""; 0]);
    }
}
