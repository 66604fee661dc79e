//! What a test's own monitor is.

use std::any::Any;

use greenroom_core::Instant;
use greenroom_core::trace::Event;

use crate::faults::Crash;

/// Something a monitor is told of.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Seen<'a> {
    /// Virtual time.
    pub at: Instant,
    /// The node it happened on.
    pub node: u16,
    /// The shard of that node; 65,535 for what concerns all of them.
    pub shard: u16,
    /// What happened.
    pub happening: Happening<'a>,
}

/// What happened.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub enum Happening<'a> {
    /// An event of core.
    Core(Event),
    /// What the program under test told with [`greenroom_core::trace::announce`].
    Announced(&'a dyn Any),
    /// A node went down.
    Crashed(Crash),
    /// A node came back.
    Restarted,
}

impl<'a> Seen<'a> {
    pub(crate) const fn new(at: Instant, node: u16, shard: u16, happening: Happening<'a>) -> Self {
        Self { at, node, shard, happening }
    }

    /// What was announced, if it was a `T`.
    #[must_use]
    pub fn announced<T: 'static>(&self) -> Option<&'a T> {
        match self.happening {
            Happening::Announced(what) => what.downcast_ref(),
            _ => None,
        }
    }
}

impl std::fmt::Debug for Seen<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Seen")
            .field("at", &self.at)
            .field("node", &self.node)
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Happening<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Core(event) => event.fmt(f),
            Self::Announced(_) => f.write_str("Announced"),
            Self::Crashed(how) => write!(f, "Crashed({how:?})"),
            Self::Restarted => f.write_str("Restarted"),
        }
    }
}

/// Watches a run without taking part in it. See [`crate::monitor`].
///
/// It runs inside the turn that it watches: it must not send, call, or draw.
///
/// # Examples
///
/// ```
/// use greenroom_testkit::{Monitor, Seen};
///
/// /// What the program announces: a job is taken, a job is done.
/// enum Job {
///     Taken,
///     Done,
/// }
///
/// #[derive(Default)]
/// struct EveryJobIsDone {
///     open: i32,
/// }
///
/// impl Monitor for EveryJobIsDone {
///     fn name(&self) -> &'static str {
///         "every job is done"
///     }
///
///     fn see(&mut self, seen: &Seen<'_>) -> Result<(), String> {
///         match seen.announced() {
///             Some(Job::Taken) => self.open += 1,
///             Some(Job::Done) => self.open -= 1,
///             None => {}
///         }
///         if self.open < 0 { Err("done before it was taken".into()) } else { Ok(()) }
///     }
///
///     fn is_hot(&self) -> bool {
///         self.open > 0
///     }
/// }
///
/// let runtime = greenroom_testkit::TestRuntime::builder().monitor(EveryJobIsDone::default);
/// runtime.build().run(async |_| {
///     greenroom_core::trace::announce(&Job::Taken);
///     greenroom_core::trace::announce(&Job::Done);
/// });
/// ```
pub trait Monitor: 'static {
    /// What it is called in reports.
    fn name(&self) -> &'static str;

    /// Something happened.
    ///
    /// # Errors
    ///
    /// When it must not have: the run fails with what is said.
    ///
    /// # Panics
    ///
    /// When it announces something itself, with [`greenroom_core::trace::announce`]: nobody can see
    /// what happens while he is told of something else.
    fn see(&mut self, seen: &Seen<'_>) -> Result<(), String>;

    /// Whether something has to happen yet. Default no.
    fn is_hot(&self) -> bool {
        false
    }

    /// The run is over and nothing is left to do.
    ///
    /// # Errors
    ///
    /// When it must not have ended like that.
    fn at_end(&mut self) -> Result<(), String> {
        Ok(())
    }
}
