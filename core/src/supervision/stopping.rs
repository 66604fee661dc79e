//! Ending children, for a while or for good.

use std::time::Duration;

use super::children::Key;
use super::handle::ChildStatus;
use super::spec::ChildShutdown;
use super::supervisor::Supervisor;
use crate::actor::{Context, ExitReason};
use crate::handle::exit_of;
use crate::pid::Pid;
use crate::shard::current;
use crate::shard::lifecycle::End;
use crate::timer::timeout;

impl Supervisor {
    /// Ends a child's incarnation; another one may follow.
    pub(super) async fn suspend(&mut self, key: Key) {
        let Some(child) = self.children.get_mut(key) else { return };
        let (Some(pid), shutdown) = (child.pid(), child.spec.shutdown) else { return };
        child.plan += 1;
        child.status = ChildStatus::Restarting;
        let suspend = |at_once| current::with(|shard| shard.suspend_child(pid, at_once));
        let over = match shutdown {
            ChildShutdown::Kill => None,
            ChildShutdown::Wait => match suspend(false) {
                Some(claim) => Some(claim.await),
                None => return,
            },
            ChildShutdown::Within(limit) => match suspend(false) {
                Some(claim) => timeout(limit, claim).await.ok(),
                None => return,
            },
        };
        let over = match over {
            Some(over) => over,
            None => match suspend(true) {
                Some(claim) => claim.await,
                None => return,
            },
        };
        if over.is_err() {
            // It had been stopped for good.
            self.children.set_pid(key, None);
        }
    }

    /// Ends a child for good, in the time it has.
    pub(super) async fn end(&mut self, key: Key) {
        self.end_asked(key, Duration::ZERO).await;
    }

    /// The same for a child that was asked to stop so long ago.
    async fn end_asked(&mut self, key: Key, ago: Duration) {
        let Some(child) = self.children.get_mut(key) else { return };
        child.plan += 1;
        let suspended = child.status == ChildStatus::Restarting;
        child.status = ChildStatus::Stopped;
        let (pid, shutdown) = (child.pid(), child.spec.shutdown);
        self.children.set_pid(key, None);
        if let Some(pid) = pid {
            let shutdown = if suspended { ChildShutdown::Kill } else { shutdown };
            end_within(pid, shutdown, ago).await;
        }
    }

    /// Ends a child that is suspended, for that reason.
    pub(super) async fn dismiss(&mut self, key: Key, reason: ExitReason) {
        let pid = self.children.get(key).and_then(|child| child.pid());
        self.children.set_pid(key, None);
        if let Some(pid) = pid {
            current::with(|shard| shard.dismiss_child(pid, reason));
            exit_of(pid).await;
        }
    }

    /// Ends all children: in reverse order, one after the other, or all at once where their order
    /// means nothing.
    pub(super) async fn end_all(&mut self, ctx: &Context<Self>) {
        let asked = ctx.now();
        if self.spec.dynamic {
            for (_, child) in self.children.iter() {
                if let (Some(pid), ChildShutdown::Within(_) | ChildShutdown::Wait) =
                    (child.pid(), child.spec.shutdown)
                {
                    current::with(|shard| shard.end(pid, End::Stop));
                }
            }
        }
        for key in self.children.keys_from(0).into_iter().rev() {
            let ago = if self.spec.dynamic { ctx.now() - asked } else { Duration::ZERO };
            self.end_asked(key, ago).await;
        }
    }
}

async fn end_within(pid: Pid, shutdown: ChildShutdown, ago: Duration) {
    let exit = exit_of(pid);
    let limit = match shutdown {
        ChildShutdown::Kill => Duration::ZERO,
        ChildShutdown::Within(limit) => limit.saturating_sub(ago),
        ChildShutdown::Wait => Duration::MAX,
    };
    if limit.is_zero() {
        current::with(|shard| shard.dismiss_child(pid, ExitReason::Killed));
        exit.await;
        return;
    }
    current::with(|shard| shard.end(pid, End::Stop));
    if timeout(limit, exit).await.is_err() {
        current::with(|shard| shard.dismiss_child(pid, ExitReason::Killed));
        exit_of(pid).await;
    }
}
