//! What is measured.

pub(crate) mod messages;
pub(crate) mod spawn;
