//! One child, as its supervisor sees it.

use super::backoff::Streak;
use super::budget::Window;
use super::handle::{ChildInfo, ChildStatus};
use super::spec::ChildSpec;
use crate::pid::Pid;
use crate::process;
use crate::vitals::Health;

/// A child and how it fares.
pub(super) struct Child {
    pub(super) spec: ChildSpec,
    /// `None` while there is no actor: not started, or ended for good.
    pid: Option<Pid>,
    pub(super) status: ChildStatus,
    /// The number of the last incarnation that was asked for.
    pub(super) incarnation: u32,
    /// Counts plans for a restart: one that was overtaken is void.
    pub(super) plan: u64,
    /// The plan whose time is to come.
    pub(super) due: u64,
    pub(super) restarts: u64,
    pub(super) window: Window,
    pub(super) streak: Streak,
}

impl Child {
    pub(super) fn new(spec: ChildSpec) -> Self {
        Self {
            spec,
            pid: None,
            status: ChildStatus::Stopped,
            incarnation: 0,
            plan: 0,
            due: 0,
            restarts: 0,
            window: Window::default(),
            streak: Streak::default(),
        }
    }

    pub(super) const fn pid(&self) -> Option<Pid> {
        self.pid
    }

    /// For [`super::children::Children`] alone, which finds children by pid.
    pub(super) const fn set_pid(&mut self, pid: Option<Pid>) -> Option<Pid> {
        std::mem::replace(&mut self.pid, pid)
    }

    /// Whether a time for its restart is set.
    pub(super) fn is_planned(&self) -> bool {
        self.status == ChildStatus::Restarting && self.due == self.plan
    }

    pub(super) fn info(&self) -> ChildInfo {
        ChildInfo {
            id: self.spec.id.clone(),
            pid: self.pid,
            status: self.status,
            restart: self.spec.restart,
            significant: self.spec.significant,
            is_supervisor: self.spec.is_supervisor,
            restarts: self.restarts,
            health: self.health(),
        }
    }

    fn health(&self) -> Health {
        if self.status == ChildStatus::Restarting {
            return Health::Degraded(format!("`{}` waits for its restart", self.spec.id).into());
        }
        let published = |pid: Pid| process::vitals(pid.node())?.health_of(pid);
        self.pid.and_then(published).unwrap_or_default()
    }
}
