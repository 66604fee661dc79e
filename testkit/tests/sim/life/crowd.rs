//! Actors that take names, join groups and hear of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use greenroom_core::registry::RegisterError;
use greenroom_core::{Actor, ActorRef, Context, Flow, Pid, Signal};

use super::book::fault;

pub(super) const NAMES: [&str; 3] = ["adam", "berta", "carl"];
pub(super) const GROUPS: [&str; 3] = ["red", "green", "blue"];

/// What members of the crowd know.
#[derive(Clone, Default)]
pub(super) struct Town(Arc<Mutex<Records>>);

#[derive(Default)]
pub(super) struct Records {
    pub(super) actors: BTreeSet<Pid>,
    /// By watcher and group: who is in it, as far as was heard.
    pub(super) views: BTreeMap<(Pid, &'static str), BTreeSet<Pid>>,
    /// Who has a name: until its incarnation ends or somebody may have taken the name back.
    owners: BTreeMap<&'static str, Pid>,
    /// How often a name was to be taken back, and how often it was.
    releases: BTreeMap<&'static str, (u32, u32)>,
    /// How often a name went from one to another.
    pub(super) passed_on: u64,
}

impl Town {
    pub(super) fn open(&self) -> MutexGuard<'_, Records> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn releases(&self, name: &'static str) -> (u32, u32) {
        self.open().releases.get(name).copied().unwrap_or_default()
    }

    /// Somebody who asked when that much had been taken back was told that it has that name: if
    /// nobody has taken it back since, nobody else has it.
    fn owns(&self, name: &'static str, who: Pid, released: (u32, u32)) {
        self.open().passed_on += 1;
        if released.0 != released.1 || self.releases(name) != released {
            return;
        }
        if let Some(owner) = self.open().owners.insert(name, who)
            && owner != who
        {
            fault(format!("{who} has the name {name}, which {owner} has"));
        }
    }

    fn release(&self, name: &'static str, begins: bool) {
        let mut records = self.open();
        records.owners.remove(name);
        let releases = records.releases.entry(name).or_default();
        let count = if begins { &mut releases.0 } else { &mut releases.1 };
        *count += 1;
    }
}

/// See the module.
pub(super) struct Citizen {
    town: Town,
    me: Option<Pid>,
}

pub(super) enum Wish {
    Register(&'static str),
    Unregister(&'static str),
    Join(&'static str),
    Leave(&'static str, Pid),
    Hear(&'static str),
    HearNoMore(&'static str),
    Panic,
    PanicLater,
}

impl Citizen {
    pub(super) const fn new(town: Town) -> Self {
        Self { town, me: None }
    }

    fn forget_views(&self) {
        if let Some(me) = self.me {
            self.town.open().views.retain(|(watcher, _), _| *watcher != me);
        }
    }
}

/// Another incarnation hears of nothing.
impl Drop for Citizen {
    fn drop(&mut self) {
        self.forget_views();
        // A name stays with an actor that is restarted, and nobody says whether this one is.
        if let Some(me) = self.me {
            self.town.open().owners.retain(|_, owner| *owner != me);
        }
    }
}

impl Actor for Citizen {
    type Message = Wish;

    async fn started(&mut self, ctx: &Context<Self>) -> greenroom_core::Result {
        self.me = Some(ctx.pid());
        self.town.open().actors.insert(ctx.pid());
        Ok(())
    }

    async fn handle(&mut self, message: Wish, ctx: &Context<Self>) -> Flow {
        let (me, system) = (ctx.pid(), ctx.system());
        match message {
            Wish::Register(name) => {
                let released = self.town.releases(name);
                match ctx.register(name).await {
                    Ok(()) => self.town.owns(name, me, released),
                    Err(RegisterError::Taken(owner)) if owner != me => {}
                    Err(error) => fault(format!("{me} has no name: {error}")),
                }
            }
            Wish::Unregister(name) => {
                self.town.release(name, true);
                system.unregister(name).await;
                // Of one that is given up nobody knows when it arrives.
                self.town.release(name, false);
            }
            Wish::Join(group) => drop(system.join(group, ctx.myself()).await),
            Wish::Leave(group, who) => drop(system.leave(group, who).await),
            Wish::Hear(group) => {
                if let Ok(members) = ctx.monitor_group(group).await {
                    let members = members.into_iter().collect();
                    self.town.open().views.insert((me, group), members);
                }
            }
            Wish::HearNoMore(group) => {
                ctx.demonitor_group(group);
                self.town.open().views.remove(&(me, group));
            }
            Wish::Panic => panic!("at once"),
            Wish::PanicLater => {
                ctx.sleep(Duration::from_nanos(ctx.random() % 5000)).await;
                panic!("after an await");
            }
        }
        Flow::Continue
    }

    async fn on_signal(&mut self, signal: Signal, ctx: &Context<Self>) -> Flow {
        let me = ctx.pid();
        let (group, pid, joined) = match signal {
            Signal::Joined { group, pid } => (group, pid, true),
            Signal::Left { group, pid } => (group, pid, false),
            other => {
                fault(format!("{me} heard {other:?}"));
                return Flow::Continue;
            }
        };
        let group = GROUPS.into_iter().find(|known| **known == *group).expect("a group");
        let mut records = self.town.open();
        let Some(view) = records.views.get_mut(&(me, group)) else {
            drop(records);
            fault(format!("{me} does not hear of {group}"));
            return Flow::Continue;
        };
        let news = if joined { view.insert(pid) } else { view.remove(&pid) };
        drop(records);
        if !news {
            fault(format!("{me} heard twice of {pid} in {group}, joined: {joined}"));
        }
        Flow::Continue
    }
}

pub(super) fn citizen(pid: Pid) -> ActorRef<Citizen> {
    ActorRef::from_pid(pid)
}
