//! Names and groups, as programs use them.

use std::any::TypeId;
use std::fmt;
use std::sync::Arc;

use super::directory::Ask;
use super::table::Named;
use crate::actor::{Actor, Context};
use crate::handle::{ActorRef, System};
use crate::pid::Pid;
use crate::reply::Reply;
use crate::shard::{Shard, current};

/// Why an actor did not get a name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum RegisterError {
    /// That actor has it.
    Taken(Pid),
    /// The system is shutting down, or this was used outside it.
    ShuttingDown,
}

impl fmt::Display for RegisterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Taken(pid) => write!(f, "{pid} has that name"),
            Self::ShuttingDown => f.write_str("the system is shutting down"),
        }
    }
}

impl std::error::Error for RegisterError {}

/// Why a name leads to no actor of the type asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum LookupError {
    /// Nobody is known here to have that name.
    NotFound,
    /// Somebody of another type has it.
    WrongType(Pid),
}

impl fmt::Display for LookupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound => f.write_str("nobody has that name"),
            Self::WrongType(pid) => write!(f, "{pid}, which has that name, is of another type"),
        }
    }
}

impl std::error::Error for LookupError {}

impl System {
    /// Gives an actor of this node a name that no other one has, until it ends or is
    /// [unregistered](System::unregister). An actor may have several. When this is done the name is
    /// known on this shard; to the others the news is under way.
    ///
    /// # Errors
    ///
    /// See [`RegisterError`].
    ///
    /// # Cancel safety
    ///
    /// Dropped, it may have happened or not.
    pub async fn register<A: Actor>(
        &self,
        name: impl Into<Arc<str>>,
        actor: ActorRef<A>,
    ) -> Result<(), RegisterError> {
        let named = named(actor);
        let asked = self.ask(name.into(), |name, reply| Ask::Register(name, named, reply));
        asked.await.unwrap_or(Err(RegisterError::ShuttingDown))
    }

    /// Takes a name back, whoever has it. Tells whether anybody had.
    ///
    /// # Cancel safety
    ///
    /// Dropped, it may have happened or not.
    pub async fn unregister(&self, name: impl Into<Arc<str>>) -> bool {
        self.ask(name.into(), Ask::Unregister).await.unwrap_or(false)
    }

    /// The actor of that name, as far as this shard knows.
    ///
    /// # Errors
    ///
    /// See [`LookupError`].
    pub fn lookup<A: Actor>(&self, name: &str) -> Result<ActorRef<A>, LookupError> {
        let found = self.with_shard(|shard| shard.registry.find(name)).flatten();
        let Named { pid, actor } = found.ok_or(LookupError::NotFound)?;
        if actor == TypeId::of::<A>() {
            Ok(ActorRef::from_pid(pid))
        } else {
            Err(LookupError::WrongType(pid))
        }
    }

    /// Who has that name, asked where that is decided; `None` for nobody.
    ///
    /// # Cancel safety
    ///
    /// Safe.
    pub async fn resolve(&self, name: impl Into<Arc<str>>) -> Option<Pid> {
        self.ask(name.into(), Ask::Find).await.flatten()
    }

    /// All names that this shard knows of, sorted.
    #[must_use]
    pub fn names(&self) -> Vec<(Arc<str>, Pid)> {
        self.with_shard(|shard| shard.registry.names()).unwrap_or_default()
    }

    /// Adds an actor of this node to a group, until it ends or [leaves](System::leave). Joining
    /// twice is joining once. When this is done it is known on this shard.
    ///
    /// # Errors
    ///
    /// [`RegisterError::ShuttingDown`].
    ///
    /// # Cancel safety
    ///
    /// Dropped, it may have happened or not.
    pub async fn join<A: Actor>(
        &self,
        group: impl Into<Arc<str>>,
        actor: ActorRef<A>,
    ) -> Result<(), RegisterError> {
        let named = named(actor);
        let asked = self.ask(group.into(), |group, reply| Ask::Join(group, named, reply));
        asked.await.ok_or(RegisterError::ShuttingDown)
    }

    /// Takes an actor out of a group. Tells whether it was in it.
    ///
    /// # Cancel safety
    ///
    /// Dropped, it may have happened or not.
    pub async fn leave(&self, group: impl Into<Arc<str>>, actor: Pid) -> bool {
        let asked = self.ask(group.into(), |group, reply| Ask::Leave(group, actor, reply));
        asked.await.unwrap_or(false)
    }

    /// The members of a group that are of that type, as far as this shard knows.
    #[must_use]
    pub fn members<A: Actor>(&self, group: &str) -> Vec<ActorRef<A>> {
        let of = TypeId::of::<A>();
        let members = self.with_shard(|shard| shard.registry.members(group, of));
        members.unwrap_or_default().into_iter().map(ActorRef::from_pid).collect()
    }

    async fn ask<R: Send + 'static>(
        &self,
        text: Arc<str>,
        ask: impl FnOnce(Arc<str>, Reply<R>) -> Ask,
    ) -> Option<R> {
        let claim = self.with_shard(|shard| {
            let (claim, port) = shard.open_plain_reply::<R>();
            shard.ask_directory(&text, ask(text.clone(), port));
            claim
        });
        claim?.await.ok()
    }

    fn with_shard<R>(&self, f: impl FnOnce(&Shard) -> R) -> Option<R> {
        current::with(|shard| (shard.node() == self.node()).then(|| f(shard))).flatten()
    }
}

fn named<A: Actor>(actor: ActorRef<A>) -> Named {
    Named { pid: actor.pid(), actor: TypeId::of::<A>() }
}

impl<A: Actor> Context<A> {
    /// Gives this actor a name; see [`System::register`]. In [`Actor::started`], with `?`, an
    /// actor whose name is taken does not start, and one that does not start keeps no name.
    ///
    /// # Errors
    ///
    /// See [`RegisterError`].
    ///
    /// # Cancel safety
    ///
    /// As [`System::register`].
    pub async fn register(&self, name: impl Into<Arc<str>>) -> Result<(), RegisterError> {
        self.system().register(name, self.myself()).await
    }

    /// Hears of every actor that joins or leaves a group from now on, as [`crate::Signal::Joined`]
    /// and [`crate::Signal::Left`]; returns who is in it now. In between nothing is missed and
    /// nothing told twice.
    ///
    /// # Errors
    ///
    /// [`RegisterError::ShuttingDown`].
    ///
    /// # Cancel safety
    ///
    /// Dropped, this actor may hear of the group all the same; [`Context::demonitor_group`] ends that.
    pub async fn monitor_group(
        &self,
        group: impl Into<Arc<str>>,
    ) -> Result<Vec<Pid>, RegisterError> {
        let group = group.into();
        let number = {
            let mut bonds = self.door().bonds();
            // News of an earlier time are in what is returned, or come again.
            bonds.forget_group(&group);
            let number = bonds.next_monitor();
            bonds.groups.insert(group.clone(), number);
            number
        };
        let (system, me) = (self.system(), self.pid());
        let asked = system.ask(group, |group, reply| Ask::Watch(group, me, number, reply));
        asked.await.ok_or(RegisterError::ShuttingDown)
    }

    /// Hears no more of a group. Tells whether it did.
    pub fn demonitor_group(&self, group: &str) -> bool {
        let heard = self.door().bonds_if_any().and_then(|mut bonds| bonds.forget_group(group));
        if let Some(number) = heard {
            current::with(|shard| shard.unwatch_group(group, self.pid(), number));
        }
        heard.is_some()
    }
}
