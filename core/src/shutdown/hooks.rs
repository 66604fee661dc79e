//! Hooks: what a program wants done in a phase, and what became of it.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use super::phase::ShutdownPhase;
use super::report::{HookFailure, HookFault};
use crate::actor::catch;
use crate::shard::{Shard, current};
use crate::task::{LocalTask, TaskError, TaskFuture, spawn_local};
use crate::time::Instant;
use crate::timer::timeout;

/// One hook, before its phase.
pub(super) struct Hook {
    pub(super) phase: ShutdownPhase,
    pub(super) name: Cow<'static, str>,
    /// How long it may take.
    pub(super) limit: Duration,
    pub(super) body: TaskFuture,
}

impl fmt::Debug for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { phase, name, limit, .. } = self;
        f.debug_struct("Hook")
            .field("phase", phase)
            .field("name", name)
            .field("limit", limit)
            .finish()
    }
}

impl Shard {
    /// Begins all hooks of a phase, each of which ends in time, and at `until`.
    pub(super) fn begin_hooks(&self, phase: ShutdownPhase, until: Instant) -> Vec<LocalTask<()>> {
        let hooks: Vec<_> = {
            let mut hooks = self.shutdown.hooks.borrow_mut();
            let (now, later) =
                std::mem::take(&mut *hooks).into_iter().partition(|h| h.phase == phase);
            *hooks = later;
            now
        };
        // Watched from here on: a task may go down before it is ever polled.
        let begin = |hook: Hook| {
            let watch = Watch { phase: hook.phase, name: hook.name, over: false };
            spawn_local(run(watch, hook.limit, hook.body, until))
        };
        hooks.into_iter().map(begin).collect()
    }

    fn hook_failed(&self, watch: &mut Watch, why: HookFault) {
        let name = std::mem::take(&mut watch.name);
        let failure = HookFailure { shard: self.id(), phase: watch.phase, name, why };
        // What panics in a reporter is told to nobody: there is only the reporter to tell.
        drop(catch(|| self.reporter().hook_failed(&failure)));
        self.shutdown.failures.borrow_mut().push(failure);
    }
}

async fn run(mut watch: Watch, limit: Duration, body: TaskFuture, until: Instant) {
    let left = current::with(|shard| until - shard.now()).unwrap_or_default();
    let mut task = spawn_local(body);
    let why = match timeout(limit.min(left), &mut task).await {
        Ok(Ok(())) => None,
        Ok(Err(TaskError::Panicked(panic))) => Some(HookFault::Panicked(panic)),
        Ok(Err(TaskError::Aborted)) => Some(HookFault::Overran),
        Err(_) => {
            task.abort();
            Some(HookFault::Overran)
        }
    };
    watch.end(why);
}

/// Sees to it that a hook which goes down with its shard is told of as well.
struct Watch {
    phase: ShutdownPhase,
    name: Cow<'static, str>,
    over: bool,
}

impl Watch {
    fn end(&mut self, why: Option<HookFault>) {
        self.over = true;
        if let Some(why) = why {
            current::with(|shard| shard.hook_failed(self, why));
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if !self.over {
            self.end(Some(HookFault::Overran));
        }
    }
}
