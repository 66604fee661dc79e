//! Questions that every shard of a system answers.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use super::{Outside, System, SystemHandle};
use crate::mesh::Packet;
use crate::pid::ShardId;
use crate::reply::{Claim, Failure};
use crate::shard::deliver::Run;
use crate::shard::{Shard, TypeLedger, current, merge};
use crate::timer::sleep;

/// What the shards of a system answered.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Gathered<T> {
    /// The answers of those that gave one.
    pub value: T,
    /// The shards that gave none in time: stuck in a handler, overloaded, or gone.
    pub silent: Vec<ShardId>,
}

impl System {
    /// What became of the messages of each type of actor this shard has had; empty outside this
    /// system. Looks at every actor of the shard.
    #[must_use]
    pub fn ledger_by_type(&self) -> Vec<TypeLedger> {
        self.here(|shard| shard.ledger_by_type()).unwrap_or_default()
    }

    /// The same for all shards together, by name of the type. Shards answer one after the other,
    /// and messages move meanwhile; each shard's part adds up all the same. A shard that has not
    /// answered within `limit` is left out and named.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses the answers and nothing else.
    ///
    /// # Shard
    ///
    /// To be awaited inside the system; outside it every shard is silent.
    pub async fn gather_ledger(&self, limit: Duration) -> Gathered<Vec<TypeLedger>> {
        let Gathered { value, silent } = gather(*self, limit, Shard::ledger_by_type).await;
        Gathered { value: merge(value.into_iter().flatten()), silent }
    }
}

impl SystemHandle {
    /// See [`System::gather_ledger`]. Asks by way of shard 0.
    ///
    /// # Errors
    ///
    /// See [`super::OutsideError`].
    pub fn gather_ledger(&self, limit: Duration) -> Outside<Gathered<Vec<TypeLedger>>> {
        self.run_on(ShardId(0), async move |system| system.gather_ledger(limit).await)
    }
}

/// Asks every shard of a system, and waits for the answers that come within `limit`.
pub(super) async fn gather<T: Send + 'static>(
    system: System,
    limit: Duration,
    question: fn(&Shard) -> T,
) -> Gathered<Vec<T>> {
    let asked = current::with(|shard| {
        let own = shard.node() == system.node();
        own.then(|| (0..shard.shards()).map(|id| ask(shard, ShardId(id), question)).collect())
    });
    let news = await_each(asked.flatten().unwrap_or_default(), limit).await;
    let answers: Vec<Option<T>> = news.into_iter().map(|news| news?.ok()).collect();
    let silent = (0..).zip(&answers).filter(|(_, answer)| answer.is_none());
    let silent = silent.map(|(id, _)| ShardId(id)).collect();
    Gathered { value: answers.into_iter().flatten().collect(), silent }
}

/// What each claim came to within `limit`; `None` for those that came to nothing by then. One that
/// is late holds up no other.
pub(crate) async fn await_each<T: Send + 'static>(
    claims: Vec<Claim<T>>,
    limit: Duration,
) -> Vec<Option<Result<T, Failure>>> {
    let mut news: Vec<_> = claims.iter().map(|_| None).collect();
    let mut open: Vec<Option<Claim<T>>> = claims.into_iter().map(Some).collect();
    if open.is_empty() {
        return news;
    }
    let mut late = pin!(sleep(limit));
    poll_fn(|cx| {
        for (claim, news) in open.iter_mut().zip(&mut news) {
            let polled = claim.as_mut().map(|claim| pin!(claim).poll(cx));
            if let Some(Poll::Ready(came)) = polled {
                *news = Some(came);
                *claim = None;
            }
        }
        if open.iter().all(Option::is_none) { Poll::Ready(()) } else { late.as_mut().poll(cx) }
    })
    .await;
    news
}

fn ask<T: Send + 'static>(shard: &Shard, peer: ShardId, question: fn(&Shard) -> T) -> Claim<T> {
    let (claim, port) = shard.open_plain_reply::<T>();
    let answer = Run(Box::new(move |shard| port.send(question(shard))));
    shard.push_system(peer, Packet::system(0, answer));
    claim
}
