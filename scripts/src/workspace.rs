//! Where the tree and its build results are.

use std::env;
use std::path::{Path, PathBuf};

use crate::failure::{Failure, failed};

/// The directories every command works in.
#[derive(Clone, Debug)]
pub(crate) struct Workspace {
    /// The folder of the root `Cargo.toml`.
    pub(crate) root: PathBuf,
    /// Cargo's target directory, absolute.
    pub(crate) target: PathBuf,
}

impl Workspace {
    /// Finds the workspace: from cargo's environment under `cargo x`, else upwards from the current
    /// directory (when the binary is started by hand).
    pub(crate) fn locate() -> Result<Self, Failure> {
        let here = env::current_dir().map_err(|e| failed(format!("no current directory: {e}")))?;
        let start = env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| here.clone(), PathBuf::from);
        let root = start.ancestors().find(|folder| is_workspace_root(folder)).ok_or_else(|| {
            failed(format!("no workspace Cargo.toml at or above {}", start.display()))
        })?;
        let target = env::var_os("CARGO_TARGET_DIR")
            .map_or_else(|| root.join("target"), |target| here.join(target));
        Ok(Self { root: root.to_owned(), target })
    }
}

fn is_workspace_root(folder: &Path) -> bool {
    std::fs::read_to_string(folder.join("Cargo.toml"))
        .is_ok_and(|manifest| manifest.lines().any(|line| line.trim() == "[workspace]"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_is_the_folder_with_the_workspace_table() {
        let workspace = Workspace::locate().unwrap();
        assert!(workspace.root.join("scripts/src/main.rs").is_file());
        assert!(workspace.target.is_absolute());
    }
}
