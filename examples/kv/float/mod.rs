//! Floating-point numbers: their text, and sums of texts.

mod sum;
mod text;

pub(crate) use sum::{Sum, sum};
pub(crate) use text::{Text, parse};
