//! The rules of the tree that a reader of text can check.
//!
//! Clippy and rustc see one crate at a time and only what compiles; these checks see the whole
//! tree: which crate may name the drivers, which file may hold `unsafe`, how long files grow,
//! whether every dependency has a reason. Each check is one file in `checks`, a function from the
//! [`Tree`] to violations, and tested on small trees made of strings.
//!
//! Rust files are cut into tokens first (`lexer`), so that a word in a comment or a string is never
//! taken for code.

mod budget_waivers;
mod checks;
mod item;
mod lexer;
mod manifest;
mod run;
mod tree;
mod unsafe_homes;
mod violation;

pub(crate) use run::violations;
pub(crate) use tree::Tree;
