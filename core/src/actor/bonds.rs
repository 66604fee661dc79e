//! Links and monitors, as an actor sets them.

use super::{Actor, ActorConfig, Context, Monitor};
use crate::handle::{MonitoredSpawn, Placement, Spawn};
use crate::mailbox::{Bond, state};
use crate::pid::Pid;
use crate::shard::{Notice, Shard, current};

impl<A: Actor> Context<A> {
    /// Watches an actor: exactly one [`crate::Signal::Down`] comes when it ends, with the reason;
    /// at once when it has ended already, never existed, or cannot be reached. Any number of
    /// monitors of one actor may be set; each brings its own.
    ///
    /// The actor is the logical one: a supervised restart is not its end.
    pub fn monitor(&self, pid: Pid) -> Monitor {
        let number = {
            let mut bonds = self.door().bonds();
            let number = bonds.next_monitor();
            bonds.monitors.insert(number, Some(pid));
            number
        };
        self.notify(pid, Notice::Monitor(number));
        Monitor(number)
    }

    /// Takes a monitor back: no [`crate::Signal::Down`] of it is handled after this. Tells whether
    /// it was still set and had not fired.
    pub fn demonitor(&self, monitor: Monitor) -> bool {
        let Monitor(number) = monitor;
        let target = self.door().bonds_if_any().and_then(|mut bonds| {
            bonds.forget_down(number);
            bonds.monitors.remove(&number)
        });
        if let Some(Some(target)) = target {
            self.notify(target, Notice::Demonitor(number));
        }
        target.is_some()
    }

    /// Links this actor and another: when one of them ends for another reason than
    /// [`crate::ExitReason::Normal`], the other ends too, at its next await, for
    /// [`crate::ExitReason::Linked`], unless it [traps exits](Context::trap_exits). An actor that
    /// is not there ends this one for `NoSuchActor`. Linking twice is linking once.
    ///
    /// A restart of a supervised actor counts as an end here, as what was linked was the
    /// incarnation.
    pub fn link(&self, pid: Pid) {
        if pid != self.pid() && self.door().bonds().links.insert(pid) {
            self.notify(pid, Notice::Link);
        }
    }

    /// Takes a link back: neither side hears of the other's end any more. That with the supervisor
    /// of this actor stays.
    pub fn unlink(&self, pid: Pid) {
        let linked = self.door().bonds_if_any().is_some_and(|mut bonds| {
            if bonds.charge.as_ref().is_some_and(|charge| charge.supervisor == pid) {
                return false;
            }
            bonds.forget_exit(pid);
            let linked = bonds.links.remove(&pid);
            if linked {
                *bonds.unlinking.entry(pid).or_default() += 1;
            }
            linked
        });
        if linked {
            self.notify(pid, Notice::Unlink);
        }
    }

    /// From now on the ends of linked actors come as [`crate::Signal::Exit`], whatever their
    /// reason, instead of ending this one; or no longer. A [`crate::ActorRef::kill`] of this actor
    /// itself cannot be trapped.
    pub fn trap_exits(&self, trap: bool) {
        if trap {
            self.door().set(state::TRAPS_EXITS);
        } else {
            self.door().clear(state::TRAPS_EXITS);
        }
    }

    /// Starts an actor that is linked to this one from the moment it has started: there is no time
    /// between the two in which one could end unnoticed.
    ///
    /// # Errors
    ///
    /// See [`crate::SpawnError`]: a failure to start is told here, and is not the end of a linked
    /// actor.
    pub fn spawn_link<B: Actor, F>(
        &self,
        config: ActorConfig,
        placement: Placement,
        factory: F,
    ) -> Spawn<B>
    where
        F: FnOnce() -> B + Send + 'static,
    {
        let bond = Bond::Link(self.pid(), self.door().incarnation());
        self.system().spawn_bound(Some(config), placement, factory, Some(bond))
    }

    /// Starts an actor that this one monitors from the moment it has started.
    ///
    /// # Errors
    ///
    /// As [`Context::spawn_link`].
    pub fn spawn_monitor<B: Actor, F>(
        &self,
        config: ActorConfig,
        placement: Placement,
        factory: F,
    ) -> MonitoredSpawn<B>
    where
        F: FnOnce() -> B + Send + 'static,
    {
        let number = {
            let mut bonds = self.door().bonds();
            let number = bonds.next_monitor();
            bonds.monitors.insert(number, None);
            number
        };
        let bond = Bond::Monitor(self.pid(), number);
        let spawn = self.system().spawn_bound(Some(config), placement, factory, Some(bond));
        MonitoredSpawn::new(spawn, self.pid(), number)
    }

    fn notify(&self, to: Pid, notice: Notice) {
        current::with(|shard: &Shard| shard.notify(self.pid(), to, notice));
    }
}
