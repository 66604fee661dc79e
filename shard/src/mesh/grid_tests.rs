use std::collections::VecDeque;
use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use super::*;

type Packet = [u64; 8];

/// A bell that counts.
#[derive(Clone, Default)]
struct Count(Arc<AtomicU32>);

impl Bell for Count {
    fn ring(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

fn small_grid(shards: usize) -> (Vec<Port<u32, Count>>, Vec<Count>) {
    let bells: Vec<_> = (0..shards).map(|_| Count::default()).collect();
    (grid(shards, |shard| bells[shard].clone()), bells)
}

#[test]
fn the_inbound_user_rings_of_a_shard_take_four_mebibytes_at_most() {
    for shards in 1..=4097 {
        let Depth { system, user } = Depth::derive::<Packet>(shards);
        assert!(user.is_power_of_two() && system.is_power_of_two());
        assert!((16..=4096).contains(&user), "{shards} shards: {user}");
        assert_eq!(system, (user / 4).max(16));
        let bytes = shards.saturating_sub(1) * user * 64;
        assert!(bytes <= 4 << 20, "{shards} shards: {bytes} bytes");
        // Twice the depth would be too much, or more than is of use.
        assert!(user == 4096 || 2 * bytes > 4 << 20, "{shards} shards: {user} is too few");
    }
    assert_eq!(Depth::derive::<Packet>(2), Depth { system: 1024, user: 4096 });
    assert_eq!(Depth::derive::<Packet>(17), Depth { system: 1024, user: 4096 });
    assert_eq!(Depth::derive::<Packet>(18), Depth { system: 512, user: 2048 });
    assert_eq!(Depth::derive::<Packet>(65), Depth { system: 256, user: 1024 });
    assert_eq!(Depth::derive::<Packet>(100_000), Depth { system: 16, user: 16 });
}

#[test]
fn the_depth_counts_slots_and_a_slot_counts_lines() {
    let of_word = Depth::derive::<u64>(65);
    assert_eq!(of_word, Depth::derive::<Packet>(65), "a small item takes a line too");
    assert_eq!(of_word, Depth::derive::<()>(65));
    assert_eq!(Depth::derive::<[u64; 9]>(65).user, of_word.user / 2);
}

#[test]
fn every_pair_is_joined_once_each_way() {
    let (mut ports, _) = small_grid(4);
    for (shard, port) in ports.iter().enumerate() {
        let others: Vec<_> = (0..4).filter(|&other| other != shard).collect();
        assert_eq!(port.shard, shard);
        assert_eq!(port.outgoing.iter().map(|to| to.peer).collect::<Vec<_>>(), others);
        assert_eq!(port.incoming.iter().map(|from| from.peer).collect::<Vec<_>>(), others);
        assert!(port.outgoing.iter().all(|to| to.user.capacity() == 4096));
        assert!(port.incoming.iter().all(|from| from.system.capacity() == 1024));
    }
    for from in 0..4_u32 {
        for to in (0..4_u32).filter(|&to| to != from) {
            let way = ports[from as usize].outgoing_to(to as usize).expect("another shard");
            assert_eq!(way.peer, to as usize);
            let (mut system, mut user) =
                (VecDeque::from([10 * from + to]), VecDeque::from([100 + 10 * from + to]));
            assert_eq!(way.flush(&mut system, &mut user), 2);
        }
    }
    for (to, port) in (0_u32..).zip(&mut ports) {
        for way in &mut port.incoming {
            let (from, mut taken) = (way.peer as u32, Vec::new());
            way.system.pop_batch(9, |item| taken.push(item));
            way.user.pop_batch(9, |item| taken.push(item));
            assert_eq!(taken, [10 * from + to, 100 + 10 * from + to]);
            assert!(way.is_empty());
        }
    }
}

#[test]
fn no_shard_has_a_way_to_itself_or_out_of_the_grid() {
    let (mut ports, _) = small_grid(3);
    for (shard, port) in ports.iter_mut().enumerate() {
        assert!(port.outgoing_to(shard).is_none());
        assert!(port.outgoing_to(3).is_none());
        assert!(port.outgoing_to(usize::MAX).is_none());
    }
    let (mut alone, _) = small_grid(1);
    assert!(alone[0].incoming.is_empty() && alone[0].outgoing_to(0).is_none());
    assert!(small_grid(0).0.is_empty());
}

#[test]
fn a_flush_wakes_its_peer_once_and_only_from_sleep() {
    let (mut ports, bells) = small_grid(3);
    let rings = |shard: usize| bells[shard].0.load(Ordering::Relaxed);
    let mut none = VecDeque::new();
    ports[0].outgoing[0].flush(&mut none, &mut [1].into());
    assert_eq!(rings(1), 0, "it is awake");

    assert!(!ports[1].announce(|| false), "there is something to take");
    ports[2].outgoing[1].flush(&mut none, &mut [1].into());
    assert_eq!(rings(1), 0, "the announcement is withdrawn");
    assert_eq!(ports[1].incoming[1].user.pop_batch(9, drop), 1);
    assert_eq!(ports[1].incoming[0].user.pop_batch(9, drop), 1);
    assert!(!ports[1].announce(|| true), "there is something elsewhere");
    assert!(ports[1].announce(|| false));

    assert_eq!(ports[0].outgoing[0].flush(&mut none, &mut VecDeque::new()), 0);
    assert_eq!(rings(1), 0, "there was nothing to publish");
    ports[0].outgoing[0].flush(&mut VecDeque::from([2]), &mut [3].into());
    ports[2].outgoing[1].flush(&mut [4].into(), &mut none);
    assert_eq!(rings(1), 1, "one wake-up serves all");
    assert!(ports[1].sleeper.awake(), "a producer answered");
    assert_eq!((rings(0), rings(2)), (0, 0));

    assert!(!ports[1].announce(|| false));
    for way in &mut ports[1].incoming {
        way.system.pop_batch(9, drop);
        way.user.pop_batch(9, drop);
    }
    assert!(ports[1].announce(|| false));
    assert!(!ports[1].sleeper.awake(), "nobody answered");
}

#[test]
fn a_flush_of_staged_items_alone_wakes_as_well() {
    let (mut ports, bells) = small_grid(2);
    assert!(ports[1].announce(|| false));
    let way = &mut ports[0].outgoing[0];
    way.user.push(1).expect("room");
    assert_eq!(bells[1].0.load(Ordering::Relaxed), 0);
    assert_eq!(way.flush(&mut VecDeque::new(), &mut VecDeque::new()), 0);
    assert_eq!(bells[1].0.load(Ordering::Relaxed), 1);
    assert_eq!(ports[1].incoming[0].user.len(), 1);
}

#[test]
fn a_shard_that_leaves_is_seen_from_all_sides() {
    let (mut ports, _) = small_grid(3);
    ports[1].outgoing[1].flush(&mut VecDeque::new(), &mut [7].into());
    drop(ports.remove(1));
    let [first, last] = &mut ports[..] else { panic!("two are left") };
    assert!(first.outgoing_to(1).expect("it was there").is_abandoned());
    assert!(!first.outgoing_to(2).expect("it is there").is_abandoned());
    assert!(last.incoming[1].is_abandoned());
    assert!(!last.incoming[0].is_abandoned());
    let mut taken = Vec::new();
    last.incoming[1].user.pop_batch(9, |item| taken.push(item));
    assert_eq!(taken, [7], "what it had sent still arrives");
}

#[test]
fn a_port_goes_to_its_thread() {
    fn sendable<S: Send>(_: &S) {}
    let (ports, _) = small_grid(2);
    sendable(&ports);
}
