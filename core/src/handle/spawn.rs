//! `spawn`: build an actor on some shard and hear when it has started.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::{ActorRef, Placement, System};
use crate::actor::{Actor, ActorConfig, ExitReason};
use crate::hash::mix;
use crate::mailbox::Bond;
use crate::mesh::Packet;
use crate::pid::{Home, Pid, ShardId};
use crate::reply::{Claim, Reply};
use crate::shard::deliver::Run;
use crate::shard::{Birth, Shard, current};

/// What a spawner hears: where on its shard the actor lives, or why there is none.
pub(crate) type Started = Result<u64, Box<SpawnError>>;

/// There is no actor.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum SpawnError {
    /// Its factory or `started` failed, for that reason.
    Start(ExitReason),
    /// The system is shutting down, or the shard is gone.
    ShuttingDown,
    /// The shard has no slot left: it holds sixteen million tasks.
    ShardFull,
    /// There is no shard of that number.
    NoSuchShard(u16),
    /// Used outside any shard of the system; use a `SystemHandle` there.
    Outside,
}

impl fmt::Display for SpawnError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start(reason) => write!(f, "the actor did not start: {reason}"),
            Self::ShuttingDown => f.write_str("the system is shutting down"),
            Self::ShardFull => f.write_str("the shard has no slot left"),
            Self::NoSuchShard(shard) => write!(f, "there is no shard {shard}"),
            Self::Outside => f.write_str("used outside the system: use a SystemHandle there"),
        }
    }
}

impl std::error::Error for SpawnError {}

/// The news of an actor that is being built.
///
/// # Cancel safety
///
/// The actor was on its way before this was first polled; dropping this leaves it alive.
#[must_use = "awaiting this tells whether the actor started"]
pub struct Spawn<A: Actor> {
    news: News,
    /// Where the actor is to live.
    home: Home,
    actor: PhantomData<fn() -> A>,
}

pub(crate) enum News {
    Failed(SpawnError),
    /// From the actor; the pid is that of one that is on this shard and has not run yet.
    Coming(Claim<Started>, Option<Pid>),
    Taken,
}

impl<A: Actor> Spawn<A> {
    pub(crate) const fn new(news: News, home: Home) -> Self {
        Self { news, home, actor: PhantomData }
    }
}

impl<A: Actor> fmt::Debug for Spawn<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Spawn")
    }
}

impl<A: Actor> Future for Spawn<A> {
    type Output = Result<ActorRef<A>, SpawnError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let started = match &mut self.news {
            News::Coming(claim, fresh) => {
                if let Some(fresh) = fresh.take() {
                    current::with(|shard| shard.hand_off_to_fresh(fresh));
                }
                match std::task::ready!(Pin::new(claim).poll(cx)) {
                    Ok(started) => started.map_err(|error| *error),
                    // The port went down with the shard.
                    Err(_) => Err(SpawnError::ShuttingDown),
                }
            }
            News::Failed(error) => Err(error.clone()),
            News::Taken => Err(SpawnError::Outside),
        };
        let home = self.home;
        self.news = News::Taken;
        Poll::Ready(started.map(|place| ActorRef::from_pid(Pid::in_place(home, place))))
    }
}

impl System {
    /// Builds an actor with default settings. The factory runs on the actor's shard; what it makes
    /// need not be `Send`. The future is done when [`Actor::started`] is.
    ///
    /// # Errors
    ///
    /// See [`SpawnError`].
    pub fn spawn<A: Actor, F>(&self, placement: Placement, factory: F) -> Spawn<A>
    where
        F: FnOnce() -> A + Send + 'static,
    {
        self.spawn_bound(None, placement, factory, None)
    }

    /// Builds an actor; see [`System::spawn`].
    ///
    /// # Errors
    ///
    /// See [`SpawnError`].
    pub fn spawn_with<A: Actor, F>(
        &self,
        config: ActorConfig,
        placement: Placement,
        factory: F,
    ) -> Spawn<A>
    where
        F: FnOnce() -> A + Send + 'static,
    {
        self.spawn_bound(Some(config), placement, factory, None)
    }

    /// Builds an actor that is bound to its spawner from the moment it has started.
    pub(crate) fn spawn_bound<A: Actor, F>(
        &self,
        config: Option<ActorConfig>,
        placement: Placement,
        factory: F,
        bond: Option<Bond>,
    ) -> Spawn<A>
    where
        F: FnOnce() -> A + Send + 'static,
    {
        let node = self.node();
        let nowhere = Home::new(node, ShardId(u16::MAX));
        let news = current::with(|shard| {
            if shard.node() != node {
                return (News::Failed(SpawnError::Outside), nowhere);
            }
            let place = shard.place(placement);
            let build = move |shard: &Shard, ack| {
                let birth = Birth { config, ack, bond, charge: None };
                shard.spawn_actor(birth, factory).map(|actor| actor.pid())
            };
            (spawn_from(shard, place, build), Home::new(node, place))
        });
        let (news, home) = news.unwrap_or((News::Failed(SpawnError::Outside), nowhere));
        Spawn::new(news, home)
    }

    /// Builds an actor on this shard, now. Its mailbox takes messages at once; they are handled
    /// after [`Actor::started`], or undelivered if that fails. Neither factory nor actor need be
    /// `Send`.
    ///
    /// # Errors
    ///
    /// [`SpawnError::Start`] when the factory panics; see [`SpawnError`] for the rest. That
    /// `started` failed is known by waiting for the actor's exit.
    pub fn spawn_here<A: Actor>(
        &self,
        config: ActorConfig,
        factory: impl FnOnce() -> A,
    ) -> Result<ActorRef<A>, SpawnError> {
        let node = self.node();
        let spawned = current::with(|shard| {
            if shard.node() != node {
                return Err(SpawnError::Outside);
            }
            shard.spawn_actor(Birth::free(Some(config), Reply::NONE), factory)
        });
        spawned.unwrap_or(Err(SpawnError::Outside))
    }
}

/// Has an actor built on that shard by `build`, which is given the port for the news.
pub(crate) fn spawn_from<B>(shard: &Shard, place: ShardId, build: B) -> News
where
    B: FnOnce(&Shard, Reply<Started>) -> Result<Pid, SpawnError> + Send + 'static,
{
    if place.0 >= shard.shards() {
        return News::Failed(SpawnError::NoSuchShard(place.0));
    }
    let (claim, port) = shard.open_plain_reply::<Started>();
    if place == shard.id() {
        // A failure reaches the claim through the port as well.
        let spawned = build(shard, port);
        return News::Coming(claim, spawned.ok());
    }
    let build = move |shard: &Shard| {
        let _known_to_the_claim = build(shard, port);
    };
    shard.push_system(place, Packet::system(0, Run(Box::new(build))));
    News::Coming(claim, None)
}

impl Shard {
    /// The shard a placement means; out of range when it names none.
    pub(crate) fn place(&self, placement: Placement) -> ShardId {
        match placement {
            Placement::Here => self.id(),
            Placement::Shard(shard) => ShardId(shard),
            Placement::Any | Placement::RoundRobin => self.next_in_turn(),
            Placement::Key(key) => ShardId((mix(key) % u64::from(self.shards())) as u16),
        }
    }
}
