//! `cargo x tidy`: the text checks of the tree.

use crate::failure::{Failure, failed};
use crate::tidy::{Tree, violations};
use crate::workspace::Workspace;

/// Reads the tree and prints what breaks its rules.
pub(crate) fn tidy(workspace: &Workspace, args: &[String]) -> Result<(), Failure> {
    if let Some(arg) = args.first() {
        return Err(Failure::Usage(format!("`tidy` takes no argument `{arg}`")));
    }
    let tree = Tree::read(&workspace.root)
        .map_err(|e| failed(format!("{}: {e}", workspace.root.display())))?;
    let found = violations(&tree);
    for violation in &found {
        println!("{violation}");
    }
    println!("tidy: {} files, {} violations", tree.files().len(), found.len());
    if found.is_empty() { Ok(()) } else { Err(failed("the tree is not tidy")) }
}
