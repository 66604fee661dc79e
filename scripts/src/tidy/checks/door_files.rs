//! Door files: `lib.rs` and `mod.rs` hold docs, modules and re-exports. Whoever opens a folder
//! reads there what is in it, and finds the logic in files that have names.

use crate::tidy::item::{after_visibility, attribute_end, closing};
use crate::tidy::lexer::Token;
use crate::tidy::tree::Tree;
use crate::tidy::violation::Violation;

/// What a door file may hold; `compile_error` refuses a target or a mix of features.
const ALLOWED: [&str; 4] = ["mod", "use", "type", "compile_error"];

/// Marks of items that must stand in a crate's root: the compiler wants procedural macros there.
const ROOT_ONLY: [&str; 4] = ["proc_macro", "proc_macro_attribute", "proc_macro_derive", "doctest"];

/// Items in door files that belong into a file of their own.
pub(crate) fn door_files(tree: &Tree) -> Vec<Violation> {
    let mut found = Vec::new();
    for file in tree.rust_files().filter(|file| matches!(file.name(), "lib.rs" | "mod.rs")) {
        for token in items_of_logic(&file.tokens) {
            found.push(Violation::new(
                &file.path,
                token.line,
                format!(
                    "a door file holds more than docs, modules and re-exports (`{}`)",
                    token.text
                ),
                "move it into a file with a name, and re-export it",
            ));
        }
    }
    found
}

/// The first token of each item that is not allowed.
fn items_of_logic(tokens: &[Token]) -> Vec<&Token> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let attributes = at;
        while let Some(end) = attribute_end(tokens, at) {
            at = end;
        }
        let exempt =
            tokens[attributes..at].iter().any(|token| ROOT_ONLY.iter().any(|w| token.is_word(w)));
        at = after_visibility(tokens, at);
        let Some(first) = tokens.get(at) else { break };
        let end = item_end(tokens, at);
        let is_crate =
            first.is_word("extern") && tokens[at + 1..end].iter().any(|t| t.is_word("crate"));
        if first.is_word("mod") && tokens[end - 1].is_mark("}") {
            // An inline module, as a prelude is: a door within a door.
            found.extend(items_of_logic(&tokens[at + 3..end - 1]));
        } else if !exempt
            && !is_crate
            && !first.is_mark(";")
            && !ALLOWED.iter().any(|word| first.is_word(word))
        {
            found.push(first);
        }
        at = end;
    }
    found
}

/// The end (exclusive) of the item at `at`: its `;` or its closing brace.
fn item_end(tokens: &[Token], mut at: usize) -> usize {
    let is_use = tokens[at].is_word("use");
    while let Some(token) = tokens.get(at) {
        if token.is_mark(";") {
            return at + 1;
        }
        let braces = token.is_mark("{");
        if braces || token.is_mark("(") || token.is_mark("[") {
            at = closing(tokens, at);
            if braces && !is_use {
                return at + 1;
            }
        }
        at += 1;
    }
    tokens.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(path: &str, source: &str) -> Vec<String> {
        let found = door_files(&Tree::of(&[(path, source)]));
        found.iter().map(|found| found.to_string().split(": ").next().unwrap().to_owned()).collect()
    }

    #[test]
    fn docs_modules_and_re_exports_pass() {
        let source = "//! Docs.\n#![forbid(unsafe_code)]\nextern crate alloc;\nmod a;\n\
            pub(crate) mod b;\n#[cfg(test)]\nmod tests;\npub use a::{self, C, D};\n\
            pub type E = a::F<3>;\npub mod prelude { pub use crate::{C, D}; }\n\
            #[cfg(windows)]\ncompile_error!(\"no\");\n#[cfg(doctest)]\n#[doc = \"x\"]\nstruct R;\n\
            #[proc_macro_derive(X)]\npub fn x(a: T) -> T { a::x(a) }\n";
        assert_eq!(lines("a/src/lib.rs", source), [""; 0]);
    }

    #[test]
    fn logic_is_found() {
        let source = "mod a;\npub fn b() { c(); }\nimpl D { fn e() {} }\npub struct F;\n\
            const G: [u8; 2] = { [0; 2] };\npub mod h { fn i() {} }\n#[cfg(test)]\n\
            mod tests { fn j() {} }\nthread_local! { static K: u8 = 0; }\nuse l::M;\n";
        let expected =
            ["b:2", "b:3", "b:4", "b:5", "b:6", "b:8", "b:9"].map(|s| s.replace('b', "a/b/mod.rs"));
        assert_eq!(lines("a/b/mod.rs", source), expected);
    }

    #[test]
    fn other_files_are_not_doors() {
        for path in ["a/src/main.rs", "a/examples/b/main.rs", "a/src/b.rs"] {
            assert_eq!(lines(path, "fn main() {}\n"), [""; 0], "{path}");
        }
    }
}
