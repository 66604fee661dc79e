//! The chapters of the guide whose code is compiled and run as doctests.

#[doc = include_str!("../docs/guide/supervision.md")]
struct Supervision;
