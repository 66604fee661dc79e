//! Bugs that the loom tests plant, to prove that they would find them.
//!
//! A model that passes says little unless the same model fails on broken code. So each place that a
//! test must be able to break asks here first. In an ordinary build the answer is the constant
//! `false` and the question costs nothing. With `--cfg loom` it is a cell of the thread that runs
//! the model: loom runs all threads of a model as coroutines on one, so a planted bug reaches them
//! all and no other test.

/// One line of the protocol, left out or weakened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The producer's tail is published without release: the slots it covers may be seen later than
    /// it.
    Publish,
    /// The consumer's head is published without release: a slot may be written while it is still
    /// being read.
    Free,
    /// A flush looks at the sleeper's state without the fence between.
    FlushFence,
    /// A sleeper re-checks its rings without the fence between.
    AnnounceFence,
    /// A sleeper sleeps on its announcement alone.
    Recheck,
    /// A flush looks for a sleeper, but leaves the announcement standing.
    Coalesce,
}

/// Whether this bug is planted.
#[cfg(not(loom))]
#[inline(always)]
pub(super) const fn planted(_fault: Fault) -> bool {
    false
}

/// Whether this bug is planted.
#[cfg(loom)]
pub(super) fn planted(fault: Fault) -> bool {
    PLANTED.get() == Some(fault)
}

/// Plants a bug on this thread for as long as `model` runs, also when it ends in a panic.
#[cfg(loom)]
pub fn with_fault(fault: Fault, model: impl FnOnce()) {
    struct Mend;
    impl Drop for Mend {
        fn drop(&mut self) {
            PLANTED.set(None);
        }
    }
    PLANTED.set(Some(fault));
    let _mend = Mend;
    model();
}

#[cfg(loom)]
std::thread_local! {
    static PLANTED: std::cell::Cell<Option<Fault>> = const { std::cell::Cell::new(None) };
}
