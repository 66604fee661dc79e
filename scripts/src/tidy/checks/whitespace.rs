//! No trailing white space, and one newline at the end of every file.

use crate::tidy::tree::Tree;
use crate::tidy::violation::Violation;

/// Lines and file ends that differ.
pub(crate) fn whitespace(tree: &Tree) -> Vec<Violation> {
    let mut found = Vec::new();
    for file in tree.files() {
        let lines = file.text.split('\n');
        for (at, line) in lines.clone().enumerate() {
            if line.ends_with(char::is_whitespace) {
                found.push(Violation::new(&file.path, at + 1, "trailing white space", "remove it"));
            }
        }
        let whole = file.text.trim_end_matches('\n');
        if !file.text.is_empty() && file.text.len() != whole.len() + 1 {
            found.push(Violation::new(
                &file.path,
                lines.count(),
                "the file does not end in one newline",
                "end it in exactly one",
            ));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Vec<String> {
        let found = whitespace(&Tree::of(&[("a.md", text)]));
        found.iter().map(|found| found.to_string().split(';').next().unwrap().to_owned()).collect()
    }

    #[test]
    fn clean_and_empty_files_pass() {
        assert_eq!(shown("# A\n\n  b\n"), [""; 0]);
        assert_eq!(shown(""), [""; 0]);
    }

    #[test]
    fn trailing_white_space_is_found() {
        let expected = ["a.md:1: trailing white space", "a.md:3: trailing white space"];
        assert_eq!(shown("a \nb\nc\t\n"), expected);
        assert_eq!(shown("a\r\n"), expected[..1]);
    }

    #[test]
    fn wrong_file_ends_are_found() {
        assert_eq!(shown("a\nb"), ["a.md:2: the file does not end in one newline"]);
        assert_eq!(shown("a\n\n"), ["a.md:3: the file does not end in one newline"]);
    }
}
