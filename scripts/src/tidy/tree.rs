//! The files of the tree, read once and shared by all checks.

use std::collections::BTreeSet;
use std::path::Path;
use std::{fs, io};

use super::item;
use super::lexer::{Token, tokens};
use super::manifest;

/// A text file.
#[derive(Debug)]
pub(crate) struct File {
    /// From the root, with `/`.
    pub(crate) path: String,
    pub(crate) text: String,
    /// The tokens of a Rust file, else none.
    pub(crate) tokens: Vec<Token>,
}

impl File {
    pub(crate) fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    pub(crate) fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }
}

/// The whole tree, without build results and hidden folders (`.ci` and `.cargo` are kept).
#[derive(Debug)]
pub(crate) struct Tree {
    files: Vec<File>,
    /// Every file, also those that are not text, and every folder.
    paths: BTreeSet<String>,
}

impl Tree {
    /// Reads the tree below `root`. The walk does not ask git: a checkout whose `.git` belongs to
    /// another user, as in many containers, is read like any other.
    pub(crate) fn read(root: &Path) -> io::Result<Self> {
        let mut tree = Self { files: Vec::new(), paths: BTreeSet::new() };
        tree.walk(root, "")?;
        tree.files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(tree)
    }

    fn walk(&mut self, folder: &Path, prefix: &str) -> io::Result<()> {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = format!("{prefix}{name}");
            if entry.file_type()?.is_dir() {
                let hidden = name.starts_with('.') && name != ".ci" && name != ".cargo";
                let built = name == "target" || entry.path().join("CACHEDIR.TAG").exists();
                if !hidden && !built {
                    self.walk(&entry.path(), &format!("{path}/"))?;
                    self.paths.insert(path);
                }
            } else {
                self.paths.insert(path.clone());
                if is_text(&path) {
                    let text = String::from_utf8_lossy(&fs::read(entry.path())?).into_owned();
                    self.add(path, text);
                }
            }
        }
        Ok(())
    }

    fn add(&mut self, path: String, text: String) {
        let tokens = if path.ends_with(".rs") { tokens(&text) } else { Vec::new() };
        self.files.push(File { path, text, tokens });
    }

    pub(crate) fn files(&self) -> &[File] {
        &self.files
    }

    pub(crate) fn rust_files(&self) -> impl Iterator<Item = &File> {
        self.files.iter().filter(|file| file.is_rust())
    }

    pub(crate) fn manifests(&self) -> impl Iterator<Item = &File> {
        self.files.iter().filter(|file| file.name() == "Cargo.toml")
    }

    pub(crate) fn file(&self, path: &str) -> Option<&File> {
        self.files.iter().find(|file| file.path == path)
    }

    /// Whether a file or folder of this path exists.
    pub(crate) fn contains(&self, path: &str) -> bool {
        path.is_empty() || self.paths.contains(path)
    }

    /// The folders of all packages, each ending in `/` or empty for the root's.
    pub(crate) fn package_folders(&self) -> impl Iterator<Item = &str> {
        self.manifests()
            .filter(|file| manifest::lines(&file.text).iter().any(|line| line.table == "package"))
            .filter_map(|file| file.path.strip_suffix("Cargo.toml"))
    }

    /// The paths of files that exist for tests only: below a `tests` folder, or declared by a
    /// `#[cfg(test)] mod name;`, with all that lies below such a module.
    pub(crate) fn test_files(&self) -> BTreeSet<&str> {
        let modules: Vec<String> = self
            .rust_files()
            .flat_map(|file| item::test_modules(&file.tokens).into_iter().map(move |m| (file, m)))
            .filter(|(_, module)| !module.inline)
            .flat_map(|(file, module)| module.file_candidates(&file.path))
            .collect();
        let is_test = |path: &str| {
            path.split('/').any(|part| part == "tests")
                || modules.iter().any(|module| {
                    path == module
                        || module.strip_suffix(".rs").is_some_and(|folder| {
                            path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
                        })
                })
        };
        self.rust_files().map(|file| file.path.as_str()).filter(|path| is_test(path)).collect()
    }

    /// A tree made of strings.
    #[cfg(test)]
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        let mut tree = Self { files: Vec::new(), paths: BTreeSet::new() };
        for (path, text) in files {
            for (at, _) in path.match_indices('/') {
                tree.paths.insert(path[..at].to_owned());
            }
            tree.paths.insert((*path).to_owned());
            tree.add((*path).to_owned(), (*text).to_owned());
        }
        tree
    }
}

/// The files that people write as text; data of tests, such as recorded bytes, is not among them.
fn is_text(path: &str) -> bool {
    const EXTENSIONS: [&str; 7] = [".rs", ".toml", ".md", ".txt", ".sh", ".yml", ".yaml"];
    const NAMES: [&str; 4] = [".ci/run", ".gitignore", "LICENSE-MIT", "LICENSE-APACHE"];
    NAMES.contains(&path) || EXTENSIONS.iter().any(|extension| path.ends_with(extension))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_walk_leaves_build_results_out() {
        let root = std::env::temp_dir().join(format!("greenroom-tree-{}", std::process::id()));
        for folder in ["a/src", "target/debug", "built", ".git", ".ci"] {
            fs::create_dir_all(root.join(folder)).unwrap();
        }
        let files =
            ["a/src/lib.rs", "a/logo.png", "target/x.rs", "built/CACHEDIR.TAG", "built/y.rs"];
        for file in files.iter().chain(&[".git/config.txt", ".ci/run"]) {
            fs::write(root.join(file), "mod b;\n").unwrap();
        }
        let tree = Tree::read(&root).unwrap();
        fs::remove_dir_all(&root).unwrap();
        let read: Vec<_> = tree.files().iter().map(|file| file.path.as_str()).collect();
        assert_eq!(read, [".ci/run", "a/src/lib.rs"]);
        assert!(tree.contains("a/logo.png") && tree.contains("a/src") && tree.contains(""));
        assert!(!tree.contains("a/nothing"));
    }

    #[test]
    fn test_files_are_found_through_their_declaration() {
        let tree = Tree::of(&[
            ("a/src/lib.rs", "mod ring;\n#[cfg(test)]\nmod rig;\n"),
            ("a/src/ring.rs", "#[cfg(test)]\n#[path = \"ring_tests.rs\"]\nmod tests;\n"),
            ("a/src/ring_tests.rs", ""),
            ("a/src/rig.rs", "mod parts;\n"),
            ("a/src/rig/parts.rs", ""),
            ("a/tests/main.rs", ""),
        ]);
        let found: Vec<_> = tree.test_files().into_iter().collect();
        assert_eq!(
            found,
            ["a/src/rig.rs", "a/src/rig/parts.rs", "a/src/ring_tests.rs", "a/tests/main.rs"]
        );
    }

    #[test]
    fn packages_are_folders_with_a_package_table() {
        let tree = Tree::of(&[
            ("Cargo.toml", "[workspace]\n[package]\nname = \"a\"\n"),
            ("b/Cargo.toml", "[package]\nname = \"b\"\n"),
            ("c/Cargo.toml", "[workspace]\nmembers = []\n"),
        ]);
        assert_eq!(tree.package_folders().collect::<Vec<_>>(), ["", "b/"]);
    }
}
