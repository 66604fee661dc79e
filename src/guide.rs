//! The code in the guide's chapters, as tests. (The blocks of `simulation.md` build on each other, and
//! some are tests themselves, which a doctest does not run: they are in `tests/guide`.)

/// `docs/guide/blocking.md`.
#[doc = include_str!("../docs/guide/blocking.md")]
#[derive(Debug)]
pub struct Blocking;

/// `docs/guide/supervision.md`.
#[doc = include_str!("../docs/guide/supervision.md")]
#[derive(Debug)]
pub struct Supervision;
