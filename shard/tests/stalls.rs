//! A shard that hangs is seen, named and avoided; what can be asked from outside is answered.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use greenroom_core::{
    Actor, ActorConfig, Context, ExitReason, Flow, Health, Pid, Placement, Reply, Reporter,
    ShardId, Stall, System,
};
use greenroom_shard::Driver;

use crate::common::{Count, Counter, on_each_driver, system};

on_each_driver! {
    a_shard_that_hangs_is_named_and_avoided_until_it_goes_on,
    a_reporter_that_panics_is_told_of_the_next_stall,
    a_system_without_a_watchdog_hangs_unseen,
    the_shards_of_a_system_give_their_ledgers,
}

/// Longer than the machine keeps a thread waiting that could run, mostly.
const LIMIT: Duration = Duration::from_millis(250);

struct Tell(Mutex<Sender<Stall>>);

impl Reporter for Tell {
    fn actor_failed(&self, _: Pid, _: &str, _: &ExitReason) {}

    fn shard_stalled(&self, stall: &Stall) {
        // Nobody listens any more when this fails.
        drop(self.0.lock().unwrap().send(stall.clone()));
        assert!(stall.shard != ShardId(1), "a panic for the watchdog to catch");
    }
}

/// Stops its shard's thread until somebody lets it go.
struct Blocker(Receiver<()>);

enum Block {
    Now,
    Ping(Reply<()>),
}

impl Actor for Blocker {
    type Message = Block;

    async fn handle(&mut self, block: Block, _: &Context<Self>) -> Flow {
        match block {
            // Also when the test has failed, and let go of its end.
            Block::Now => drop(self.0.recv()),
            Block::Ping(reply) => reply.send(()),
        }
        Flow::Continue
    }
}

/// The next stall of shard 1. Another one may have been kept waiting by the machine.
fn next_of_shard_1(reports: &Receiver<Stall>) -> Stall {
    reports.iter().find(|stall| stall.shard == ShardId(1)).unwrap()
}

fn a_shard_that_hangs_is_named_and_avoided_until_it_goes_on(driver: Driver) {
    let (told, reports) = channel();
    let (let_go, held) = channel();
    let reporter = Arc::new(Tell(Mutex::new(told)));
    let running = system(driver, 2).stall_limit(Some(LIMIT)).reporter(reporter).start().unwrap();
    let handle = running.handle();
    let config = ActorConfig::named("blocker");
    let spawned = handle.spawn(config, Placement::Shard(1), move || Blocker(held)).wait();
    let blocker = spawned.unwrap().unwrap();
    handle.send(blocker, Block::Now).wait().unwrap().unwrap();

    let stall = next_of_shard_1(&reports);
    assert!(stall.lasted >= LIMIT);
    assert_eq!(stall.task, Some(blocker.pid()));
    let actor = stall.actor.as_ref().unwrap();
    assert_eq!(actor.name, "blocker");
    assert!(actor.actor.ends_with("::Blocker") && actor.message.ends_with("::Block"));
    let health = handle.shards_health();
    assert!(health[1].sick && health[1].stalls == 1, "{health:?}");
    assert_eq!(health[1].running, Some(blocker.pid()));
    assert!(matches!(handle.health_of(blocker.pid()), Some(Health::Unhealthy(_))));
    assert!(matches!(handle.health(), Health::Unhealthy(_)));
    let spawn_four = async |system: System| {
        let mut places = Vec::new();
        for _ in 0..4 {
            let counter = system.spawn(Placement::Any, Counter::default).await.unwrap();
            places.push(counter.pid().shard().0);
        }
        places
    };
    let places = handle.run_on(ShardId(0), spawn_four).wait().unwrap();
    assert_eq!(places, [0; 4]);
    let gathered = handle.gather_ledger(Duration::from_millis(1)).wait().unwrap();
    assert_eq!(gathered.silent, [ShardId(1)]);

    let_go.send(()).unwrap();
    // Taken in by a step that began after the one that hung.
    handle.call_blocking(blocker, Block::Ping).unwrap().unwrap();
    assert_eq!(handle.health_of(blocker.pid()), None);
    assert!(!handle.shards_health()[1].sick);
}

fn a_reporter_that_panics_is_told_of_the_next_stall(driver: Driver) {
    let (told, reports) = channel();
    let (let_go, held) = channel();
    let reporter = Arc::new(Tell(Mutex::new(told)));
    let running = system(driver, 2).stall_limit(Some(LIMIT)).reporter(reporter).start().unwrap();
    let handle = running.handle();
    let config = ActorConfig::default();
    let spawned = handle.spawn(config, Placement::Shard(1), move || Blocker(held)).wait();
    let blocker = spawned.unwrap().unwrap();
    for stalls in 1..3 {
        handle.send(blocker, Block::Now).wait().unwrap().unwrap();
        next_of_shard_1(&reports);
        assert_eq!(handle.shards_health()[1].stalls, stalls);
        let_go.send(()).unwrap();
        handle.call_blocking(blocker, Block::Ping).unwrap().unwrap();
    }
}

fn a_system_without_a_watchdog_hangs_unseen(driver: Driver) {
    let running = system(driver, 2).stall_limit(None).start().unwrap();
    let health = running.handle().shards_health();
    assert_eq!(health.len(), 2);
    assert!(health.iter().all(|shard| !shard.sick && shard.stalls == 0));
    let handle = running.handle();
    drop(running);
    assert_eq!(handle.shards_health(), []);
}

fn the_shards_of_a_system_give_their_ledgers(driver: Driver) {
    let running = system(driver, 2).start().unwrap();
    let handle = running.handle();
    let counted = handle.run_on(ShardId(0), async |system| {
        for shard in 0..2 {
            let place = Placement::Shard(shard);
            let counter = system.spawn(place, Counter::default).await.unwrap();
            (0..10).for_each(|n| counter.cast(Count::Add(n)).unwrap());
            assert_eq!(counter.call(Count::Total).await.unwrap(), 45);
        }
    });
    counted.wait().unwrap();
    let gathered = handle.gather_ledger(Duration::from_secs(60)).wait().unwrap();
    assert_eq!(gathered.silent, []);
    let line = gathered.value.iter().find(|line| line.actor.ends_with("::Counter")).unwrap();
    assert_eq!((line.actors, line.ledger.accepted, line.ledger.handled), (2, 22, 22));
    assert!(gathered.value.iter().all(|line| line.adds_up()), "{gathered:?}");
}
