//! Rust source cut into tokens: just enough of the language to tell code from comments and strings.
//!
//! Comments vanish, a string is one token with its quotes, every punctuation mark is a token of its
//! own. The cutting never fails: on text that is not Rust it returns some tokens.

/// What a [`Token`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A keyword or name.
    Word,
    /// A string, byte string or character.
    Literal,
    /// A number or a lifetime.
    Other,
    /// One punctuation mark.
    Mark,
}

/// One token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    pub(crate) text: String,
    /// The line it starts on, from 1.
    pub(crate) line: usize,
    /// The line it ends on; later than `line` for a string of several lines.
    pub(crate) line_last: usize,
}

impl Token {
    pub(crate) fn is_word(&self, word: &str) -> bool {
        self.kind == Kind::Word && self.text == word
    }

    pub(crate) fn is_mark(&self, mark: &str) -> bool {
        self.kind == Kind::Mark && self.text == mark
    }
}

/// The tokens of `source`.
pub(crate) fn tokens(source: &str) -> Vec<Token> {
    let mut lexer = Lexer { rest: source, line: 1, tokens: Vec::new() };
    while let Some(first) = lexer.rest.chars().next() {
        lexer.step(first);
    }
    lexer.tokens
}

struct Lexer<'a> {
    rest: &'a str,
    line: usize,
    tokens: Vec<Token>,
}

impl Lexer<'_> {
    fn step(&mut self, first: char) {
        if let Some(len) = comment_len(self.rest) {
            self.skip(len);
        } else if let Some(len) = string_len(self.rest) {
            self.push(Kind::Literal, len);
        } else if first == '\'' {
            match char_len(self.rest) {
                Some(len) => self.push(Kind::Literal, len),
                None => self.push(Kind::Other, 1 + word_len(&self.rest[1..])),
            }
        } else if is_word_start(first) {
            if self.rest.strip_prefix("r#").is_some_and(|name| name.starts_with(is_word_start)) {
                self.skip("r#".len());
            }
            self.push(Kind::Word, word_len(self.rest));
        } else if first.is_ascii_digit() {
            self.push(Kind::Other, number_len(self.rest));
        } else if first.is_whitespace() {
            self.skip(first.len_utf8());
        } else {
            self.push(Kind::Mark, first.len_utf8());
        }
    }

    fn push(&mut self, kind: Kind, len: usize) {
        let (text, line) = (self.rest[..len].to_owned(), self.line);
        self.skip(len);
        self.tokens.push(Token { kind, text, line, line_last: self.line });
    }

    fn skip(&mut self, len: usize) {
        let (skipped, rest) = self.rest.split_at(len);
        self.line += skipped.matches('\n').count();
        self.rest = rest;
    }
}

fn is_word_start(c: char) -> bool {
    c == '_' || c.is_alphabetic()
}

fn word_len(text: &str) -> usize {
    text.find(|c: char| c != '_' && !c.is_alphanumeric()).unwrap_or(text.len())
}

/// A number, with a fraction but without a sign in its exponent. The dots of `0..9` are not its.
fn number_len(text: &str) -> usize {
    let whole = word_len(text);
    match text[whole..].strip_prefix('.') {
        Some(fraction) if fraction.starts_with(|c: char| c.is_ascii_digit()) => {
            whole + 1 + word_len(fraction)
        }
        _ => whole,
    }
}

/// The length of the comment at the start of `text`; block comments nest.
fn comment_len(text: &str) -> Option<usize> {
    if text.starts_with("//") {
        return Some(text.find('\n').unwrap_or(text.len()));
    }
    if !text.starts_with("/*") {
        return None;
    }
    let (mut depth, mut at) = (0, 0);
    while at < text.len() {
        let (len, change) = match &text.as_bytes()[at..] {
            [b'/', b'*', ..] => (2, 1),
            [b'*', b'/', ..] => (2, -1),
            _ => (1, 0),
        };
        at += len;
        depth += change;
        if depth == 0 {
            return Some(at);
        }
    }
    Some(text.len())
}

/// The length of the string of any kind at the start of `text`: `".."`, `b".."`, `c".."`,
/// `r#".."#` and so on, or a byte `b'.'`.
fn string_len(text: &str) -> Option<usize> {
    let prefix = word_len(text);
    let after = &text[prefix..];
    match &text[..prefix] {
        "" | "b" | "c" if after.starts_with('"') => Some(prefix + escaped_len(after, '"')),
        "b" if after.starts_with('\'') => Some(prefix + escaped_len(after, '\'')),
        "r" | "br" | "cr" => {
            let hashes = after.len() - after.trim_start_matches('#').len();
            let content = after[hashes..].strip_prefix('"')?;
            let end = format!("\"{}", "#".repeat(hashes));
            let start = text.len() - content.len();
            Some(content.find(&end).map_or(text.len(), |at| start + at + end.len()))
        }
        _ => None,
    }
}

/// The length of a literal that ends at `quote` and may hold escapes.
fn escaped_len(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        if c == quote && !escaped {
            return at + c.len_utf8();
        }
        escaped = c == '\\' && !escaped;
    }
    text.len()
}

/// The length of the character literal at the start of `text`, or `None` for a lifetime.
fn char_len(text: &str) -> Option<usize> {
    let mut after = text.chars().skip(1);
    match (after.next()?, after.next()?) {
        ('\\', _) => Some(escaped_len(text, '\'')),
        (c, '\'') => Some(2 + c.len_utf8()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(source: &str) -> Vec<String> {
        let all = tokens(source);
        all.into_iter().filter(|token| token.kind == Kind::Word).map(|token| token.text).collect()
    }

    fn texts(source: &str) -> Vec<String> {
        tokens(source).into_iter().map(|token| token.text).collect()
    }

    #[test]
    fn comments_vanish_and_nest() {
        let source = "a // b \" c\n/* d /* e */ f */ g /// h\n/* never closed";
        assert_eq!(texts(source), ["a", "g"]);
    }

    #[test]
    fn strings_are_one_token() {
        let source = r####"a "b \" // c" r"d\" r#"e " f"# b"g" br##"h"# i"## c"j" k"####;
        assert_eq!(words(source), ["a", "k"]);
        assert_eq!(tokens(source).len(), 8);
    }

    #[test]
    fn characters_are_not_lifetimes() {
        let source = "'a' '\\'' '\"' b'x' b'\\'' 'label: &'static str 'é' x";
        let kinds: Vec<Kind> = tokens(source).iter().map(|token| token.kind).collect();
        let (literal, other, mark, word) = (Kind::Literal, Kind::Other, Kind::Mark, Kind::Word);
        assert_eq!(
            kinds,
            [
                literal, literal, literal, literal, literal, other, mark, mark, other, word,
                literal, word
            ]
        );
    }

    #[test]
    fn raw_names_are_words() {
        assert_eq!(words("r#type rb br#move r"), ["type", "rb", "br", "move", "r"]);
    }

    #[test]
    fn numbers_leave_ranges_alone() {
        assert_eq!(
            texts("0..9 1.5f64 0x_ff t.0.x 1e3"),
            ["0", ".", ".", "9", "1.5f64", "0x_ff", "t", ".", "0", ".", "x", "1e3"]
        );
    }

    #[test]
    fn lines_are_counted_through_strings_and_comments() {
        let all = tokens("a\n/* \n */ b \"c\n\nd\" e\n");
        let lines: Vec<_> =
            all.iter().map(|token| (token.text.as_str(), token.line, token.line_last)).collect();
        assert_eq!(lines, [("a", 1, 1), ("b", 3, 3), ("\"c\n\nd\"", 3, 5), ("e", 5, 5)]);
    }

    #[test]
    fn anything_can_be_cut() {
        for source in ["\"", "'", "r#\"", "b'", "/*", "'\\", "\u{fe0f}", "#", "r#", "''", "é'"] {
            let _ = tokens(source);
            let _ = tokens(&format!("{source}é"));
        }
    }
}
