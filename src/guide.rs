//! The code in the guide's chapters, as tests.

/// `docs/guide/blocking.md`.
#[doc = include_str!("../docs/guide/blocking.md")]
#[derive(Debug)]
pub struct Blocking;

/// `docs/guide/supervision.md`.
#[doc = include_str!("../docs/guide/supervision.md")]
#[derive(Debug)]
pub struct Supervision;
