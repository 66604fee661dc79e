//! `cargo x sim show`: a run of the simulator from the trace it left, as a table or as pictures.

use greenroom_pictures::ShowError;

use crate::failure::{Failure, failed};

/// Prints the run as a table, or writes the pictures that are asked for.
pub(crate) fn show(args: &[String]) -> Result<(), Failure> {
    let shown = greenroom_pictures::show(args).map_err(|error| match error {
        ShowError::Usage(problem) => Failure::Usage(problem),
        other => failed(other.to_string()),
    })?;
    print!("{shown}");
    Ok(())
}
