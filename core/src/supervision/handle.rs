//! A supervisor from outside: what can be asked of its ref.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use super::child::Child;
use super::spec::{ChildSpec, Restart, SupervisorSpec};
use super::supervisor::{Order, Supervisor, Told};
use crate::actor::{Actor, Context};
use crate::handle::{ActorRef, CallError, Placement, Spawn, SpawnError, System};
use crate::pid::Pid;
use crate::reply::Reply;
use crate::vitals::Health;

/// How a child is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum ChildStatus {
    /// Started, and not known to have ended.
    Up,
    /// Between two incarnations.
    Restarting,
    /// Not started yet, or stopped by order of somebody who asked its supervisor.
    Stopped,
    /// Ended, and not restarted.
    Ended,
}

impl ChildStatus {
    /// Whether it is [`ChildStatus::Up`].
    #[must_use]
    pub const fn is_up(self) -> bool {
        matches!(self, Self::Up)
    }
}

/// One child, as data.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct ChildInfo {
    /// Its name among its siblings.
    pub id: Cow<'static, str>,
    /// The actor, if there is one.
    pub pid: Option<Pid>,
    /// How it is.
    pub status: ChildStatus,
    /// When it is restarted.
    pub restart: Restart,
    /// Whether it counts for the supervisor's auto-shutdown.
    pub significant: bool,
    /// Whether it is a supervisor.
    pub is_supervisor: bool,
    /// How often it was restarted.
    pub restarts: u64,
    /// What is published of it ([`crate::Context::set_health`], [`crate::System::watch_answers`]);
    /// degraded while it waits for a restart. Of a supervisor, that does not tell of those below:
    /// see [`SupervisionTree::health`](super::SupervisionTree::health).
    pub health: Health,
}

/// Why a supervisor did not do what it was asked to.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum ChildError {
    /// The child did not start. Of [`Supervisor`]'s methods, those that add a child have not added
    /// it.
    Start(SpawnError),
    /// There is a child of that id.
    AlreadyThere,
    /// There is no such child.
    NoSuchChild,
    /// The child is up, or about to be restarted.
    Running,
    /// The supervisor has as many children as it may.
    Full,
    /// The supervisor did not answer.
    Call(CallError),
}

impl fmt::Display for ChildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start(error) => write!(f, "the child did not start: {error}"),
            Self::AlreadyThere => f.write_str("there is a child of that id"),
            Self::NoSuchChild => f.write_str("there is no such child"),
            Self::Running => f.write_str("the child is running"),
            Self::Full => f.write_str("the supervisor has as many children as it may"),
            Self::Call(error) => write!(f, "the supervisor did not answer: {error}"),
        }
    }
}

impl std::error::Error for ChildError {}

impl SupervisorSpec {
    /// Starts the supervisor on that shard, and its children in order. It is nobody's child: what
    /// it gives up on ends it, and whoever monitors it hears of that. When the system shuts down,
    /// those that one shard has started stop one by one, the last one first, before any actor that
    /// is in no tree.
    ///
    /// # Errors
    ///
    /// [`SpawnError::Start`] when a child did not start; those that had are ended.
    /// [`SpawnError::ShuttingDown`] once the trees of a system that shuts down are stopping.
    pub fn start(self, system: &System, placement: Placement) -> Spawn<Supervisor> {
        self.start_root(system, placement)
    }

    /// The same for a supervisor that ends with the actor that starts it.
    ///
    /// # Errors
    ///
    /// As [`SupervisorSpec::start`].
    pub fn start_link<A: Actor>(
        mut self,
        ctx: &Context<A>,
        placement: Placement,
    ) -> Spawn<Supervisor> {
        self.parent = Some(ctx.pid());
        let config = self.config();
        ctx.spawn_link(config, placement, move || Supervisor::new(self))
    }
}

impl ActorRef<Supervisor> {
    /// Starts one child more, behind the others, and waits for its start.
    ///
    /// # Errors
    ///
    /// See [`ChildError`].
    ///
    /// # Cancel safety
    ///
    /// Once it was asked, the supervisor does it, whether or not somebody waits.
    pub async fn start_child<A: Actor>(&self, spec: ChildSpec) -> Result<ActorRef<A>, ChildError> {
        self.ask(|reply| Told::Start(spec, reply)).await?.map(ActorRef::from_pid)
    }

    /// Starts a child again that was terminated or has ended; the actor is a new one.
    ///
    /// # Errors
    ///
    /// [`ChildError::Running`] when it is up; see [`ChildError`].
    ///
    /// # Cancel safety
    ///
    /// Once it was asked, the supervisor does it, whether or not somebody waits.
    pub async fn restart_child(&self, id: &str) -> Result<Pid, ChildError> {
        self.ask(|reply| Told::Restart(id.into(), reply)).await?
    }

    /// Ends a child, in the time it has. Its spec stays, unless it is temporary; it is not
    /// restarted by itself, but with a sibling that crashes where the strategy says so.
    ///
    /// # Errors
    ///
    /// See [`ChildError`].
    ///
    /// # Cancel safety
    ///
    /// Once it was asked, the supervisor does it, whether or not somebody waits.
    pub async fn terminate_child(&self, id: &str) -> Result<(), ChildError> {
        self.ask(|reply| Told::Terminate(id.into(), reply)).await?
    }

    /// Ends the child that is that actor, in the time it has.
    ///
    /// # Errors
    ///
    /// See [`ChildError`].
    ///
    /// # Cancel safety
    ///
    /// Once it was asked, the supervisor does it, whether or not somebody waits.
    pub async fn terminate(&self, child: Pid) -> Result<(), ChildError> {
        self.ask(|reply| Told::TerminatePid(child, reply)).await?
    }

    /// Forgets a child that was terminated or has ended.
    ///
    /// # Errors
    ///
    /// [`ChildError::Running`] when it is up; see [`ChildError`].
    ///
    /// # Cancel safety
    ///
    /// Once it was asked, the supervisor does it, whether or not somebody waits.
    pub async fn delete_child(&self, id: &str) -> Result<(), ChildError> {
        self.ask(|reply| Told::Delete(id.into(), reply)).await?
    }

    /// A ref to the child of that id; `None` when there is no actor of that id at present. Whether
    /// it takes `A::Message` is checked at each send.
    ///
    /// # Errors
    ///
    /// [`ChildError::Call`].
    ///
    /// # Cancel safety
    ///
    /// Safe.
    pub async fn child<A: Actor>(&self, id: &str) -> Result<Option<ActorRef<A>>, ChildError> {
        Ok(self.ask(|reply| Told::Find(id.into(), reply)).await?.map(ActorRef::from_pid))
    }

    /// All children, in the order in which they start.
    ///
    /// # Errors
    ///
    /// [`ChildError::Call`].
    ///
    /// # Cancel safety
    ///
    /// Safe.
    pub async fn children(&self) -> Result<Vec<ChildInfo>, ChildError> {
        self.ask(Told::Children).await
    }

    async fn ask<R: Send + 'static>(
        &self,
        told: impl FnOnce(Reply<R>) -> Told,
    ) -> Result<R, ChildError> {
        // A child may take as long as its own limits say.
        let call = self.call(|reply| Order(told(reply))).within(Duration::MAX);
        call.await.map_err(ChildError::Call)
    }
}

impl Supervisor {
    pub(super) async fn start_child(
        &mut self,
        spec: ChildSpec,
        ctx: &Context<Self>,
    ) -> Result<Pid, ChildError> {
        if self.children.len() >= self.spec.children_max {
            return Err(ChildError::Full);
        }
        let key = self.children.add(Child::new(spec)).ok_or(ChildError::AlreadyThere)?;
        let started = self.start(key, ctx).await;
        match (started, self.children.get(key).and_then(Child::pid)) {
            (Ok(()), Some(pid)) => Ok(pid),
            (Ok(()), None) => Err(ChildError::NoSuchChild),
            (Err(error), _) => {
                self.children.remove(key);
                Err(ChildError::Start(error))
            }
        }
    }

    pub(super) async fn restart_child(
        &mut self,
        id: &str,
        ctx: &Context<Self>,
    ) -> Result<Pid, ChildError> {
        let key = self.children.by_id(id).ok_or(ChildError::NoSuchChild)?;
        self.idle(key)?;
        self.start(key, ctx).await.map_err(ChildError::Start)?;
        self.children.get(key).and_then(Child::pid).ok_or(ChildError::NoSuchChild)
    }

    pub(super) async fn terminate_child(&mut self, id: &str) -> Result<(), ChildError> {
        let key = self.children.by_id(id).ok_or(ChildError::NoSuchChild)?;
        self.end(key).await;
        let temporary =
            self.children.get(key).is_some_and(|child| child.spec.restart == Restart::Temporary);
        if temporary || self.spec.dynamic {
            self.children.remove(key);
        }
        Ok(())
    }

    pub(super) async fn terminate_pid(&mut self, pid: Pid) -> Result<(), ChildError> {
        let key = self.children.by_pid(pid).ok_or(ChildError::NoSuchChild)?;
        let id = self.children.get(key).map(|child| child.spec.id.clone());
        self.terminate_child(&id.unwrap_or_default()).await
    }

    pub(super) fn delete_child(&mut self, id: &str) -> Result<(), ChildError> {
        let key = self.children.by_id(id).ok_or(ChildError::NoSuchChild)?;
        self.idle(key)?;
        self.children.remove(key);
        Ok(())
    }

    fn idle(&self, key: super::children::Key) -> Result<(), ChildError> {
        match self.children.get(key).map(|child| child.status) {
            Some(ChildStatus::Stopped | ChildStatus::Ended) => Ok(()),
            Some(ChildStatus::Up | ChildStatus::Restarting) => Err(ChildError::Running),
            None => Err(ChildError::NoSuchChild),
        }
    }
}
