//! One seed, one run.

use std::collections::BTreeSet;

use greenroom_core::{Placement, System};
use greenroom_testkit::TestRuntime;

use super::actors::{Note, Notebook, in_order};

const NOTES: u32 = 40;

/// Every shard sends to a ledger on every shard; returns how many notes arrived.
async fn all_to_all(system: System) -> usize {
    let shards = system.shards();
    let mut ledgers = Vec::new();
    for shard in 0..shards {
        ledgers.push(system.spawn(Placement::Shard(shard), Notebook::default).await.unwrap());
    }
    let mut senders = Vec::new();
    for shard in 0..shards {
        let ledgers = ledgers.clone();
        let sent = system.handle().run_on(greenroom_core::ShardId(shard), async move |_| {
            for number in 0..NOTES {
                for ledger in &ledgers {
                    let note = Note::Write(shard.into(), number);
                    ledger.send(note).await.unwrap();
                }
            }
        });
        senders.push(sent);
    }
    for sender in senders {
        sender.await.unwrap();
    }
    let mut total = 0;
    for ledger in ledgers {
        // What a sender was done with may still be on its way.
        let seen = loop {
            let seen = ledger.call(Note::Read).await.unwrap();
            if seen.len() == usize::from(shards) * NOTES as usize {
                break seen;
            }
            greenroom_core::sleep(std::time::Duration::from_micros(1)).await;
        };
        assert!(in_order(&seen, shards.into(), NOTES), "out of order: {seen:?}");
        total += seen.len();
    }
    total
}

fn hash(seed: u64, shards: u16) -> u64 {
    let mut sim = TestRuntime::builder().seed(seed).shards(shards).build();
    let total = sim.run(all_to_all);
    assert_eq!(total, usize::from(shards) * usize::from(shards) * NOTES as usize);
    sim.trace_hash()
}

#[test]
fn one_seed_has_one_hash_and_seeds_differ() {
    for shards in [1, 2, 4, 8] {
        let hashes: BTreeSet<u64> = (0..20)
            .map(|seed| {
                let first = hash(seed, shards);
                assert_eq!(first, hash(seed, shards), "seed {seed} with {shards} shards");
                first
            })
            .collect();
        assert_eq!(hashes.len(), 20, "two seeds of {shards} shards ran alike");
    }
}
