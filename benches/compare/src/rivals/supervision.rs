//! The verbs of the workloads about links and supervision, for the frameworks that have them.

use super::{OnTwoCores, Rival};
use crate::workloads::restart::End;

/// Supervision: a child that ends is restarted.
pub(crate) trait Restarts: Rival {
    /// A child under a supervisor that restarts it whenever it ends, and what it takes to reach its
    /// incarnations.
    type Child: Send + 'static;

    /// Starts a supervisor and its child. Each incarnation counts its start and keeps the count as
    /// its number.
    fn child(&self) -> impl Future<Output = Self::Child> + Send;
    /// Has the incarnation end so, one way, and asks the next one for its number. A framework whose
    /// references are those of an incarnation has the new one sent to the client by whoever made it.
    fn restart(child: &mut Self::Child, end: End) -> impl Future<Output = u64> + Send;
}

/// Links: when one of two ends other than normally, so does the other.
///
/// In a framework whose links have a parent and a child, the one that is linked to is the parent.
pub(crate) trait Links: OnTwoCores {
    /// Actors of `exit_storm`.
    const STORM_ACTORS: u64 = 100_000;
    /// Actors of `exit_chain`.
    const CHAIN_ACTORS: u64 = 100_000;

    /// A reference to an actor whose state is a [`Member`](crate::workloads::storm::Member), and
    /// that outlives those linked to it when they end normally.
    type Member: Send + Sync + 'static;

    /// Starts one that is linked to nobody.
    fn member(&self) -> impl Future<Output = Self::Member> + Send;
    /// Starts one that is linked to another from its start.
    fn member_linked(&self, to: &Self::Member) -> impl Future<Output = Self::Member> + Send;
    /// Kills it: an end that is not normal.
    fn kill(member: &Self::Member);
    /// [`Rival::spawn_and_stop`], of an actor that is linked to `parent` from its start.
    fn spawn_link_and_stop(&self, parent: &Self::Member) -> impl Future<Output = ()> + Send;
}
