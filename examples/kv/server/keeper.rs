//! The actor of each shard.

use std::cell::RefCell;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use greenroom::net::{Drained, ListenOptions, ServeLimits, Server, TcpListener, serve};
use greenroom::{Actor, Context, ExitReason, Flow, Reply, Result, spawn_local};

use super::clients::Clients;
use super::connection;
use super::shard::{Plan, Shard, unix_ms};
use super::spares::Spares;
use crate::exec::{Batch, State};
use crate::facts::Facts;
use crate::store::{Place, Store};

/// How often dead keys are looked for: ten times a second, as in Redis.
const EXPIRE_PERIOD: Duration = Duration::from_millis(100);

/// Dead keys that are removed before others get their turn.
const EXPIRE_KEYS_MAX: usize = 1000;

/// Connections beyond the bound that are told so at the same time; more wait to be accepted.
const REFUSALS_MAX: usize = 64;

/// How long connections may take to end when their keeper ends without a drain: well within what
/// the runtime gives a hook.
const STOP_LIMIT: Duration = Duration::from_secs(2);

/// Owns its shard's store, answers for it to other shards, and removes dead keys.
#[derive(Debug)]
pub(crate) struct Keeper {
    state: Rc<RefCell<State>>,
    listening: Option<Listening>,
    /// What was answered to each request last, if that is what is to be answered next.
    #[cfg(test)]
    stale: Option<std::collections::BTreeMap<String, Vec<u8>>>,
}

/// The shard's own listener and connections.
#[derive(Debug)]
struct Listening {
    server: Server,
    clients: Rc<Clients>,
}

/// What a keeper is sent. Small enough to cross inside the mesh's packet, so a batch, which is in a
/// box already, needs no other.
pub(crate) enum KeeperMessage {
    /// Carries out what a connection of another shard asks, in order, until the answers bring so
    /// many bytes; answered with the same batch.
    Batch { batch: Box<Batch>, bytes_max: usize, reply: Reply<Box<Batch>> },
    /// Takes connections at that address; answered with the one that it came to.
    Listen(Box<Listen>),
    /// Ends the shard's connections within that time; answered when there are none.
    Drain { limit: Duration, reply: Reply<Drained> },
    /// Removes dead keys.
    Expire,
}

/// What [`KeeperMessage::Listen`] says.
pub(crate) struct Listen {
    pub(super) plan: Arc<Plan>,
    pub(super) address: SocketAddr,
    pub(super) reply: Reply<io::Result<SocketAddr>>,
}

const _: () = assert!(size_of::<KeeperMessage>() <= 32);

impl Keeper {
    /// A keeper of nothing.
    pub(crate) fn new() -> Self {
        let state = State::new(Store::new(0, Place::ALONE));
        Self {
            state: Rc::new(RefCell::new(state)),
            listening: None,
            #[cfg(test)]
            stale: None,
        }
    }

    async fn listen(
        &mut self,
        plan: Arc<Plan>,
        address: SocketAddr,
        ctx: &Context<Self>,
    ) -> io::Result<SocketAddr> {
        let shards = plan.map.shards();
        #[cfg(test)]
        if plan.limits.stale_reads {
            self.stale = Some(std::collections::BTreeMap::new());
        }
        let options = ListenOptions { reuse_port: shards > 1, ..ListenOptions::new(address) };
        let listener = TcpListener::bind_with(options).await?;
        let address = listener.local_addr();
        let clients_max = plan.limits.clients_max.div_ceil(shards.into()).max(1);
        let clients = Rc::new(Clients::new(clients_max, plan.limits.message_bytes_max));
        let shard = Rc::new(Shard {
            system: ctx.system(),
            number: ctx.shard().0,
            state: self.state.clone(),
            facts: Facts {
                bind: address.ip(),
                port: address.port(),
                shards,
                started_ms: plan.started_ms,
                limits: plan.limits.command,
            },
            plan,
            clients: clients.clone(),
            spares: Spares::default(),
        });
        let limits = ServeLimits::connections(clients_max + REFUSALS_MAX);
        let server = serve(listener, limits, async move |stream, peer| {
            connection::serve(shard.clone(), stream, peer).await;
        });
        self.listening = Some(Listening { server, clients });
        Ok(address)
    }

    /// Ends the connections beside the keeper, which goes on answering: connections of other
    /// shards wait for it while they end.
    fn drain(&self, limit: Duration, reply: Reply<Drained>) {
        let Some(Listening { server, clients }) = &self.listening else {
            return reply.send(Drained { finished: 0, aborted: 0 });
        };
        clients.close();
        let server = server.clone();
        drop(spawn_local(async move { reply.send(server.drain(limit).await) }));
    }

    /// Removes some dead keys, and comes back soon if there may be more.
    fn expire(&self, ctx: &Context<Self>) {
        let now_ms = unix_ms(ctx.system());
        let removed = self.state.borrow_mut().store.expire_some(now_ms, EXPIRE_KEYS_MAX);
        if removed == EXPIRE_KEYS_MAX {
            // Behind the requests that wait. Where the mailbox is full, the next tick does it.
            drop(ctx.myself().cast(KeeperMessage::Expire));
        }
    }
}

impl Actor for Keeper {
    type Message = KeeperMessage;

    async fn started(&mut self, ctx: &Context<Self>) -> Result {
        // Clients cannot know this seed, so they cannot make keys that collide.
        let place = Place { shard: ctx.shard().0, shards: ctx.system().shards() };
        self.state.borrow_mut().store = Store::new(ctx.random(), place);
        ctx.send_interval(EXPIRE_PERIOD, || KeeperMessage::Expire);
        Ok(())
    }

    async fn handle(&mut self, message: KeeperMessage, ctx: &Context<Self>) -> Flow {
        match message {
            KeeperMessage::Batch { mut batch, bytes_max, reply } => {
                let now_ms = unix_ms(ctx.system());
                #[cfg(test)]
                let reads = batch.reads();
                batch.carry_out(&mut self.state.borrow_mut(), now_ms, bytes_max);
                #[cfg(test)]
                self.with_stale_reads(&reads, &mut batch);
                reply.send(batch);
            }
            KeeperMessage::Listen(listen) => {
                let Listen { plan, address, reply } = *listen;
                reply.send(self.listen(plan, address, ctx).await);
            }
            KeeperMessage::Drain { limit, reply } => self.drain(limit, reply),
            KeeperMessage::Expire => self.expire(ctx),
        }
        Flow::Continue
    }

    /// Ends the shard's connections too: without a keeper, the shard is no part of the server.
    async fn stopped(&mut self, _: &ExitReason, _: &Context<Self>) {
        if let Some(Listening { server, clients }) = self.listening.take() {
            clients.close();
            server.drain(STOP_LIMIT).await;
        }
    }
}

impl fmt::Debug for KeeperMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Batch { batch, .. } => write!(f, "Batch({} commands)", batch.len()),
            Self::Listen(listen) => write!(f, "Listen({})", listen.address),
            Self::Drain { limit, .. } => write!(f, "Drain({limit:?})"),
            Self::Expire => f.write_str("Expire"),
        }
    }
}

#[cfg(test)]
#[path = "stale.rs"]
mod stale;
