//! Every dependency says why it is there, in a comment directly above it. The shared table of
//! versions in the root is exempt: a crate that takes from it gives its own reason.

use crate::tidy::manifest::{self, Kind, Role};
use crate::tidy::tree::Tree;
use crate::tidy::violation::Violation;

/// Dependencies without a reason.
pub(crate) fn dependency_reasons(tree: &Tree) -> Vec<Violation> {
    let mut found = Vec::new();
    for file in tree.manifests() {
        let lines = manifest::lines(&file.text);
        for (at, line) in lines.iter().enumerate() {
            let name = match (manifest::role(line.table), line.kind) {
                (Role::Dependencies, Kind::Entry) => line.code.split(['=', '.', ' ']).next(),
                (Role::Dependency(name), Kind::Header) => Some(name),
                _ => None,
            };
            let has_reason = at > 0 && lines[at - 1].kind == Kind::Comment;
            if let Some(name) = name
                && !has_reason
            {
                found.push(Violation::new(
                    &file.path,
                    line.number,
                    format!("dependency `{name}` gives no reason"),
                    "say in a comment directly above it what it is for",
                ));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(manifest: &str) -> Vec<String> {
        let tree = Tree::of(&[("a/Cargo.toml", manifest)]);
        dependency_reasons(&tree).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn reasons_directly_above_pass() {
        let manifest = "[package]\nname = \"a\"\n[features]\nb = []\n[workspace.dependencies]\n\
            c = \"1\"\n[dependencies]\n# For d.\nd = { version = \"1\", features = [\n\"e\",\n] }\n\
            # For f.\nf.workspace = true\n# For g.\n[dev-dependencies.g]\nversion = \"1\"\n";
        assert_eq!(shown(manifest), [""; 0]);
    }

    #[test]
    fn missing_and_shared_reasons_are_found() {
        let manifest = "[dependencies]\nb = \"1\"\n# For c, and d?\nc.workspace = true\n\
            d = \"1\"\n# Too far.\n\ne = \"1\"\n\n[target.'cfg(loom)'.dev-dependencies.f]\n\
            version = \"1\"\n";
        let found = shown(manifest);
        let expected = [(2, 'b'), (5, 'd'), (8, 'e'), (10, 'f')];
        assert_eq!(found.len(), expected.len(), "{found:?}");
        for (found, (line, name)) in found.iter().zip(expected) {
            let start = format!("a/Cargo.toml:{line}: dependency `{name}` gives no reason");
            assert!(found.starts_with(&start), "{found}");
        }
    }
}
