//! Markdown: one title per page, and relative links that lead somewhere.

use crate::tidy::tree::{File, Tree};
use crate::tidy::violation::Violation;

/// Pages without exactly one title, and dead links.
pub(crate) fn markdown(tree: &Tree) -> Vec<Violation> {
    let mut found = Vec::new();
    for file in tree.files().iter().filter(|file| file.path.ends_with(".md")) {
        let lines = prose(&file.text);
        found.extend(titles(file, &lines));
        found.extend(dead_links(tree, file, &lines));
    }
    found
}

/// The lines outside code fences, numbered from 1.
fn prose(text: &str) -> Vec<(usize, &str)> {
    let mut fence: Option<&str> = None;
    let mut lines = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let start = line.trim_start();
        let marks = ["`", "~"].map(|mark| start.len() - start.trim_start_matches(mark).len());
        let length = marks[0].max(marks[1]);
        match fence {
            None if length >= 3 => fence = Some(&start[..length]),
            None => lines.push((at + 1, line)),
            // A fence is closed by one at least as long, with nothing after it.
            Some(open) if start.starts_with(open) && start.trim_end().len() == length => {
                fence = None;
            }
            Some(_) => {}
        }
    }
    lines
}

fn titles(file: &File, lines: &[(usize, &str)]) -> Vec<Violation> {
    let titles: Vec<usize> =
        lines.iter().filter(|(_, line)| line.starts_with("# ")).map(|&(at, _)| at).collect();
    let extra = titles.iter().skip(1).map(|&at| (at, "a second `# ` title"));
    let none = titles.is_empty().then_some((1, "no `# ` title"));
    none.into_iter()
        .chain(extra)
        .map(|(at, what)| {
            Violation::new(&file.path, at, what, "give the page exactly one, and sections `## `")
        })
        .collect()
}

fn dead_links(tree: &Tree, file: &File, lines: &[(usize, &str)]) -> Vec<Violation> {
    let folder = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut found = Vec::new();
    for &(at, line) in lines {
        for target in targets(line) {
            let path = target.split(['#', '?']).next().unwrap_or_default();
            let elsewhere = target.contains("://") || target.starts_with("mailto:");
            if elsewhere || path.is_empty() {
                continue;
            }
            if !resolve(folder, path).is_some_and(|path| tree.contains(&path)) {
                found.push(Violation::new(
                    &file.path,
                    at,
                    format!("the link to `{target}` leads nowhere"),
                    "name a file of the tree, relative to this page",
                ));
            }
        }
    }
    found
}

/// The targets of inline links `[..](target "title")`, images, and definitions `[..]: target`.
fn targets(line: &str) -> Vec<String> {
    let line = without_code(line);
    let mut rest = line.as_str();
    let mut found = Vec::new();
    if let Some((label, target)) = line.trim_start().split_once("]: ")
        && label.starts_with('[')
        && !label.starts_with("[^")
    {
        found.extend(target.split_whitespace().next().map(str::to_owned));
    }
    while let Some((_, after)) = rest.split_once("](") {
        let mut depth = 1_usize;
        let end = after.find(|c| {
            depth = match c {
                '(' => depth + 1,
                ')' => depth - 1,
                _ => depth,
            };
            depth == 0
        });
        let Some(end) = end else { break };
        found.extend(after[..end].split_whitespace().next().map(str::to_owned));
        rest = &after[end..];
    }
    found.iter().map(|target| target.trim_matches(['<', '>']).to_owned()).collect()
}

/// The line without its code spans, which open and close with runs of backticks of one length.
fn without_code(line: &str) -> String {
    let mut kept = String::new();
    let mut rest = line;
    while let Some(open) = rest.find('`') {
        let run = rest.len() - open - rest[open..].trim_start_matches('`').len();
        let (before, after) = (&rest[..open], &rest[open + run..]);
        kept.push_str(before);
        let marks = "`".repeat(run);
        let close = after
            .match_indices(&marks)
            .map(|(at, _)| at)
            .find(|&at| !after[..at].ends_with('`') && !after[at + run..].starts_with('`'));
        rest = close.map_or(after, |at| &after[at + run..]);
    }
    kept + rest
}

/// `path` as seen from `folder`, as a path from the root; `None` if it leaves the tree.
fn resolve(folder: &str, path: &str) -> Option<String> {
    let start = if path.starts_with('/') { "" } else { folder };
    let mut parts: Vec<&str> = start.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            _ => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Vec<String> {
        let tree = Tree::of(&[("docs/a.md", text), ("docs/b.md", "# B\n"), ("src/c d.rs", "")]);
        let found = markdown(&tree);
        found.iter().map(|found| found.to_string().split(';').next().unwrap().to_owned()).collect()
    }

    #[test]
    fn one_title_outside_code_passes() {
        let text = "# A\n\n## Section\n\n```sh\n# comment\n```\n\n~~~~\n```\n# x\n~~~\n# y\n~~~~\n";
        assert_eq!(shown(text), [""; 0]);
    }

    #[test]
    fn none_and_several_titles_are_found() {
        assert_eq!(shown("## A\n"), ["docs/a.md:1: no `# ` title"]);
        assert_eq!(shown("# A\n\n# B\n# C\n").len(), 2);
        assert_eq!(shown("# A\n\n```\n```\n# B\n"), ["docs/a.md:5: a second `# ` title"]);
    }

    #[test]
    fn links_that_lead_somewhere_pass() {
        let text = "# A\n\n[b](b.md) [b](./b.md#part \"Title\") [up](../docs) [root](/docs/b.md)\n\
            [self](#a) <https://x.y> [web](https://x.y/(z)) `[code](none.md)` ``[`](no)``\n\
            ![image](<b.md>)\n\n[ref]: b.md\n[^note]: none.md\n\n```\n[fence](none.md)\n```\n";
        assert_eq!(shown(text), [""; 0]);
    }

    #[test]
    fn dead_links_are_found() {
        let found = shown("# A\n\n[x](none.md) [y](b.md) [z](../../b.md)\n\n[ref]: none.md\n");
        assert_eq!(
            found,
            [
                "docs/a.md:3: the link to `none.md` leads nowhere",
                "docs/a.md:3: the link to `../../b.md` leads nowhere",
                "docs/a.md:5: the link to `none.md` leads nowhere"
            ]
        );
    }
}
