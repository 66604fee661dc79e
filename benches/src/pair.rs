//! Two shards in a bare loop on one thread, with the production rings between them: what a message
//! to another shard costs in instructions, without the time its cache lines take.

use std::cell::RefCell;
use std::rc::Rc;

use greenroom_core::mesh::{Outbox, Packet};
use greenroom_core::runtime::{Inlet, Lane, Outlet};
use greenroom_core::{Fifo, Next, Pump, Shard, ShardId, System, spawn_local};
use greenroom_shard::mesh::{Bell, Incoming, Outgoing, grid};

use crate::bare::{Node, now};

/// Nobody sleeps.
struct Silence;

impl Bell for Silence {
    fn ring(&self) {}
}

/// The ring to the other shard.
struct Out(RefCell<Outgoing<Packet, Silence>>);

impl Outlet for Out {
    fn flush(&self, _: ShardId, system: &mut Outbox, user: &mut Outbox) -> usize {
        self.0.borrow_mut().flush(system, user)
    }
}

/// The ring from the other shard.
struct In(Incoming<Packet>);

impl Inlet for In {
    fn pop(&mut self, lane: Lane, _: ShardId, max: usize, mut sink: impl FnMut(ShardId, Packet)) {
        let peer = ShardId(self.0.peer as u16);
        let ring = match lane {
            Lane::System => &mut self.0.system,
            Lane::User => &mut self.0.user,
        };
        ring.pop_batch(max, |packet| sink(peer, packet));
    }

    fn pending(&self) -> bool {
        !self.0.is_empty()
    }
}

/// Runs `root` on the first of two shards that take turns on this thread.
///
/// # Panics
///
/// When the root waits for something that cannot come.
pub(crate) fn run<T: 'static>(root: impl AsyncFnOnce(System) -> T + 'static) -> T {
    let node = Node::new(2);
    let mut shards: Vec<(Shard, Pump<In>)> = grid::<Packet, _>(2, |_| Silence)
        .into_iter()
        .map(|mut port| {
            let (outgoing, incoming) = (port.outgoing.remove(0), port.incoming.remove(0));
            let shard = node.shard(port.shard as u16, Rc::new(Out(RefCell::new(outgoing))));
            (shard, Pump::new(In(incoming)))
        })
        .collect();
    let result = Rc::new(RefCell::new(None));
    let slot = result.clone();
    shards[0].0.enter(|| {
        let system = System::current().expect("entered");
        spawn_local(async move {
            let value = root(system).await;
            *slot.borrow_mut() = Some(value);
        });
    });
    loop {
        let mut idle = true;
        for (shard, pump) in &mut shards {
            let pumped = shard.enter(|| pump.round(shard, now(), &mut Fifo));
            idle &= pumped.next == Next::Idle && !pump.pending();
        }
        if let Some(value) = result.borrow_mut().take() {
            return value;
        }
        assert!(!idle || shards[0].1.pending(), "the root waits for something that cannot come");
    }
}
