//! Assertions that many runs answer together.
//!
//! An `assert!` says what holds each time it is reached. A test under many seeds can ask more: that
//! something *was* reached, that a condition was true under at least one of them, how far a number
//! went. So these macros do not only check, they count, and a campaign of `greenroom-testkit` reads
//! the counts of all its seeds. They can be written in tests and in actors alike (the idea and the
//! names are those of Antithesis).
//!
//! | macro | under a campaign | in production |
//! |---|---|---|
//! | [`always!`](crate::always) | fails the run where it is false | counted in [`violations`] |
//! | [`unreachable!`](crate::unreachable) | fails the run that reaches it | counted in [`violations`] |
//! | [`sometimes!`](crate::sometimes) | fails the campaign in which it was asked and never true | nothing, not even its condition is evaluated |
//! | [`reachable!`](crate::reachable) | fails the campaign that covers it and never reaches it | nothing |
//! | [`watermark!`](crate::watermark) | keeps the highest value | nothing |
//!
//! Production is a build without the feature `sim`, which `greenroom-testkit` turns on. There, and
//! on threads that run no simulation, a violation is counted and the program goes on: an assertion
//! about a distributed program is no reason to take a node of it down.

mod macros;
mod site;
#[cfg(feature = "sim")]
mod tally;

#[cfg(feature = "sim")]
#[doc(hidden)]
pub use linkme;
pub use site::{Asserted, Site, violations};
#[cfg(feature = "sim")]
pub use tally::{Count, SITES, Tally, begin, catalogue, end, is_violated, take_violation};
