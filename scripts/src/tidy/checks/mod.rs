//! One file per check: a function from the tree to what breaks the rule.

mod budgets;
mod crate_docs;
mod dependency_reasons;
mod door_files;
mod driver_names;
mod leftovers;
mod markdown;
mod names;
mod regressions;
mod unsafe_code;
mod whitespace;

pub(crate) use budgets::budgets;
pub(crate) use crate_docs::crate_docs;
pub(crate) use dependency_reasons::dependency_reasons;
pub(crate) use door_files::door_files;
pub(crate) use driver_names::driver_names;
pub(crate) use leftovers::leftovers;
pub(crate) use markdown::markdown;
pub(crate) use names::names;
pub(crate) use regressions::regressions;
pub(crate) use unsafe_code::unsafe_code;
pub(crate) use whitespace::whitespace;
