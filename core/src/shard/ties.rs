//! Whom actors are bound to, for checkers and tests.

use super::Shard;
use crate::mailbox::state;
use crate::pid::Pid;

/// Whom one actor is bound to, as its own shard has it.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Ties {
    /// The actor.
    pub actor: Pid,
    /// Whether it is between two incarnations.
    pub suspended: bool,
    /// Whom it is linked to, in the order of their pids; its supervisor is among them.
    pub links: Vec<Pid>,
    /// Whom it has unlinked without their knowledge yet.
    pub unlinking: Vec<Pid>,
    /// Whom it monitors, once for each monitor.
    pub monitors: Vec<Pid>,
    /// Who monitors it, once for each monitor.
    pub watchers: Vec<Pid>,
}

impl Shard {
    /// Whom each actor of this shard is bound to.
    #[must_use]
    pub fn ties(&self) -> Vec<Ties> {
        let actors = self.tasks.actors();
        let doors = actors.iter().filter_map(|actor| actor.door());
        let alive = doors.filter(|door| !door.has_state(state::GONE));
        let ties = alive.map(|door| {
            let mut ties = Ties {
                actor: door.pid(),
                suspended: door.has_state(state::SUSPENDED),
                links: Vec::new(),
                unlinking: Vec::new(),
                monitors: Vec::new(),
                watchers: Vec::new(),
            };
            if let Some(bonds) = door.bonds_if_any() {
                ties.links.extend(&bonds.links);
                ties.unlinking.extend(bonds.unlinking.keys());
                ties.monitors.extend(bonds.monitors.values().flatten());
                ties.watchers.extend(bonds.watchers.iter().map(|(owner, _)| owner));
            }
            ties
        });
        ties.collect()
    }
}
