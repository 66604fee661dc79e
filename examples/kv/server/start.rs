//! Starting and draining the whole.

use std::io;
use std::net::SocketAddr;
use std::num::NonZeroU16;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{join_all, select_all};
use greenroom::net::Drained;
use greenroom::{ActorConfig, ActorRef, CallError, ExitReason, Placement, System};

use super::keeper::Listen;
use super::shard::{Plan, unix_ms};
use super::{Keeper, KeeperMessage};
use crate::route::ShardMap;
use crate::settings::Settings;

/// How much longer than its connections a shard may take to end.
const DRAIN_GRACE: Duration = Duration::from_secs(1);

/// A server that takes connections, until [`Server::drain`] or the end of its system.
#[derive(Debug, Clone)]
pub(crate) struct Server {
    keepers: Vec<ActorRef<Keeper>>,
    addresses: Vec<SocketAddr>,
}

/// Starts a server on every shard of `system`. It listens on the address that `settings` give;
/// with port 0, on one that the first shard finds free.
///
/// # Errors
///
/// A shard cannot have a keeper, or cannot listen. Nothing takes connections then.
pub(crate) async fn start(system: System, settings: &Settings) -> io::Result<Server> {
    let shards = NonZeroU16::new(system.shards()).ok_or(io::ErrorKind::NotConnected)?;
    let spawned = join_all((0..shards.get()).map(|shard| {
        let config = ActorConfig::named("keeper");
        system.spawn_with(config, Placement::Shard(shard), Keeper::new)
    }));
    let keepers: Result<Vec<_>, _> = spawned.await.into_iter().collect();
    let keepers = keepers.map_err(io::Error::other)?;
    let plan = Arc::new(Plan {
        keepers: keepers.clone(),
        map: ShardMap::new(shards),
        started_ms: unix_ms(system),
        limits: settings.limits.clone(),
    });
    let mut server = Server { keepers, addresses: Vec::new() };
    match server.listen(&plan, SocketAddr::new(settings.bind, settings.port)).await {
        Ok(()) => Ok(server),
        Err(error) => {
            server.drain(Duration::ZERO).await;
            Err(error)
        }
    }
}

impl Server {
    /// Where it listens: one address for each shard, all the same.
    pub(crate) fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Waits until a keeper has ended, and says why. None does by itself: where this returns before
    /// [`Server::drain`], a bug has taken a shard and its keys away.
    ///
    /// # Cancel safety
    ///
    /// Safe.
    pub(crate) async fn broken(&self) -> ExitReason {
        select_all(self.keepers.iter().map(ActorRef::exit)).await.0
    }

    /// The keeper of each shard.
    #[cfg(test)]
    pub(crate) fn keepers(&self) -> &[ActorRef<Keeper>] {
        &self.keepers
    }

    /// Ends the server: takes no more connections, lets each connection answer what it has
    /// received, and closes it. Connections that take longer than `limit` are ended where they
    /// stand. When this returns there are none, and the keepers have been asked to stop.
    ///
    /// # Cancel safety
    ///
    /// The connections end whether or not somebody waits.
    pub(crate) async fn drain(&self, limit: Duration) -> Drained {
        let drained = join_all(self.keepers.iter().map(|keeper| {
            let call = keeper.call(|reply| KeeperMessage::Drain { limit, reply });
            call.within(limit.saturating_add(DRAIN_GRACE))
        }));
        // A keeper that is gone went with its connections.
        let drained = drained.await.into_iter().filter_map(Result::ok);
        let sum = drained.fold(Drained { finished: 0, aborted: 0 }, |sum, part| Drained {
            finished: sum.finished + part.finished,
            aborted: sum.aborted + part.aborted,
        });
        // Not before: connections may ask keepers of other shards to their end.
        self.keepers.iter().for_each(ActorRef::stop);
        sum
    }

    /// Makes every shard listen, the first one first: it decides the port.
    async fn listen(&mut self, plan: &Arc<Plan>, mut address: SocketAddr) -> io::Result<()> {
        for keeper in &self.keepers {
            let plan = plan.clone();
            let listen = |reply| KeeperMessage::Listen(Box::new(Listen { plan, address, reply }));
            let listening: Result<io::Result<_>, CallError> = keeper.call(listen).await;
            address = listening.map_err(io::Error::other)??;
            self.addresses.push(address);
        }
        Ok(())
    }
}
