//! The same bank in the simulator, and on cores.

use std::time::Duration;

use greenroom_testkit::{Campaign, Faults};

use super::branch::{Refusal, Transfer, read};
use super::*;

const SETTINGS: Settings = Settings { accounts: 3, orders: 20, bad: 20, shards: 3 };

/// Kills tellers, wherever they are in what they do.
async fn sabotage(system: System) {
    for _ in 0..30 {
        let tellers = system.members::<Teller>("tellers");
        let draw = system.now().as_nanos();
        if let Some(teller) = tellers.get(draw as usize % tellers.len().max(1)) {
            teller.kill();
        }
        greenroom::sleep(Duration::from_micros(draw % 50)).await;
    }
}

#[test]
fn sim_no_crash_costs_money() {
    let campaign = Campaign::new("examples::bank::sim_no_crash_costs_money").seeds(100);
    let stalls = Faults::none().shard_stall_probability(0.02);
    campaign.runtime(move |builder, _| builder.shards(3).faults(stalls)).run(|sim| {
        let settings = Settings { bad: 20 * sim.draw(2), ..SETTINGS };
        let count = sim.run(async move |system| {
            let bank = open(system, settings).await.unwrap();
            let saboteur = system.handle().run_on(ShardId(2), sabotage);
            let count = trade(system, settings).await.unwrap();
            saboteur.await.unwrap();
            close(bank, settings, count).await.unwrap();
            count
        });
        greenroom::sometimes!(count.made > 0, "a transfer is made");
        greenroom::sometimes!(count.refused > 0, "a transfer is refused");
        greenroom::sometimes!(settings.bad == 0 && count.lost > 0, "a kill costs an order");
    });
}

#[test]
fn the_bank_opens_and_closes_on_cores() {
    let settings = Settings { shards: 2, ..SETTINGS };
    let counted = System::builder().shards(2).run(async move |s| run(s, settings).await);
    let (count, shown) = counted.unwrap();
    assert!(count.lost > 0 && count.made > 0, "{count:?}");
    assert!(shown.contains("restarts") && shown.ends_with("healthy"), "{shown}");
}

#[test]
fn orders_are_read_or_not() {
    let read = |text| read(text).map(|t| (t.from, t.to, t.amount));
    assert_eq!(read("3 -> 7: 50"), Some((3, 7, 50)));
    for text in ["", "3 to 7: 50", "3 -> 7", "3 -> : 5", "-1 -> 7: 5", "3 -> 7: 5 "] {
        assert_eq!(read(text), None, "{text}");
    }
}

#[test]
fn the_vault_refuses_what_would_lose_money() {
    let mut vault = Vault::new(2);
    let mut make = |from, to, amount| vault.make(Transfer { from, to, amount });
    assert_eq!(make(0, 2, 1), Err(Refusal::NoSuchAccount));
    assert_eq!(make(2, 0, 1), Err(Refusal::NoSuchAccount));
    assert_eq!(make(0, 1, START + 1), Err(Refusal::NotEnough));
    assert_eq!(make(0, 1, START), Ok(()));
    assert_eq!(make(1, 1, 2 * START), Ok(()));
    assert_eq!((vault.balances, vault.transfers), (vec![0, 2 * START], 2));
}
