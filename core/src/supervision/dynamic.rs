//! Supervisors whose children come and go.

use std::borrow::Cow;

use super::Budget;
use super::spec::{Strategy, SupervisorSpec};

/// A supervisor that begins without children and is given them as they come, in no order: each is
/// restarted alone, forgotten once it has ended for good, and all are stopped at the same time.
#[derive(Clone, Debug)]
pub struct DynamicSupervisor;

impl DynamicSupervisor {
    /// Settings to start one with; see [`SupervisorSpec::start`] and
    /// [`crate::ActorRef::start_child`].
    #[must_use]
    pub fn spec() -> SupervisorSpec {
        let mut spec = SupervisorSpec::new(Strategy::OneForOne);
        spec.name = Cow::Borrowed("dynamic supervisor");
        spec.dynamic = true;
        spec
    }

    /// The same with at most so many children.
    #[must_use]
    pub fn bounded(children_max: usize) -> SupervisorSpec {
        let mut spec = Self::spec();
        spec.children_max = children_max;
        spec
    }

    /// The same with that budget for all children together.
    #[must_use]
    pub fn with_budget(budget: Budget) -> SupervisorSpec {
        Self::spec().budget(budget)
    }
}
