//! What the checks need to know of Rust's grammar: attributes, functions, modules for tests.

use std::collections::BTreeSet;
use std::ops::Range;

use super::lexer::{Kind, Token};

/// A function with a body.
#[derive(Debug)]
pub(crate) struct Function<'a> {
    pub(crate) name: &'a str,
    pub(crate) line: usize,
    /// The tokens between its braces.
    pub(crate) body: &'a [Token],
}

/// A `#[cfg(test)] mod name`, inline or in a file of its own.
#[derive(Debug)]
pub(crate) struct TestModule<'a> {
    pub(crate) name: &'a str,
    /// With its attributes, as indices of tokens.
    pub(crate) tokens: Range<usize>,
    pub(crate) inline: bool,
    /// The file its `#[path = ".."]` names.
    path: Option<&'a str>,
}

impl TestModule<'_> {
    /// Where the file of a module that is not inline can be, if `parent` declares it.
    pub(crate) fn file_candidates(&self, parent: &str) -> Vec<String> {
        let (folder, file) = parent.rsplit_once('/').unwrap_or(("", parent));
        let name = self.name;
        if let Some(path) = self.path {
            return vec![format!("{folder}/{path}")];
        }
        let folder = match file {
            "lib.rs" | "main.rs" | "mod.rs" => folder.to_owned(),
            _ => format!("{folder}/{}", file.trim_end_matches(".rs")),
        };
        vec![format!("{folder}/{name}.rs"), format!("{folder}/{name}/mod.rs")]
    }
}

/// The index of the bracket that closes the one at `open`, or of the last token.
pub(crate) fn closing(tokens: &[Token], open: usize) -> usize {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate().skip(open) {
        if token.kind == Kind::Mark {
            match token.text.as_str() {
                "(" | "[" | "{" => depth += 1,
                ")" | "]" | "}" => depth = depth.saturating_sub(1),
                _ => {}
            }
        }
        if depth == 0 {
            return at;
        }
    }
    tokens.len().saturating_sub(1)
}

/// The end (exclusive) of the attribute that starts at `at`, if one does.
pub(crate) fn attribute_end(tokens: &[Token], at: usize) -> Option<usize> {
    if !tokens.get(at)?.is_mark("#") {
        return None;
    }
    let open = if tokens.get(at + 1)?.is_mark("!") { at + 2 } else { at + 1 };
    tokens.get(open)?.is_mark("[").then(|| closing(tokens, open) + 1)
}

/// Every attribute, inner ones too, as its tokens from `#` to `]`.
pub(crate) fn attributes(tokens: &[Token]) -> impl Iterator<Item = &[Token]> {
    (0..tokens.len()).filter_map(|at| Some(&tokens[at..attribute_end(tokens, at)?]))
}

/// The index after a visibility (`pub`, `pub(crate)`) that may stand at `at`.
pub(crate) fn after_visibility(tokens: &[Token], at: usize) -> usize {
    match (tokens.get(at), tokens.get(at + 1)) {
        (Some(word), Some(mark)) if word.is_word("pub") && mark.is_mark("(") => {
            closing(tokens, at + 1) + 1
        }
        (Some(word), _) if word.is_word("pub") => at + 1,
        _ => at,
    }
}

/// Every function with a body, nested ones too.
pub(crate) fn functions(tokens: &[Token]) -> Vec<Function<'_>> {
    let mut found = Vec::new();
    for (at, pair) in tokens.windows(2).enumerate() {
        let [keyword, name] = pair else { continue };
        if !keyword.is_word("fn") || name.kind != Kind::Word {
            continue;
        }
        if let Some(open) = body_open(tokens, at + 2) {
            let body = &tokens[open + 1..closing(tokens, open).max(open + 1)];
            found.push(Function { name: &name.text, line: keyword.line, body });
        }
    }
    found
}

/// The `{` of the function whose parameters start at or after `at`; `None` if a `;` ends it.
fn body_open(tokens: &[Token], mut at: usize) -> Option<usize> {
    loop {
        let token = tokens.get(at)?;
        if token.is_mark("{") {
            return Some(at);
        }
        if token.is_mark(";") || token.is_mark("}") {
            return None;
        }
        let group = token.is_mark("(") || token.is_mark("[");
        at = if group { closing(tokens, at) } else { at } + 1;
    }
}

/// On how many lines these tokens lie: blank lines and comments do not count.
pub(crate) fn code_lines(tokens: &[Token]) -> usize {
    let lines: BTreeSet<usize> =
        tokens.iter().flat_map(|token| token.line..=token.line_last).collect();
    lines.len()
}

/// The modules that are compiled for tests only.
pub(crate) fn test_modules(tokens: &[Token]) -> Vec<TestModule<'_>> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let start = at;
        while let Some(end) = attribute_end(tokens, at) {
            at = end;
        }
        if at == start {
            at += 1;
            continue;
        }
        let attributes = &tokens[start..at];
        let keyword = after_visibility(tokens, at);
        let [Some(word), Some(name), Some(mark)] = [0, 1, 2].map(|n| tokens.get(keyword + n))
        else {
            break;
        };
        if word.is_word("mod") && is_test_only(attributes) {
            let inline = mark.is_mark("{");
            let end = closing(tokens, keyword + 2) + 1;
            let path = path_of(attributes);
            found.push(TestModule { name: &name.text, tokens: start..end, inline, path });
            at = end;
        }
    }
    found
}

/// Whether one of these attributes is a `cfg` that holds under `cargo test` only: it asks for
/// `test`, alone or among things that must all hold.
fn is_test_only(outer: &[Token]) -> bool {
    attributes(outer).any(|attribute| {
        let has = |word| attribute.iter().any(|token| token.is_word(word));
        let negated =
            attribute.windows(3).any(|three| three[0].is_word("not") && three[2].is_word("test"));
        attribute.get(2).is_some_and(|first| first.is_word("cfg"))
            && has("test")
            && !has("any")
            && !negated
    })
}

fn path_of(outer: &[Token]) -> Option<&str> {
    let path =
        attributes(outer).find(|all| all.get(2).is_some_and(|first| first.is_word("path")))?;
    Some(path.get(4)?.text.trim_matches('"'))
}

/// The first token of the modules for tests at the bottom of a file, or the number of tokens.
pub(crate) fn bottom_tests_start(tokens: &[Token]) -> usize {
    let mut start = tokens.len();
    for module in test_modules(tokens).iter().rev() {
        if module.tokens.end == start {
            start = module.tokens.start;
        }
    }
    start
}

#[cfg(test)]
mod tests {
    use super::super::lexer::tokens;
    use super::*;

    #[test]
    fn functions_are_found_with_their_bodies() {
        let source = "fn a<const N: usize>(x: [u8; { 3 }]) -> impl Fn() where T: Fn(u8) { x; }\n\
            trait T { fn b(&self); fn c() { fn d() {} } }\nlet f: fn(u8) = g; fn";
        let all = tokens(source);
        let found: Vec<_> =
            functions(&all).iter().map(|f| (f.name, f.line, f.body.len())).collect();
        assert_eq!(found, [("a", 1, 2), ("c", 2, 6), ("d", 2, 0)]);
    }

    #[test]
    fn code_lines_leave_blanks_and_comments_out() {
        let all = tokens("a\n\n// b\nc /* d\n */\n\"e\n\nf\"\n");
        assert_eq!(code_lines(&all), 5);
        assert_eq!(code_lines(&[]), 0);
    }

    #[test]
    fn modules_for_tests_are_told_from_others() {
        let of = |attribute: &str| {
            let all = tokens(&format!("{attribute} pub(crate) mod m {{ mod n; }}"));
            test_modules(&all).len()
        };
        for attribute in ["#[cfg(test)]", "#[cfg(all(test, not(loom)))]", "#[a] #[cfg(test)]"] {
            assert_eq!(of(attribute), 1, "{attribute}");
        }
        let others =
            ["", "#[cfg(not(test))]", "#[cfg(any(test, loom))]", "#[cfg(loom)]", "#[test]"];
        for attribute in others {
            assert_eq!(of(attribute), 0, "{attribute}");
        }
    }

    #[test]
    fn files_of_modules_follow_the_rules_of_paths() {
        let plain = tokens("#[cfg(test)] mod rig;");
        let plain = &test_modules(&plain)[0];
        assert_eq!(plain.file_candidates("a/src/lib.rs"), ["a/src/rig.rs", "a/src/rig/mod.rs"]);
        assert_eq!(plain.file_candidates("a/src/b.rs"), ["a/src/b/rig.rs", "a/src/b/rig/mod.rs"]);
        let named = tokens("#[cfg(test)] #[path = \"b_rig.rs\"] mod rig;");
        assert_eq!(test_modules(&named)[0].file_candidates("a/src/b.rs"), ["a/src/b_rig.rs"]);
    }

    #[test]
    fn only_tests_at_the_bottom_are_cut_off() {
        let tail = |source: &str| {
            let all = tokens(source);
            all.len() - bottom_tests_start(&all)
        };
        assert_eq!(tail("fn a() {} #[cfg(test)] mod tests { fn b() {} }"), 17);
        assert_eq!(tail("#[cfg(test)] mod tests {} fn a() {}"), 0);
        assert_eq!(tail("fn a() {} #[cfg(test)] mod b; #[cfg(test)] mod c {}"), 21);
        assert_eq!(tail("fn a() {}"), 0);
    }
}
