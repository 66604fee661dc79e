//! Outboxes that several shards have out of one pool.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

use crate::mesh::{Deliver, Outbox, OutboxPool, Packet, PacketMeta};
use crate::pid::ShardId;
use crate::runtime::{Lane, Outlet};
use crate::shard::Shard;
use crate::shard::outbox::{Blocked, Outboxes};

/// Rings that take everything, or nothing.
#[derive(Default)]
struct Rings {
    pool: Rc<OutboxPool>,
    full: Cell<bool>,
}

impl Outlet for Rings {
    fn flush(&self, _: ShardId, system: &mut Outbox, user: &mut Outbox) -> usize {
        if self.full.get() {
            return 0;
        }
        std::iter::from_fn(|| system.pop_front().or_else(|| user.pop_front())).count()
    }

    fn outboxes(&self) -> Option<Rc<OutboxPool>> {
        Some(self.pool.clone())
    }
}

struct Content {
    _counted: Arc<()>,
}

impl Deliver for Content {
    fn deliver(self, _: &Shard, _: PacketMeta) {
        unreachable!("there is no shard");
    }
}

fn packet(counted: &Arc<()>) -> Packet {
    Packet::system(0, Content { _counted: counted.clone() })
}

fn flush(outboxes: &Outboxes) {
    outboxes.flush(|_| unreachable!("nobody waits"));
}

#[test]
fn what_a_shard_leaves_is_the_next_ones_and_its_packets_are_its_own() {
    let (rings, counted) = (Rc::new(Rings::default()), Arc::new(()));
    let (one, other) = (Outboxes::new(4, rings.clone()), Outboxes::new(4, rings.clone()));
    rings.full.set(true);
    one.push_system(ShardId(1), packet(&counted));
    one.push_user(ShardId(2), |user| user.push(packet(&counted)));
    flush(&one);
    rings.full.set(false);
    for peer in (0..4).map(ShardId) {
        other.push_user(peer, |user| user.push(packet(&counted)));
        flush(&other);
        assert!(other.is_empty() && other.len(peer, Lane::User) == 0);
    }
    assert_eq!(Arc::strong_count(&counted), 3, "those of the other shard have left");
    assert!(one.len(ShardId(1), Lane::System) == 1 && one.len(ShardId(2), Lane::User) == 1);
    drop(one);
    assert_eq!(Arc::strong_count(&counted), 1, "what did not leave went with its shard");
    assert_eq!(rings.pool.spare_len(), 1, "more than were in use at once");
}

#[test]
fn messages_are_counted_to_the_end_of_the_turn_and_no_further_than_they_can_be() {
    let (outboxes, counted) = (Outboxes::new(2, Rc::new(Rings::default())), Arc::new(()));
    let (peer, target) = (ShardId(1), (3, 1));
    let fill = |count: usize| {
        for _ in 0..count {
            outboxes.push_user(peer, |user| user.push(packet(&counted)));
        }
    };
    fill(crate::limits::OUTBOX_DEPTH - 1);
    assert_eq!(outboxes.check(peer, target), Ok(()));
    fill(1);
    assert_eq!(outboxes.check(peer, target), Err(Blocked::Outbox), "though most have left");
    outboxes.stop(peer, target, 1);
    assert_eq!(outboxes.check(peer, target), Err(Blocked::Stopped));
    // What is in band is not refused, however much there is of it.
    fill(20_000);
    assert_eq!(outboxes.check(peer, (4, 1)), Err(Blocked::Outbox));
    flush(&outboxes);
    assert_eq!(outboxes.check(peer, (4, 1)), Ok(()), "another target has not said STOP");
    assert_eq!(outboxes.check(peer, target), Err(Blocked::Stopped));
    assert!(outboxes.go(peer, target).is_empty());
    assert_eq!(outboxes.check(peer, target), Ok(()));
    outboxes.seal();
    assert_eq!(outboxes.check(peer, target), Err(Blocked::Outbox));
}
