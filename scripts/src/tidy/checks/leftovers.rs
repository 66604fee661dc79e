//! Things meant to be gone before a commit: unfinished code, debug output, tests that do not run.

use crate::tidy::item;
use crate::tidy::lexer::Token;
use crate::tidy::tree::{File, Tree};
use crate::tidy::violation::Violation;

/// Reminders, searched in comments as well. Prose about them (in Markdown) is free.
const REMINDERS: [&str; 2] = [concat!("FIX", "ME"), concat!("XX", "X")];

/// Leftovers in code and comments.
pub(crate) fn leftovers(tree: &Tree) -> Vec<Violation> {
    let mut found = Vec::new();
    for file in tree.files() {
        found.extend(macros(file));
        found.extend(attributes(file));
        if !file.path.ends_with(".md") {
            found.extend(reminders(file));
        }
    }
    found
}

fn macros(file: &File) -> Vec<Violation> {
    let is_leftover =
        |token: &Token| ["todo", "unimplemented", "dbg"].iter().any(|m| token.is_word(m));
    let pairs = file.tokens.windows(2).filter(|pair| is_leftover(&pair[0]) && pair[1].is_mark("!"));
    pairs
        .map(|pair| {
            let what = format!("`{}!` is left over", pair[0].text);
            Violation::new(&file.path, pair[0].line, what, "finish the code or take it out")
        })
        .collect()
}

fn attributes(file: &File) -> Vec<Violation> {
    let mut found = Vec::new();
    for attribute in item::attributes(&file.tokens) {
        let has = |word| attribute.iter().any(|token| token.is_word(word));
        let line = attribute[0].line;
        let names_ignore = attribute.get(2).is_some_and(|first| first.is_word("ignore"));
        let is_ignore = names_ignore || (has("cfg_attr") && has("ignore"));
        if is_ignore {
            let fix = "make the test pass, or remove it";
            found.push(Violation::new(&file.path, line, "a test is ignored", fix));
        }
        if has("allow") && has("dead_code") {
            let fix = "use the code, or remove it";
            found.push(Violation::new(&file.path, line, "dead code is allowed", fix));
        }
    }
    found
}

fn reminders(file: &File) -> Vec<Violation> {
    let mut found = Vec::new();
    for (at, line) in file.text.lines().enumerate() {
        let mut words = line.split(|c: char| c != '_' && !c.is_alphanumeric());
        if let Some(word) = words.find(|word| REMINDERS.contains(word)) {
            let what = format!("`{word}` is left over");
            found.push(Violation::new(&file.path, at + 1, what, "do it now, or open an issue"));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(source: &str) -> Vec<String> {
        let found = leftovers(&Tree::of(&[("a.rs", source)]));
        found.iter().map(|found| found.to_string().split(';').next().unwrap().to_owned()).collect()
    }

    #[test]
    fn unfinished_code_is_found() {
        let found =
            lines("fn a() { todo!() }\nfn b() { unimplemented!(\"c\") }\nfn d() { dbg!(e) }\n");
        assert_eq!(
            found,
            [
                "a.rs:1: `todo!` is left over",
                "a.rs:2: `unimplemented!` is left over",
                "a.rs:3: `dbg!` is left over"
            ]
        );
    }

    #[test]
    fn attributes_that_hide_something_are_found() {
        let found = lines(
            "#![allow(unused, dead_code)]\n#[test]\n#[ignore = \"slow\"]\nfn a() {}\n\
            #[cfg_attr(miri, ignore)]\nfn b() {}\n#[ignore]\nfn c() {}\n",
        );
        assert_eq!(
            found,
            [
                "a.rs:1: dead code is allowed",
                "a.rs:3: a test is ignored",
                "a.rs:5: a test is ignored",
                "a.rs:7: a test is ignored"
            ]
        );
    }

    #[test]
    fn reminders_are_found_in_comments() {
        let source = format!("// {}: later\nfn a() {{}} // {}\n", REMINDERS[0], REMINDERS[1]);
        assert_eq!(lines(&source).len(), 2);
        let manifest = format!("# {}\n", REMINDERS[0]);
        assert_eq!(leftovers(&Tree::of(&[("Cargo.toml", &manifest)])).len(), 1);
        assert_eq!(leftovers(&Tree::of(&[("a.md", &manifest)])), []);
    }

    #[test]
    fn words_in_comments_strings_and_names_are_free() {
        let source = "// todo!() and #[ignore]\nfn todo(ignore: bool) { a(\"dbg!(b)\"); }\n\
            #[deny(dead_code)]\nfn c() {}\n#[derive(todo)]\nstruct D;\n// XXXL mktemp.XXXXXX\n";
        assert_eq!(lines(source), [""; 0]);
    }
}
