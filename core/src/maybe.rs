//! Planned unlikeliness inside actor code.
//!
//! Some of what can go wrong in a program only its author knows: a cache that has just been
//! emptied, a batch that is flushed early, a retry although all went well. [`maybe!`](crate::maybe!)
//! puts such a turn of events where it belongs. In a simulation each site is active under one seed
//! in four, and fires there with the probability it gives; everywhere else it is `false`. (The idea
//! is FoundationDB's BUGGIFY.)
//!
//! **What is left of it.** The macro asks the driver only where this crate's feature `sim` is on.
//! The testkit turns it on, and cargo turns a feature on for everybody in a build: a build of a
//! whole workspace that has the testkit in it, or of tests, examples or benches that have, pays for
//! each site that is reached one look at a thread-local and a call of the driver, which says no. A
//! program that is built by itself (`cargo build --release -p name`), with the testkit a
//! dev-dependency, has the constant `false` there and nothing else.

/// Whether something unlikely is to happen here: `maybe!("site", probability)`.
///
/// The first is the name of the site, a literal; sites of one name are one. The second is the
/// probability with which an active site fires, an `f64` from 0 to 1.
///
/// Always false outside simulations; without this crate's feature `sim` it is the constant.
///
/// # Panics
///
/// In a simulation, when the second is no probability.
///
/// # Examples
///
/// ```
/// use greenroom_core::maybe;
///
/// fn batch_size() -> usize {
///     // Batches of one find what depends on the border between two.
///     if maybe!("small batches", 0.1) { 1 } else { 64 }
/// }
/// # assert_eq!(batch_size(), 64);
/// ```
#[cfg(feature = "sim")]
#[macro_export]
macro_rules! maybe {
    ($site:literal, $probability:expr $(,)?) => {
        $crate::runtime::maybe($site, $probability)
    };
}

/// Whether something unlikely is to happen here: `maybe!("site", probability)`.
///
/// The first is the name of the site, a literal; the second is the probability with which it
/// fires, an `f64`. This build is not for simulations: it is the constant `false`.
///
/// # Examples
///
/// ```
/// use greenroom_core::maybe;
///
/// const NEVER: bool = maybe!("small batches", 0.1);
/// assert!(!NEVER);
/// ```
#[cfg(not(feature = "sim"))]
#[macro_export]
macro_rules! maybe {
    ($site:literal, $probability:expr $(,)?) => {{
        // Looked at by the compiler, and never asked.
        let _: &'static str = $site;
        let _ = || -> f64 { $probability };
        false
    }};
}

/// Asks the driver of the shard that this thread is inside; false outside any. What
/// [`maybe!`](crate::maybe!) calls.
#[cfg(feature = "sim")]
#[inline]
#[must_use]
pub fn maybe(site: &'static str, probability: f64) -> bool {
    crate::shard::current::with(|shard| shard.maybe(site, probability)).unwrap_or(false)
}
