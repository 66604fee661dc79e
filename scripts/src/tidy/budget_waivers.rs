//! The list of files and functions over their size budget: `scripts/tidy/waivers.txt`.
//!
//! A line is `path lines reason` for a file and `path:function lines reason` for a function. The
//! figure must be exactly the size of today, so the list can only shrink: whoever shortens the code
//! has to lower it, and whoever lengthens the code has to raise it under a reviewer's eyes.

use super::tree::Tree;
use super::violation::Violation;

/// Where the list is.
const PATH: &str = "scripts/tidy/waivers.txt";

/// One line of the list.
#[derive(Debug)]
struct Waiver<'a> {
    target: &'a str,
    lines: usize,
    /// Its line in the list.
    number: usize,
}

/// The list, and which of its lines have been asked for.
#[derive(Debug)]
pub(crate) struct Waivers<'a> {
    waivers: Vec<Waiver<'a>>,
    used: Vec<&'a str>,
    violations: Vec<Violation>,
}

impl<'a> Waivers<'a> {
    pub(crate) fn read(tree: &'a Tree) -> Self {
        let mut list = Self { waivers: Vec::new(), used: Vec::new(), violations: Vec::new() };
        let text = tree.file(PATH).map_or("", |file| &file.text);
        for (at, line) in text.lines().enumerate() {
            let mut words = line.split_whitespace();
            let Some(target) = words.next().filter(|word| !word.starts_with('#')) else {
                continue;
            };
            let lines = words.next().and_then(|lines| lines.parse().ok());
            match (lines, words.next()) {
                (Some(lines), Some(_)) => {
                    list.waivers.push(Waiver { target, lines, number: at + 1 });
                }
                _ => list.violations.push(Violation::new(
                    PATH,
                    at + 1,
                    "not a waiver",
                    "write `path lines reason` or `path:function lines reason`",
                )),
            }
        }
        list
    }

    /// Whether `target`, which has `lines` and is over its budget, is waived. A waiver for more
    /// than `lines` is a violation of its own, and one for fewer does not cover it.
    pub(crate) fn cover(&mut self, target: &str, lines: usize) -> bool {
        let Some(waiver) = self.waivers.iter().find(|waiver| waiver.target == target) else {
            return false;
        };
        self.used.push(waiver.target);
        if waiver.lines > lines {
            self.violations.push(Violation::new(
                PATH,
                waiver.number,
                format!("the waiver of {target} is for {} lines, it has {lines}", waiver.lines),
                format!("shrink it: write {lines}"),
            ));
        }
        waiver.lines >= lines
    }

    /// What is wrong with the list, once every target has been asked for.
    pub(crate) fn into_violations(self) -> Vec<Violation> {
        let mut violations = self.violations;
        for waiver in self.waivers.iter().filter(|waiver| !self.used.contains(&waiver.target)) {
            violations.push(Violation::new(
                PATH,
                waiver.number,
                format!("{} needs no waiver or does not exist", waiver.target),
                "remove the line",
            ));
        }
        violations
    }
}
