//! Only the drivers name what they drive: glommio and io-uring appear in code below
//! `shard/src/driver/` and as dependencies of `shard`. Everything else knows the runtime traits,
//! which is what lets the simulator run it.

use crate::tidy::manifest::{self, Role};
use crate::tidy::tree::Tree;
use crate::tidy::violation::Violation;

const WORDS: [&str; 4] = ["glommio", "glommio_ng", "io_uring", "tokio_uring"];

/// Rivals, and what the drivers stand on, are measured in workspaces of their own.
const MEASURED: [&str; 3] = ["benches/bare/", "benches/compare/", "benches/soak/"];

fn is_measured(path: &str) -> bool {
    MEASURED.iter().any(|home| path.starts_with(home))
}

/// Names of driver crates outside their homes.
pub(crate) fn driver_names(tree: &Tree) -> Vec<Violation> {
    let mut found = in_code(tree);
    found.extend(in_manifests(tree));
    found
}

fn in_code(tree: &Tree) -> Vec<Violation> {
    let is_home = |path: &str| {
        path.starts_with("shard/src/driver/") || path == "shard/src/driver.rs" || is_measured(path)
    };
    tree.rust_files()
        .filter(|file| !is_home(&file.path))
        .flat_map(|file| file.tokens.iter().map(move |token| (file, token)))
        .filter(|(_, token)| WORDS.iter().any(|word| token.is_word(word)))
        .map(|(file, token)| {
            Violation::new(
                &file.path,
                token.line,
                format!("`{}` is named outside the drivers", token.text),
                "go through the runtime traits of `core`, or move this below shard/src/driver/",
            )
        })
        .collect()
}

fn in_manifests(tree: &Tree) -> Vec<Violation> {
    let mut found = Vec::new();
    for file in tree.manifests() {
        if file.path == "shard/Cargo.toml" || is_measured(&file.path) {
            continue;
        }
        for line in manifest::lines(&file.text) {
            let name = WORDS.iter().find(|word| line.code.replace('-', "_").contains(**word));
            if let Some(name) = name
                && manifest::role(line.table) != Role::Other
            {
                found.push(Violation::new(
                    &file.path,
                    line.number,
                    format!("a dependency on `{name}` outside shard"),
                    "let shard/Cargo.toml have it, the only crate with drivers",
                ));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_outside_the_drivers_is_found() {
        let source = "// glommio\nuse glommio::Task;\nfn a() { ::io_uring::IoUring; }\n";
        let found = driver_names(&Tree::of(&[("core/src/a.rs", source)]));
        let shown: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert_eq!(shown.len(), 2, "{shown:?}");
        assert!(shown[0].starts_with("core/src/a.rs:2: `glommio`"), "{shown:?}");
        assert!(shown[1].starts_with("core/src/a.rs:3: `io_uring`"), "{shown:?}");
    }

    #[test]
    fn drivers_rivals_comments_and_strings_are_not() {
        let tree = Tree::of(&[
            ("shard/src/driver/uring/ring.rs", "use io_uring::IoUring;\n"),
            ("benches/compare/src/main.rs", "use glommio::Task;\n"),
            ("core/src/a.rs", "//! Not glommio.\nconst A: &str = \"io_uring\"; // io_uring\n"),
            ("shard/src/lib.rs", "pub enum Driver { Glommio, Uring }\n"),
        ]);
        assert_eq!(driver_names(&tree), []);
    }

    #[test]
    fn dependencies_outside_shard_are_found() {
        let bad = "[package]\ndescription = \"on io_uring\"\n\n[workspace.dependencies]\n\
            glommio = \"0.9\"\n\n[dependencies]\n# io-uring.\nring = { package = \"io-uring\" }\n";
        let tree = Tree::of(&[("Cargo.toml", bad), ("shard/Cargo.toml", bad)]);
        let found: Vec<String> = driver_names(&tree).iter().map(ToString::to_string).collect();
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].starts_with("Cargo.toml:5:"), "{found:?}");
        assert!(found[1].starts_with("Cargo.toml:9:"), "{found:?}");
    }
}
