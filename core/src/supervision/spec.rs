//! What a supervisor is told about its children.

use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use super::charge::Factory;
use super::supervisor::Supervisor;
use super::{Backoff, Budget};
use crate::actor::{Actor, ActorConfig};
use crate::handle::{ActorRef, Placement, SpawnError};
use crate::limits::{CHILD_SHUTDOWN, RESTARTS_WITHIN, SUPERVISOR_RESTARTS_MAX};
use crate::pid::Pid;
use crate::shard::Shard;

/// Who is restarted with a child that crashed.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum Strategy {
    /// It alone.
    #[default]
    OneForOne,
    /// All of them: the others are ended, in reverse order, and then all are started in order.
    OneForAll,
    /// It and those that were started after it.
    RestForOne,
}

/// When a child is restarted. One that was told to stop or drain from outside never is by itself;
/// where the strategy restarts it with a sibling that crashed, it is started anew.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum Restart {
    /// Whenever it ends.
    #[default]
    Permanent,
    /// When it ends other than normally.
    Transient,
    /// Never; its spec goes with it.
    Temporary,
}

/// How a child is ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ChildShutdown {
    /// Asked to stop, and killed if it has not within that time.
    Within(Duration),
    /// Asked to stop, and waited for however long it takes: for supervisors, whose children have
    /// limits of their own.
    Wait,
    /// Killed.
    Kill,
}

/// When the end of significant children is the end of their supervisor.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum AutoShutdown {
    /// Never.
    #[default]
    Never,
    /// When one of them has ended by itself and is not restarted.
    AnySignificant,
    /// When all of them have.
    AllSignificant,
}

pub(super) type Starting = Pin<Box<dyn Future<Output = Result<Pid, SpawnError>>>>;

/// Starts a child of whatever type.
trait Start: Send + Sync {
    fn start(&self, shard: &Shard, supervisor: Pid, placement: Placement) -> Starting;

    fn actor(&self) -> &'static str;
}

struct StartActor<A> {
    config: ActorConfig,
    factory: Factory<A>,
}

impl<A: Actor> Start for StartActor<A> {
    fn start(&self, shard: &Shard, supervisor: Pid, placement: Placement) -> Starting {
        let place = shard.place(placement);
        let spawn = shard.spawn_child(supervisor, place, self.config.clone(), self.factory.clone());
        Box::pin(async move { spawn.await.map(|actor: ActorRef<A>| actor.pid()) })
    }

    fn actor(&self) -> &'static str {
        std::any::type_name::<A>()
    }
}

/// One child: how it is made, and what follows on its end.
#[derive(Clone)]
pub struct ChildSpec {
    pub(super) id: Cow<'static, str>,
    pub(super) restart: Restart,
    pub(super) shutdown: ChildShutdown,
    pub(super) significant: bool,
    pub(super) budget: Budget,
    pub(super) backoff: Backoff,
    pub(super) placement: Placement,
    pub(super) is_supervisor: bool,
    start: Arc<dyn Start>,
}

impl ChildSpec {
    /// A child with default settings: on its supervisor's shard, restarted whenever it ends, at
    /// most 3 times in 5 s, given 5 s to stop. `id` names it among its siblings.
    ///
    /// The factory makes each incarnation, on the child's shard.
    pub fn new<A: Actor>(
        id: impl Into<Cow<'static, str>>,
        factory: impl Fn() -> A + Send + Sync + 'static,
    ) -> Self {
        Self::with_config(id, ActorConfig::default(), factory)
    }

    /// A child with these settings of its actor.
    pub fn with_config<A: Actor>(
        id: impl Into<Cow<'static, str>>,
        config: ActorConfig,
        factory: impl Fn() -> A + Send + Sync + 'static,
    ) -> Self {
        Self {
            id: id.into(),
            restart: Restart::Permanent,
            shutdown: ChildShutdown::Within(CHILD_SHUTDOWN),
            significant: false,
            budget: Budget::default(),
            backoff: Backoff::NONE,
            placement: Placement::Here,
            is_supervisor: false,
            start: Arc::new(StartActor { config, factory: Arc::new(factory) }),
        }
    }

    /// A supervisor as a child. It is given as long to stop as its children need.
    pub fn supervisor(id: impl Into<Cow<'static, str>>, spec: SupervisorSpec) -> Self {
        let config = spec.config();
        let child = Self::with_config(id, config, move || Supervisor::new(spec.clone()));
        Self { shutdown: ChildShutdown::Wait, is_supervisor: true, ..child }
    }

    /// Restarted then.
    #[must_use]
    pub fn restart(self, restart: Restart) -> Self {
        Self { restart, ..self }
    }

    /// Ended so.
    #[must_use]
    pub fn shutdown(self, shutdown: ChildShutdown) -> Self {
        Self { shutdown, ..self }
    }

    /// Counts for [`AutoShutdown`].
    #[must_use]
    pub fn significant(self) -> Self {
        Self { significant: true, ..self }
    }

    /// Restarted at most so often.
    #[must_use]
    pub fn budget(self, budget: Budget) -> Self {
        Self { budget, ..self }
    }

    /// Restarted after that time.
    #[must_use]
    pub fn backoff(self, backoff: Backoff) -> Self {
        Self { backoff, ..self }
    }

    /// Started there, as seen from the supervisor's shard. Restarts stay where the child is.
    #[must_use]
    pub fn placement(self, placement: Placement) -> Self {
        Self { placement, ..self }
    }

    pub(super) fn start(&self, shard: &Shard, supervisor: Pid) -> Starting {
        self.start.start(shard, supervisor, self.placement)
    }
}

impl fmt::Debug for ChildSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChildSpec")
            .field("id", &self.id)
            .field("actor", &self.start.actor())
            .field("restart", &self.restart)
            .field("shutdown", &self.shutdown)
            .finish_non_exhaustive()
    }
}

/// A supervisor: its strategy, and its children in the order in which they start.
#[derive(Clone, Debug)]
pub struct SupervisorSpec {
    pub(super) name: Cow<'static, str>,
    pub(super) strategy: Strategy,
    pub(super) budget: Budget,
    pub(super) auto_shutdown: AutoShutdown,
    pub(super) healthy_min: Option<usize>,
    pub(super) children: Vec<ChildSpec>,
    /// Children come and go: see [`super::DynamicSupervisor`].
    pub(super) dynamic: bool,
    pub(super) children_max: usize,
    /// With whom it ends.
    pub(super) parent: Option<Pid>,
}

impl SupervisorSpec {
    /// Without children. All restarts together are bounded at ten times what a child may have.
    #[must_use]
    pub const fn new(strategy: Strategy) -> Self {
        Self {
            name: Cow::Borrowed("supervisor"),
            strategy,
            budget: Budget::new(SUPERVISOR_RESTARTS_MAX, RESTARTS_WITHIN),
            auto_shutdown: AutoShutdown::Never,
            healthy_min: None,
            children: Vec::new(),
            dynamic: false,
            children_max: usize::MAX,
            parent: None,
        }
    }

    /// What it is called in reports.
    #[must_use]
    pub fn named(self, name: impl Into<Cow<'static, str>>) -> Self {
        Self { name: name.into(), ..self }
    }

    /// One child more, started after those there are.
    #[must_use]
    pub fn child(mut self, child: ChildSpec) -> Self {
        self.children.push(child);
        self
    }

    /// All restarts together, beside the budget of each child.
    #[must_use]
    pub fn budget(self, budget: Budget) -> Self {
        Self { budget, ..self }
    }

    /// The end of significant children ends the supervisor.
    #[must_use]
    pub fn auto_shutdown(self, auto_shutdown: AutoShutdown) -> Self {
        Self { auto_shutdown, ..self }
    }

    /// A child whose budget is spent is given up, and the supervisor goes on, as long as so many
    /// children are up. Without this one such child ends the supervisor.
    #[must_use]
    pub fn healthy_min(self, children: usize) -> Self {
        Self { healthy_min: Some(children), ..self }
    }

    /// Settings of the supervisor's own actor. Its hooks start and end children, which have limits
    /// of their own.
    pub(super) fn config(&self) -> ActorConfig {
        ActorConfig {
            name: self.name.clone(),
            trap_exits: true,
            started_limit: Duration::MAX,
            stopped_limit: Duration::MAX,
            ..ActorConfig::default()
        }
    }
}
