//! Supervisors that are nobody's child, in the order in which they were started.
//!
//! The shard that starts one remembers it, wherever it comes to live, so that the order is that of
//! the program which starts several. The shard it lives on tells when it is there and when it has
//! ended; a shutdown asks the last one to stop, waits for its end, and then asks the one before.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::task::{Poll, Waker};

use super::spec::SupervisorSpec;
use super::supervisor::Supervisor;
use crate::handle::{News, Placement, Spawn, SpawnError, System, spawn_from};
use crate::mesh::{Deliver, Packet, PacketMeta};
use crate::pid::{Home, Pid, ShardId};
use crate::shard::lifecycle::End;
use crate::shard::{Birth, Shard, current};

/// A start's place in the order of its shard.
type Number = u64;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Roots {
    /// Those that were started from this shard; `None` for one that is still to be built.
    started: RefCell<BTreeMap<Number, Option<Pid>>>,
    last: Cell<Number>,
    /// Those that live on this shard, by slot and generation: who started them.
    living: RefCell<BTreeMap<(u32, u32), (ShardId, Number)>>,
    /// No more are started.
    closed: Cell<bool>,
    /// Who waits for `started` to change.
    waiting: RefCell<Option<Waker>>,
}

impl Roots {
    fn add(&self) -> Number {
        let number = self.last.get() + 1;
        self.last.set(number);
        self.started.borrow_mut().insert(number, None);
        number
    }

    /// Takes in the news of one that was started from here: where it is, or that it has ended.
    fn hear(&self, number: Number, pid: Option<Pid>) {
        let mut started = self.started.borrow_mut();
        match pid {
            Some(_) => {
                if let Some(place) = started.get_mut(&number) {
                    *place = pid;
                }
            }
            None => {
                started.remove(&number);
            }
        }
        drop(started);
        let waiting = self.waiting.borrow_mut().take();
        if let Some(waker) = waiting {
            waker.wake();
        }
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> (usize, usize) {
        (self.started.borrow().len(), self.living.borrow().len())
    }

    fn newest(&self) -> Option<(Number, Option<Pid>)> {
        let started = self.started.borrow();
        started.last_key_value().map(|(&number, &pid)| (number, pid))
    }
}

impl SupervisorSpec {
    /// Starts a supervisor that the calling shard remembers until it has ended.
    pub(super) fn start_root(self, system: &System, placement: Placement) -> Spawn<Supervisor> {
        let (node, config) = (system.node(), self.config());
        let news = current::with(|shard| {
            if shard.node() != node {
                return None;
            }
            if shard.roots.closed.get() {
                let failed = News::Failed(SpawnError::ShuttingDown);
                return Some((failed, shard.home()));
            }
            let (origin, number) = (shard.id(), shard.roots.add());
            let place = shard.place(placement);
            if place.0 >= shard.shards() {
                shard.roots.hear(number, None);
            }
            let build = move |shard: &Shard, ack| {
                let birth = Birth::free(Some(config), ack);
                let spawned = shard.spawn_actor(birth, move || Supervisor::new(self));
                let pid = spawned.map(|supervisor| supervisor.pid());
                if let Ok(pid) = &pid {
                    shard.roots.living.borrow_mut().insert(pid.target(), (origin, number));
                }
                shard.tell_root(origin, number, pid.as_ref().ok().copied());
                pid
            };
            Some((spawn_from(shard, place, build), Home::new(node, place)))
        });
        let nowhere = Home::new(node, ShardId(u16::MAX));
        let (news, home) = news.flatten().unwrap_or((News::Failed(SpawnError::Outside), nowhere));
        Spawn::new(news, home)
    }
}

impl Shard {
    fn tell_root(&self, origin: ShardId, number: Number, pid: Option<Pid>) {
        self.push_system(origin, Packet::system(0, RootNews { number, pid }));
    }

    /// An actor of this shard has ended, perhaps a supervisor that is nobody's child.
    pub(crate) fn root_ended(&self, target: (u32, u32)) {
        if self.roots.living.borrow().is_empty() {
            return;
        }
        let root = self.roots.living.borrow_mut().remove(&target);
        if let Some((origin, number)) = root {
            self.tell_root(origin, number, None);
        }
    }
}

/// Stops all that were started from this shard, the last one first, and waits for the end of each.
/// From here on this shard starts no others.
///
/// # Cancel safety
///
/// The one that was asked last goes on stopping.
pub(crate) async fn stop_roots() {
    current::with(|shard| shard.roots.closed.set(true));
    let mut asked = None;
    std::future::poll_fn(move |cx| {
        let polled = current::with(|shard| match shard.roots.newest() {
            None => Poll::Ready(()),
            Some((number, pid)) => {
                if let Some(pid) = pid
                    && asked.replace(number) != Some(number)
                {
                    shard.end(pid, End::Stop);
                }
                shard.roots.waiting.replace(Some(cx.waker().clone()));
                Poll::Pending
            }
        });
        polled.unwrap_or(Poll::Ready(()))
    })
    .await;
}

/// Where a supervisor lives that was started from here, or that it does not any more.
struct RootNews {
    number: Number,
    pid: Option<Pid>,
}

impl Deliver for RootNews {
    fn deliver(self, shard: &Shard, _: PacketMeta) {
        shard.roots.hear(self.number, self.pid);
    }
}
