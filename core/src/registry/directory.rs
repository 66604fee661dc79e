//! The actor that decides over the names and groups of one shard.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::groups::Group;
use super::handle::RegisterError;
use super::table::{Change, Named};
use crate::actor::{Actor, ActorConfig, Context, Flow, Monitor, Signal};
use crate::handle::{ActorRef, SpawnError};
use crate::mailbox::MailboxBound;
use crate::mesh::Packet;
use crate::pid::{Pid, ShardId};
use crate::reply::Reply;
use crate::shard::deliver::Run;
use crate::shard::{Birth, Shard, current};

/// See the module.
#[derive(Default)]
pub(crate) struct Directory {
    names: BTreeMap<Arc<str>, Pid>,
    pub(super) groups: BTreeMap<Arc<str>, Group>,
    /// Whoever is entered anywhere, and where.
    known: BTreeMap<Pid, Known>,
}

struct Known {
    monitor: Monitor,
    names: BTreeSet<Arc<str>>,
    groups: BTreeSet<Arc<str>>,
    watches: BTreeSet<Arc<str>>,
}

/// Where an actor is entered.
#[derive(Clone, Copy)]
pub(super) enum Place {
    Name,
    Member,
    Watcher,
}

/// What a directory is asked.
pub(crate) enum Ask {
    Register(Arc<str>, Named, Reply<Result<(), RegisterError>>),
    Unregister(Arc<str>, Reply<bool>),
    Find(Arc<str>, Reply<Option<Pid>>),
    Join(Arc<str>, Named, Reply<()>),
    Leave(Arc<str>, Pid, Reply<bool>),
    /// From now on, under that number of the watcher's.
    Watch(Arc<str>, Pid, u64, Reply<Vec<Pid>>),
    Unwatch(Arc<str>, Pid, u64),
}

impl Actor for Directory {
    type Message = Ask;

    async fn handle(&mut self, message: Ask, ctx: &Context<Self>) -> Flow {
        match message {
            Ask::Register(name, named, reply) => reply.send(self.register(name, named, ctx)),
            Ask::Unregister(name, reply) => {
                let found = self.names.get(&name).copied();
                if let Some(pid) = found {
                    self.unregister(&name);
                    self.strike(pid, Place::Name, &name, ctx);
                }
                reply.send(found.is_some());
            }
            Ask::Find(name, reply) => reply.send(self.names.get(&name).copied()),
            Ask::Join(group, named, reply) => {
                self.join(&group, named, ctx);
                reply.send(());
            }
            Ask::Leave(group, pid, reply) => {
                let left = self.leave(&group, pid, ctx);
                if left {
                    self.strike(pid, Place::Member, &group, ctx);
                }
                reply.send(left);
            }
            Ask::Watch(group, pid, number, reply) => {
                reply.send(self.watch(&group, (pid, number), ctx));
            }
            Ask::Unwatch(group, pid, number) => {
                if self.unwatch(&group, pid, Some(number)) {
                    self.strike(pid, Place::Watcher, &group, ctx);
                }
            }
        }
        Flow::Continue
    }

    async fn on_signal(&mut self, signal: Signal, ctx: &Context<Self>) -> Flow {
        if let Signal::Down { pid, .. } = signal
            && let Some(known) = self.known.remove(&pid)
        {
            for name in known.names {
                self.unregister(&name);
            }
            // What it was told of ends first: it is not there to hear that it left itself.
            for group in known.watches {
                self.unwatch(&group, pid, None);
            }
            for group in known.groups {
                self.leave(&group, pid, ctx);
            }
        }
        Flow::Continue
    }
}

impl Directory {
    fn register(
        &mut self,
        name: Arc<str>,
        named: Named,
        ctx: &Context<Self>,
    ) -> Result<(), RegisterError> {
        match self.names.get(&name) {
            Some(&pid) if pid == named.pid => return Ok(()),
            Some(&pid) => return Err(RegisterError::Taken(pid)),
            None => {}
        }
        self.enter(named.pid, Place::Name, &name, ctx);
        self.names.insert(name.clone(), named.pid);
        have_noted(Change::Registered(name, named));
        Ok(())
    }

    fn unregister(&mut self, name: &Arc<str>) {
        self.names.remove(name);
        have_noted(Change::Unregistered(name.clone()));
    }

    /// Notes where an actor is entered; from now on its end is heard of.
    pub(super) fn enter(&mut self, pid: Pid, place: Place, text: &Arc<str>, ctx: &Context<Self>) {
        let known = self.known.entry(pid).or_insert_with(|| Known {
            monitor: ctx.monitor(pid),
            names: BTreeSet::new(),
            groups: BTreeSet::new(),
            watches: BTreeSet::new(),
        });
        known.place(place).insert(text.clone());
    }

    /// Notes where an actor is entered no longer.
    fn strike(&mut self, pid: Pid, place: Place, text: &Arc<str>, ctx: &Context<Self>) {
        let Some(known) = self.known.get_mut(&pid) else { return };
        known.place(place).remove(text);
        if known.names.is_empty() && known.groups.is_empty() && known.watches.is_empty() {
            ctx.demonitor(known.monitor);
            self.known.remove(&pid);
        }
    }
}

impl Known {
    const fn place(&mut self, place: Place) -> &mut BTreeSet<Arc<str>> {
        match place {
            Place::Name => &mut self.names,
            Place::Member => &mut self.groups,
            Place::Watcher => &mut self.watches,
        }
    }
}

/// Has all shards of the node note a change.
pub(super) fn have_noted(change: Change) {
    current::with(|shard| {
        for peer in (0..shard.shards()).map(ShardId).filter(|&peer| peer != shard.id()) {
            let change = change.clone();
            let note = Run(Box::new(move |shard: &Shard| shard.registry.note(change)));
            shard.push_system(peer, Packet::system(0, note));
        }
        shard.registry.note(change);
    });
}

impl Shard {
    /// The directory of this shard; started if there is none.
    fn directory(&self) -> Result<ActorRef<Directory>, SpawnError> {
        if let Some(pid) = self.registry.directory.get()
            && self.tasks.generation(pid.slot()) == Some(pid.generation())
        {
            return Ok(ActorRef::from_pid(pid));
        }
        let config = ActorConfig::named("directory").mailbox(MailboxBound::Unbounded);
        let actor = self.spawn_actor(Birth::free(Some(config), Reply::NONE), Directory::default)?;
        self.registry.directory.set(Some(actor.pid()));
        Ok(actor)
    }

    /// Asks the directory that decides over that name or group. Without one the ports in the
    /// question are dropped, which is their answer.
    pub(super) fn ask_directory(&self, text: &str, ask: Ask) {
        let home = self.home_of(text);
        let hand_over = move |shard: &Self| {
            if let Ok(directory) = shard.directory() {
                drop(directory.cast(ask));
            }
        };
        if home == self.id() {
            hand_over(self);
        } else {
            self.push_system(home, Packet::system(0, Run(Box::new(hand_over))));
        }
    }

    /// An actor hears of a group no longer, unless it has asked again since.
    pub(crate) fn unwatch_group(&self, group: &str, watcher: Pid, number: u64) {
        self.ask_directory(group, Ask::Unwatch(group.into(), watcher, number));
    }

    /// Which shard decides over that name or group. The same on every run: it is not for the seed
    /// to move names about.
    fn home_of(&self, text: &str) -> ShardId {
        // FNV-1a (Fowler, Noll, Vo), mixed because its low bits are weak.
        let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        ShardId((crate::hash::mix(hash) % u64::from(self.shards())) as u16)
    }
}
