//! One assertion in a program.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

/// What an assertion claims.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[non_exhaustive]
pub enum Asserted {
    /// Each time it is reached it is true.
    Always,
    /// It is true at least once.
    Sometimes,
    /// It is reached.
    Reachable,
    /// It is never reached.
    Unreachable,
    /// Nothing: the highest value is kept.
    Watermark,
}

/// Where an assertion stands. Made by the macros of [`crate::assertions`].
#[derive(PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Site {
    name: &'static str,
    asserted: Asserted,
    module: &'static str,
    file: &'static str,
    line: u32,
}

static VIOLATIONS: AtomicU64 = AtomicU64::new(0);

/// How often in this process an [`always!`](crate::always) was false, or an
/// [`unreachable!`](crate::unreachable) reached, outside of simulations. A metric: it only grows.
#[must_use]
pub fn violations() -> u64 {
    VIOLATIONS.load(Ordering::Relaxed)
}

impl Site {
    #[doc(hidden)]
    #[must_use]
    pub const fn new(
        asserted: Asserted,
        name: &'static str,
        (module, file, line): (&'static str, &'static str, u32),
    ) -> Self {
        Self { name, asserted, module, file, line }
    }

    /// What it is called.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// What it claims.
    #[must_use]
    pub const fn asserted(&self) -> Asserted {
        self.asserted
    }

    /// The path of the module it stands in.
    #[must_use]
    pub const fn module(&self) -> &'static str {
        self.module
    }

    /// It was reached and is broken; `detail` says more.
    #[cold]
    #[doc(hidden)]
    pub fn violated(&'static self, detail: fmt::Arguments<'_>) {
        #[cfg(feature = "sim")]
        if super::tally::violated(self, detail) {
            return;
        }
        let _ = detail;
        VIOLATIONS.fetch_add(1, Ordering::Relaxed);
    }

    /// It was reached and is true.
    #[cfg(feature = "sim")]
    #[doc(hidden)]
    pub fn hit(&'static self) {
        super::tally::count(self, |count| count.hits += 1);
    }

    /// It was asked and is not true this time.
    #[cfg(feature = "sim")]
    #[doc(hidden)]
    pub fn missed(&'static self) {
        super::tally::count(self, |count| count.misses += 1);
    }

    /// A value was seen.
    #[cfg(feature = "sim")]
    #[doc(hidden)]
    pub fn saw(&'static self, value: i64) {
        super::tally::count(self, |count| {
            count.hits += 1;
            count.highest = count.highest.max(value);
        });
    }
}

impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let asserted = match self.asserted {
            Asserted::Always => "always",
            Asserted::Sometimes => "sometimes",
            Asserted::Reachable => "reachable",
            Asserted::Unreachable => "unreachable",
            Asserted::Watermark => "watermark",
        };
        write!(f, "{asserted} {:?} at {}:{}", self.name, self.file, self.line)
    }
}
