//! The supervisor as an actor: what it is told, and what it hears.

use super::budget::Window;
use super::child::Child;
use super::children::{Children, Key};
use super::handle::{ChildError, ChildInfo, ChildStatus};
use super::spec::{AutoShutdown, ChildSpec, Restart, SupervisorSpec};
use crate::actor::{Actor, Context, ExitReason, Flow, Result, Signal};
use crate::pid::Pid;
use crate::reply::Reply;

/// An actor that starts others and decides what follows when they end; see the module. Made by
/// [`SupervisorSpec::start`], or as a child by [`ChildSpec::supervisor`].
pub struct Supervisor {
    pub(super) spec: SupervisorSpec,
    pub(super) children: Children,
    /// The restarts of all children.
    pub(super) window: Window,
}

/// What a supervisor is told; see the methods of its ref.
pub struct Order(pub(super) Told);

pub(super) enum Told {
    Start(ChildSpec, Reply<core::result::Result<Pid, ChildError>>),
    Restart(String, Reply<core::result::Result<Pid, ChildError>>),
    Terminate(String, Reply<core::result::Result<(), ChildError>>),
    TerminatePid(Pid, Reply<core::result::Result<(), ChildError>>),
    Delete(String, Reply<core::result::Result<(), ChildError>>),
    Find(String, Reply<Option<Pid>>),
    Children(Reply<Vec<ChildInfo>>),
    /// The time before a restart is over.
    Due(Key, u64),
}

impl std::fmt::Debug for Order {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Order")
    }
}

impl std::fmt::Debug for Supervisor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Supervisor").field("spec", &self.spec).finish_non_exhaustive()
    }
}

impl Supervisor {
    pub(super) fn new(spec: SupervisorSpec) -> Self {
        Self { spec, children: Children::default(), window: Window::default() }
    }
}

impl Actor for Supervisor {
    type Message = Order;

    async fn started(&mut self, ctx: &Context<Self>) -> Result {
        for spec in std::mem::take(&mut self.spec.children) {
            let id = spec.id.clone();
            let started = match self.children.add(Child::new(spec)) {
                Some(key) => self.start(key, ctx).await.map_err(ChildError::Start),
                None => Err(ChildError::AlreadyThere),
            };
            if let Err(error) = started {
                self.end_all(ctx).await;
                return Err(format!("child {id}: {error}").into());
            }
        }
        Ok(())
    }

    async fn handle(&mut self, Order(told): Order, ctx: &Context<Self>) -> Flow {
        match told {
            Told::Start(spec, reply) => reply.send(self.start_child(spec, ctx).await),
            Told::Restart(id, reply) => reply.send(self.restart_child(&id, ctx).await),
            Told::Terminate(id, reply) => reply.send(self.terminate_child(&id).await),
            Told::TerminatePid(pid, reply) => reply.send(self.terminate_pid(pid).await),
            Told::Delete(id, reply) => reply.send(self.delete_child(&id)),
            Told::Find(id, reply) => {
                let key = self.children.by_id(&id);
                reply.send(key.and_then(|key| self.children.get(key)?.pid()));
            }
            Told::Children(reply) => {
                reply.send(self.children.iter().map(|(_, child)| child.info()).collect());
            }
            Told::Due(key, plan) => self.due(key, plan, ctx).await,
        }
        self.start_stranded(ctx).await;
        Flow::Continue
    }

    async fn on_signal(&mut self, signal: Signal, ctx: &Context<Self>) -> Flow {
        match signal {
            Signal::Suspended { pid, incarnation, reason } => {
                let Some(key) = self.children.by_pid(pid) else { return Flow::Continue };
                let child = self.children.get(key);
                // A restart of all siblings may have overtaken the news.
                if child.is_some_and(|c| c.status.is_up() && c.incarnation == incarnation) {
                    self.crashed(key, reason, ctx).await;
                }
            }
            Signal::Exit { pid, .. } => match self.children.by_pid(pid) {
                Some(key) => self.ended(key, ctx).await,
                None if self.spec.parent == Some(pid) => return Flow::Stop,
                // A child that was let go of, or somebody who linked to a supervisor.
                None => {}
            },
            _ => {}
        }
        self.start_stranded(ctx).await;
        Flow::Continue
    }

    async fn stopped(&mut self, _: &ExitReason, ctx: &Context<Self>) {
        self.end_all(ctx).await;
    }
}

impl Supervisor {
    /// A child has ended for good: somebody stopped it, or it was not to be restarted.
    pub(super) async fn ended(&mut self, key: Key, ctx: &Context<Self>) {
        let Some(child) = self.children.get_mut(key) else { return };
        let significant = child.spec.significant;
        child.status = ChildStatus::Ended;
        let forgotten = self.spec.dynamic || child.spec.restart == Restart::Temporary;
        self.children.set_pid(key, None);
        if forgotten {
            self.children.remove(key);
        }
        if significant {
            self.significant_ended(ctx).await;
        }
    }

    async fn significant_ended(&mut self, ctx: &Context<Self>) {
        let over = match self.spec.auto_shutdown {
            AutoShutdown::Never => false,
            AutoShutdown::AnySignificant => true,
            AutoShutdown::AllSignificant => {
                let mut significant = self.children.iter().filter(|(_, c)| c.spec.significant);
                significant.all(|(_, child)| child.status == ChildStatus::Ended)
            }
        };
        if over {
            self.end_for(ExitReason::Shutdown, ctx).await;
        }
    }

    /// Ends all children, and then this supervisor, for that reason.
    pub(super) async fn end_for(&mut self, reason: ExitReason, ctx: &Context<Self>) {
        self.end_all(ctx).await;
        crate::mailbox::AnyDoor::kill(ctx.door(), reason.into());
    }
}
