//! What a supervisor can do to one child, wherever on the node the child lives.

use std::sync::Arc;

use crate::actor::{Actor, ActorConfig, Ending, ExitReason, keep_factory};
use crate::handle::{Spawn, Started, spawn_from};
use crate::mailbox::{Bond, Charge};
use crate::mesh::{Deliver, Packet, PacketMeta};
use crate::pid::{Home, Pid, ShardId};
use crate::reply::{Claim, Reply};
use crate::shard::lifecycle::End;
use crate::shard::{Birth, Shard};

/// Makes incarnations of a child.
pub(crate) type Factory<A> = Arc<dyn Fn() -> A + Send + Sync>;

impl Shard {
    /// Builds a child on that shard. It is linked to its supervisor, an actor of this shard, from
    /// the moment it has started; from then on its supervisor decides what follows on the end of
    /// an incarnation. Until then its end is final, and told by the spawn.
    pub(crate) fn spawn_child<A: Actor>(
        &self,
        supervisor: Pid,
        place: ShardId,
        config: ActorConfig,
        factory: Factory<A>,
    ) -> Spawn<A> {
        let spawner = self.tasks.actor(supervisor.slot(), supervisor.generation());
        let incarnation = spawner.as_ref().and_then(|s| s.door()).map_or(1, |d| d.incarnation());
        let build = move |shard: &Self, ack| {
            let first = factory.clone();
            let factory = keep_factory(move || factory());
            let charge = Some(Charge { supervisor, factory, next: None, over: None });
            let bond = Some(Bond::Supervisor(supervisor, incarnation));
            let birth = Birth { config: Some(config), ack, bond, charge };
            shard.spawn_actor(birth, move || first()).map(|actor| actor.pid())
        };
        Spawn::new(spawn_from(self, place, build), Home::new(self.node(), place))
    }

    /// Asks for another incarnation of a child that is suspended, under that number.
    pub(crate) fn restart_child(&self, child: Pid, number: u32) -> Claim<Started> {
        let (claim, ack) = self.open_plain_reply::<Started>();
        if child.shard() == self.id() {
            self.restart_here(child.target(), number, ack);
        } else {
            let restart = Restart { generation: child.generation(), number, ack };
            self.push_system(child.shard(), Packet::system(child.slot(), restart));
        }
        claim
    }

    /// Asks for the end of a child's incarnation, at its next await or after the message it
    /// handles. The claim tells of it; it fails when the child is gone.
    pub(crate) fn suspend_child(&self, child: Pid, at_once: bool) -> Claim<Ending> {
        let (claim, over) = self.open_plain_reply::<Ending>();
        if child.shard() == self.id() {
            self.suspend_here(child.target(), at_once, over);
        } else {
            let suspend = Suspend { generation: child.generation(), at_once, over };
            self.push_system(child.shard(), Packet::system(child.slot(), suspend));
        }
        claim
    }

    /// Ends a child for good, at its next await, or at once if it is suspended.
    pub(crate) fn dismiss_child(&self, child: Pid, reason: ExitReason) {
        self.end(child, End::Dismiss(reason.into()));
    }
}

/// Another incarnation is wanted.
struct Restart {
    generation: u32,
    number: u32,
    ack: Reply<Started>,
}

impl Deliver for Restart {
    fn deliver(self, shard: &Shard, meta: PacketMeta) {
        shard.restart_here((meta.slot, self.generation), self.number, self.ack);
    }
}

/// An incarnation is to end.
struct Suspend {
    generation: u32,
    at_once: bool,
    over: Reply<Ending>,
}

impl Deliver for Suspend {
    fn deliver(self, shard: &Shard, meta: PacketMeta) {
        shard.suspend_here((meta.slot, self.generation), self.at_once, self.over);
    }
}
