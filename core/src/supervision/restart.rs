//! Starting children, and what follows when one has crashed.

use std::time::Duration;

use super::children::Key;
use super::handle::ChildStatus;
use super::spec::{Restart, Strategy};
use super::supervisor::{Order, Supervisor, Told};
use crate::actor::{Context, ExitReason};
use crate::handle::SpawnError;
use crate::mailbox::state;
use crate::pid::Pid;
use crate::shard::current;

/// Why a child is not restarted that is no more.
const GONE: SpawnError = SpawnError::Start(ExitReason::NoSuchActor);

impl Supervisor {
    /// Starts a child that is no actor, or has another incarnation made of one that is suspended.
    pub(super) async fn start(&mut self, key: Key, ctx: &Context<Self>) -> Result<(), SpawnError> {
        let Some(child) = self.children.get_mut(key) else { return Ok(()) };
        child.plan += 1;
        let started = match child.pid() {
            Some(pid) => {
                child.incarnation += 1;
                let number = child.incarnation;
                let claim = current::with(|shard| shard.restart_child(pid, number));
                match claim {
                    None => Err(SpawnError::Outside),
                    Some(claim) => match claim.await {
                        Ok(Ok(_)) => Ok(pid),
                        Ok(Err(error)) if *error != GONE => Err(*error),
                        // Nobody tells how the start went: it was unwound, and the child waits.
                        Err(_) if Self::is_there(pid).await => {
                            Err(SpawnError::Start(ExitReason::Panicked("its start".into())))
                        }
                        // It was stopped for good meanwhile: that is no crash, and final.
                        _ => {
                            self.ended(key, ctx).await;
                            return Ok(());
                        }
                    },
                }
            }
            None => {
                child.incarnation = 1;
                let start = current::with(|shard| child.spec.start(shard, ctx.pid()));
                match start {
                    None => Err(SpawnError::Outside),
                    Some(start) => start.await,
                }
            }
        };
        match started {
            Ok(pid) => {
                self.children.set_pid(key, Some(pid));
                if let Some(child) = self.children.get_mut(key) {
                    child.status = ChildStatus::Up;
                    child.streak.up(ctx.now());
                }
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// Whether a child has not ended for good; it is suspended then.
    async fn is_there(pid: Pid) -> bool {
        match current::with(|shard| shard.suspend_child(pid, true)) {
            Some(claim) => claim.await.is_ok(),
            None => false,
        }
    }

    /// An incarnation of a child ended other than by order.
    pub(super) async fn crashed(&mut self, key: Key, reason: ExitReason, ctx: &Context<Self>) {
        let Some(child) = self.children.get_mut(key) else { return };
        let restarts = match child.spec.restart {
            Restart::Permanent => true,
            Restart::Transient => !reason.is_normal(),
            Restart::Temporary => false,
        };
        if !restarts {
            self.dismiss(key, reason).await;
            return self.ended(key, ctx).await;
        }
        self.plan_restart(key, reason, ctx).await;
    }

    /// Restarts a child that crashed or did not start: at once, later, or never.
    async fn plan_restart(&mut self, key: Key, mut reason: ExitReason, ctx: &Context<Self>) {
        loop {
            let now = ctx.now();
            let Some(child) = self.children.get_mut(key) else { return };
            let was_up = child.status.is_up();
            child.status = ChildStatus::Restarting;
            let allowed = child.window.admit(child.spec.budget, now)
                && self.window.admit(self.spec.budget, now);
            if !allowed {
                return self.give_up(key, reason, ctx).await;
            }
            child.restarts += 1;
            child.plan += 1;
            let plan = child.plan;
            let backoff = child.spec.backoff;
            let delay = child.streak.crashed(&backoff, was_up, now, ctx.random());
            let (restarts, id) = (child.restarts, child.spec.id.clone());
            current::with(|shard| shard.report_restart(ctx.pid(), &id, &reason, restarts, delay));
            self.suspend_siblings(key).await;
            if delay > Duration::ZERO {
                if let Some(child) = self.children.get_mut(key) {
                    child.due = plan;
                }
                let _stays = ctx.send_after(delay, Order(Told::Due(key, plan)));
                return;
            }
            match self.start_again(key, ctx).await {
                Ok(()) => return,
                Err((failed, error)) => {
                    if failed != key {
                        return Box::pin(self.plan_restart(failed, reason_of(error), ctx)).await;
                    }
                    reason = reason_of(error);
                }
            }
        }
    }

    /// The time before a restart is over.
    pub(super) async fn due(&mut self, key: Key, plan: u64, ctx: &Context<Self>) {
        let child = self.children.get(key);
        let due = child.is_some_and(|c| c.plan == plan && c.status == ChildStatus::Restarting);
        if due && let Err((failed, error)) = self.start_again(key, ctx).await {
            self.plan_restart(failed, reason_of(error), ctx).await;
        }
    }

    /// Ends the incarnations that go with that child's, in reverse order.
    async fn suspend_siblings(&mut self, key: Key) {
        for sibling in self.restarted_with(key).into_iter().rev() {
            if sibling == key {
                continue;
            }
            match self.children.get(sibling).map(|child| child.spec.restart) {
                // Like one that ended by itself: it is not started again.
                Some(Restart::Temporary) => {
                    self.end(sibling).await;
                    self.children.remove(sibling);
                }
                Some(_) => self.suspend(sibling).await,
                None => {}
            }
        }
    }

    /// Starts a child, and those that go with it, in order. Tells which one failed.
    async fn start_again(
        &mut self,
        key: Key,
        ctx: &Context<Self>,
    ) -> Result<(), (Key, SpawnError)> {
        for next in self.restarted_with(key) {
            // One of them may have been the end of all.
            if ctx.door().has(state::KILL) {
                return Ok(());
            }
            if self.children.get(next).is_some_and(|child| !child.status.is_up()) {
                self.start(next, ctx).await.map_err(|error| (next, error))?;
            }
        }
        Ok(())
    }

    /// Starts whoever was ended with a child that is not restarted after all: it was stopped, or
    /// given up.
    pub(super) async fn start_stranded(&mut self, ctx: &Context<Self>) {
        while let Some(key) = self.stranded()
            && !ctx.door().has(state::KILL)
        {
            if let Err(error) = self.start(key, ctx).await {
                self.plan_restart(key, reason_of(error), ctx).await;
            }
        }
    }

    /// The first child that waits for a restart which nobody plans.
    fn stranded(&self) -> Option<Key> {
        let comes_with = |planned: Key, key: Key| match self.spec.strategy {
            Strategy::OneForOne => planned == key,
            Strategy::OneForAll => true,
            Strategy::RestForOne => planned <= key,
        };
        let waiting = self.children.iter().filter(|(_, c)| c.status == ChildStatus::Restarting);
        let planned = || self.children.iter().filter(|(_, c)| c.is_planned());
        waiting.map(|(key, _)| key).find(|&key| !planned().any(|(other, _)| comes_with(other, key)))
    }

    /// Who is restarted when that child is, in order.
    fn restarted_with(&self, key: Key) -> Vec<Key> {
        match self.spec.strategy {
            Strategy::OneForOne => vec![key],
            Strategy::OneForAll => self.children.keys_from(0),
            Strategy::RestForOne => self.children.keys_from(key),
        }
    }

    /// A child has had more restarts than it may.
    async fn give_up(&mut self, key: Key, reason: ExitReason, ctx: &Context<Self>) {
        let healthy = self.children.iter().filter(|(_, child)| child.status.is_up()).count();
        let pid = self.children.get(key).and_then(|child| child.pid());
        let reason = ExitReason::GaveUp {
            child: pid.unwrap_or_else(|| ctx.pid()),
            reason: std::sync::Arc::new(reason),
        };
        if self.spec.healthy_min.is_some_and(|min| healthy >= min) {
            current::with(|shard| shard.report(ctx.pid(), &self.spec.name, &reason));
            self.dismiss(key, reason).await;
            return self.ended(key, ctx).await;
        }
        self.end_for(reason, ctx).await;
    }
}

fn reason_of(error: SpawnError) -> ExitReason {
    match error {
        SpawnError::Start(reason) => reason,
        error => ExitReason::InitFailed(error.to_string().into()),
    }
}
