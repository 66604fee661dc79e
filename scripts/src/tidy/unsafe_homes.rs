//! The list of files that may hold `unsafe`: `scripts/tidy/unsafe-homes.txt`.

use super::tree::Tree;

/// Where the list is.
pub(crate) const PATH: &str = "scripts/tidy/unsafe-homes.txt";

/// One line of the list: a path, then the reason.
#[derive(Debug)]
pub(crate) struct Home<'a> {
    pub(crate) path: &'a str,
    pub(crate) reason: &'a str,
    /// Its line in the list.
    pub(crate) line: usize,
}

/// The homes of `tree`.
pub(crate) fn homes(tree: &Tree) -> Vec<Home<'_>> {
    let text = tree.file(PATH).map_or("", |file| &file.text);
    let lines = text.lines().enumerate().map(|(at, line)| (at + 1, line.trim()));
    lines
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
        .map(|(number, line)| {
            let (path, reason) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
            Home { path, reason: reason.trim(), line: number }
        })
        .collect()
}
