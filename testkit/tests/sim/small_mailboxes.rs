//! Mailboxes that hold less than their actors' settings say.

use std::sync::Mutex;
use std::time::Duration;

use greenroom_core::supervision::{Budget, ChildSpec, ChildStatus, Strategy, SupervisorSpec};
use greenroom_core::{Actor, ActorRef, CastError, Context, Flow, Placement, Reply, System};
use greenroom_testkit::{Campaign, Fault, Faults};

use super::actors::is_whole;

#[derive(Default)]
struct Sum(u64);

enum Add {
    One,
    Total(Reply<u64>),
    Crash,
}

impl Actor for Sum {
    type Message = Add;

    async fn handle(&mut self, message: Add, _: &Context<Self>) -> Flow {
        match message {
            Add::One => self.0 += 1,
            Add::Total(reply) => reply.send(self.0),
            Add::Crash => panic!("told to"),
        }
        Flow::Continue
    }
}

/// Sends so many, by every verb; one that is refused is sent again.
async fn send_all(sum: ActorRef<Sum>, count: u64) {
    for n in 0..count {
        if n % 2 == 0 {
            sum.send(Add::One).await.ok().unwrap();
            continue;
        }
        let mut message = Add::One;
        while let Err(error) = sum.cast(message) {
            assert!(matches!(error, CastError::Full(_)), "nothing but room is missing");
            message = error.into_message();
            greenroom_core::sleep(Duration::from_micros(1)).await;
        }
    }
    // Behind them: what one shard sends arrives in order.
    sum.call(Add::Total).await.unwrap();
}

#[test]
fn mailboxes_may_be_small() {
    let name = "sim::small_mailboxes::mailboxes_may_be_small";
    let faults = Faults::none().small_mailbox_probability(0.7);
    let effects = Mutex::new(0);
    let campaign = Campaign::new(name).seeds(60);
    campaign.runtime(move |b, _| b.shards(3).faults(faults)).run(|sim| {
        let total = sim.run(async |system| {
            let sum = system.spawn(Placement::Shard(1), Sum::default).await.unwrap();
            let senders = [0, 1, 2].map(|shard| {
                let shard = greenroom_core::ShardId(shard);
                system.handle().run_on(shard, async move |_| send_all(sum, 20).await)
            });
            for sender in senders {
                sender.await.unwrap();
            }
            sum.call(Add::Total).await.unwrap()
        });
        assert_eq!(total, 60);
        *effects.lock().unwrap() += sim.fault_effects(Fault::SmallMailbox);
    });
    assert!(*effects.lock().unwrap() > 0 || !is_whole(60));
}

/// What the framework itself is made of gets on with as little.
#[test]
fn supervisors_and_names_get_on_with_small_mailboxes() {
    let name = "sim::small_mailboxes::supervisors_and_names_get_on_with_small_mailboxes";
    let faults = Faults::none().small_mailbox_probability(1.0);
    let campaign = Campaign::new(name).seeds(60);
    campaign.runtime(move |b, _| b.shards(3).faults(faults)).run(|sim| {
        sim.run(async |system| live(system).await);
    });
}

async fn live(system: System) {
    let often = Budget::new(100, Duration::from_secs(3600));
    let mut spec = SupervisorSpec::new(Strategy::OneForOne).budget(often);
    for shard in 0..9 {
        let child = ChildSpec::new(format!("sum {shard}"), Sum::default).budget(often);
        spec = spec.child(child.placement(Placement::Shard(shard % 3)));
    }
    let tree = spec.start(&system, Placement::Shard(1)).await.unwrap();
    let children = tree.children().await.unwrap();
    let sums: Vec<ActorRef<Sum>> =
        children.iter().map(|child| ActorRef::from_pid(child.pid.unwrap())).collect();
    let joined = sums.iter().map(|&sum| {
        greenroom_core::spawn_local(async move {
            system.join("sums", sum).await.unwrap();
            system.register(format!("sum {}", sum.pid()), sum).await.unwrap();
        })
    });
    for joined in joined.collect::<Vec<_>>() {
        joined.await.unwrap();
    }
    assert_eq!(system.members::<Sum>("sums").len(), 9);
    for &sum in &sums {
        sum.send(Add::Crash).await.ok().unwrap();
    }
    for &sum in &sums {
        assert_eq!(sum.call(Add::Total).await, Ok(0));
    }
    let children = tree.children().await.unwrap();
    assert!(children.iter().all(|child| (child.status, child.restarts) == (ChildStatus::Up, 1)));
    tree.stop();
    tree.exit().await;
}
