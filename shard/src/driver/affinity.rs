//! Which cores a thread may run on.

use std::fmt;
use std::io;

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// A set of cores, by the operating system's numbers.
#[derive(Clone)]
pub(crate) struct Cores(CpuSet);

impl Cores {
    /// The cores the calling thread may use.
    ///
    /// # Errors
    ///
    /// What the operating system says; on a machine of more cores than fit a set, too.
    pub(crate) fn allowed() -> io::Result<Self> {
        Ok(Self(sched_getaffinity(None)?))
    }

    /// One core.
    pub(crate) fn one(core: usize) -> Self {
        let mut set = CpuSet::new();
        set.set(core);
        Self(set)
    }

    /// The numbers of the cores, rising.
    pub(crate) fn numbers(&self) -> Vec<usize> {
        (0..CpuSet::MAX_CPU).filter(|&core| self.0.is_set(core)).collect()
    }

    /// Lets the calling thread run on these cores alone.
    ///
    /// A thread starts with the cores of the one that started it: threads that are not a shard's
    /// undo what was done to the shard's.
    ///
    /// # Errors
    ///
    /// What the operating system says, when none of them can be used.
    pub(crate) fn bind(&self) -> io::Result<()> {
        Ok(sched_setaffinity(None, &self.0)?)
    }
}

impl fmt::Debug for Cores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.numbers()).finish()
    }
}
