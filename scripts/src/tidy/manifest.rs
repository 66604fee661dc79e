//! `Cargo.toml`, line by line: which table a line belongs to and whether it opens an entry.

/// One line of a manifest.
#[derive(Debug, PartialEq)]
pub(crate) struct Line<'a> {
    /// Counted from 1.
    pub(crate) number: usize,
    /// The table it belongs to, as in its header: `target.'cfg(loom)'.dependencies`.
    pub(crate) table: &'a str,
    pub(crate) kind: Kind,
    /// Without its comment.
    pub(crate) code: &'a str,
}

/// What a [`Line`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `[table]`.
    Header,
    /// `key = ..`.
    Entry,
    /// A further line of an entry's value.
    Continuation,
    /// A comment alone on its line.
    Comment,
    Blank,
}

/// The part a table plays for dependencies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role<'a> {
    /// Its entries are dependencies.
    Dependencies,
    /// It is itself one dependency: `[dependencies.name]`.
    Dependency(&'a str),
    /// `[workspace.dependencies]`, where versions are kept for the crates that say why.
    Shared,
    Other,
}

/// The lines of a manifest.
pub(crate) fn lines(text: &str) -> Vec<Line<'_>> {
    let mut found = Vec::new();
    let mut table = "";
    let mut open_brackets = 0_isize;
    let mut in_long_string = false;
    for (at, raw) in text.lines().enumerate() {
        let continues = open_brackets > 0 || in_long_string;
        let code = if in_long_string { raw.trim() } else { without_comment(raw).trim() };
        let quotes = code.matches("\"\"\"").count() + code.matches("'''").count();
        in_long_string ^= quotes % 2 == 1;
        let kind = if continues {
            Kind::Continuation
        } else if code.is_empty() {
            if raw.trim().is_empty() { Kind::Blank } else { Kind::Comment }
        } else if code.starts_with('[') {
            table = code.trim_matches(['[', ']']).trim();
            Kind::Header
        } else {
            Kind::Entry
        };
        if matches!(kind, Kind::Entry | Kind::Continuation) {
            open_brackets += brackets(code);
        }
        found.push(Line { number: at + 1, table, kind, code });
    }
    found
}

/// What a table is for dependencies.
pub(crate) fn role(table: &str) -> Role<'_> {
    const NAMES: [&str; 3] = ["dependencies", "dev-dependencies", "build-dependencies"];
    if table == "workspace.dependencies" || table.starts_with("workspace.dependencies.") {
        return Role::Shared;
    }
    let tail = |at: Option<usize>| at.map_or(table, |at| &table[at + 1..]);
    if NAMES.contains(&tail(table.rfind('.'))) {
        return Role::Dependencies;
    }
    let Some((parent, name)) = table.rsplit_once('.') else { return Role::Other };
    let parent = parent.rsplit('.').next().unwrap_or(parent);
    if NAMES.contains(&parent) { Role::Dependency(name) } else { Role::Other }
}

fn without_comment(line: &str) -> &str {
    let mut quote = None;
    for (at, c) in line.char_indices() {
        match (quote, c) {
            (None, '#') => return &line[..at],
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), _) if open == c => quote = None,
            _ => {}
        }
    }
    line
}

/// Brackets opened minus brackets closed, outside strings.
fn brackets(code: &str) -> isize {
    let mut quote = None;
    let mut open = 0;
    for c in code.chars() {
        match (quote, c) {
            (None, '"' | '\'') => quote = Some(c),
            (Some(start), _) if start == c => quote = None,
            (None, '[' | '{') => open += 1,
            (None, ']' | '}') => open -= 1,
            _ => {}
        }
    }
    open
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_know_their_table_and_kind() {
        let text = "[package]\nname = \"a#b\" # why\n\n[dependencies]\n# Reason.\nb = { version = \
            \"1\", features = [\n  \"c\",\n] }\nd = \"2\"\n";
        let found = lines(text);
        let kinds: Vec<Kind> = found.iter().map(|line| line.kind).collect();
        use Kind::{Blank, Comment, Continuation, Entry, Header};
        assert_eq!(
            kinds,
            [Header, Entry, Blank, Header, Comment, Entry, Continuation, Continuation, Entry]
        );
        assert_eq!(found[1].code, "name = \"a#b\"");
        assert_eq!(found[8].table, "dependencies");
    }

    #[test]
    fn long_strings_hold_no_entries() {
        let found = lines("a = \"\"\"\n[dependencies]\nb = 1\n\"\"\"\nc = 2\n");
        assert_eq!(found[2].kind, Kind::Continuation);
        assert_eq!((found[4].kind, found[4].table), (Kind::Entry, ""));
    }

    #[test]
    fn tables_of_dependencies_are_recognised() {
        for table in ["dependencies", "dev-dependencies", "target.'cfg(loom)'.dependencies"] {
            assert_eq!(role(table), Role::Dependencies, "{table}");
        }
        assert_eq!(role("dependencies.loom"), Role::Dependency("loom"));
        assert_eq!(role("target.'cfg(a.b)'.dev-dependencies.loom"), Role::Dependency("loom"));
        assert_eq!(role("workspace.dependencies"), Role::Shared);
        for table in ["", "package", "features", "profile.dev", "workspace.lints.rust"] {
            assert_eq!(role(table), Role::Other, "{table}");
        }
    }
}
