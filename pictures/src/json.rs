//! Text as JSON.

use std::fmt::Write;

/// A string of JSON, quotes included. It holds no `<`, so it may stand inside of a `<script>`.
pub(super) fn string(text: &str) -> String {
    let mut result = String::with_capacity(text.len() + 2);
    result.push('"');
    for c in text.chars() {
        match c {
            '"' => result.push_str("\\\""),
            '\\' => result.push_str("\\\\"),
            '\n' => result.push_str("\\n"),
            // And the two ends of lines that JSON has and older scripts do not.
            '<' | '\u{2028}' | '\u{2029}' | '\0'..='\u{1f}' => {
                let _ = write!(result, "\\u{:04x}", c as u32);
            }
            _ => result.push(c),
        }
    }
    result.push('"');
    result
}

/// A list of things that are JSON already.
pub(super) fn list(items: impl IntoIterator<Item = String>) -> String {
    format!("[{}]", items.into_iter().collect::<Vec<_>>().join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_text_is_read_back_by_another_reader() {
        let nasty = "</script><!-- \"a\\b\"\n\r\t\u{0}\u{1f}\u{2028}\u{e9}\u{1f980}";
        let written = string(nasty);
        assert!(!written.contains('<') && !written.contains('\n'), "{written}");
        assert_eq!(serde_json::from_str::<String>(&written).unwrap(), nasty);
        assert_eq!(list(["1".to_owned(), "[]".into()]), "[1,[]]");
    }
}
