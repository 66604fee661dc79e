//! The code of `docs/guide/simulation.md`.

use greenroom::{Actor, ActorRef, Context, Flow, Placement, Reply, ShardId, System};
use std::time::Duration;

struct Shelf {
    free: u32,
}

enum Ask {
    /// How many are free.
    Free(Reply<u32>),
    /// Takes one, if there is one.
    Take(Reply<bool>),
}

impl Actor for Shelf {
    type Message = Ask;

    async fn handle(&mut self, message: Ask, _: &Context<Self>) -> Flow {
        match message {
            Ask::Free(reply) => reply.send(self.free),
            Ask::Take(reply) => {
                let taken = self.free > 0;
                self.free = self.free.saturating_sub(1);
                reply.send(taken);
            }
        }
        Flow::Continue
    }
}

/// Takes one if there is one.
async fn buy(shelf: ActorRef<Shelf>) -> bool {
    shelf.call(Ask::Take).await.unwrap_or(false)
}

#[greenroom_testkit::sim_test(shards = 3, seeds = 50)]
async fn sim_two_shoppers_share_one_jar(system: System) {
    let shelf = system.spawn(Placement::Shard(0), || Shelf { free: 1 }).await.unwrap();
    let shoppers =
        [1, 2].map(|shard| system.handle().run_on(ShardId(shard), async move |_| buy(shelf).await));
    let mut sold = 0;
    for shopper in shoppers {
        sold += u32::from(shopper.await.unwrap());
    }
    assert_eq!(sold, 1);
}

/// Looks first and takes later: another may have been there in between.
async fn buy_hastily(shelf: ActorRef<Shelf>) -> bool {
    if shelf.call(Ask::Free).await.unwrap_or(0) == 0 {
        return false;
    }
    shelf.call(Ask::Take).await.expect("there is one: we have just looked")
}

#[test]
fn sim_the_hasty_are_found() {
    let campaign = greenroom_testkit::Campaign::new("guide::simulation::sim_the_hasty_are_found");
    let found = campaign.runtime(|builder, _| builder.shards(3)).search(|sim| {
        sim.run(async |system| {
            let shelf = system.spawn(Placement::Shard(0), || Shelf { free: 1 }).await.unwrap();
            let shoppers = [1, 2].map(|shard| {
                system.handle().run_on(ShardId(shard), async move |_| {
                    let saw = shelf.call(Ask::Free).await.unwrap() > 0;
                    let got = buy_hastily(shelf).await;
                    greenroom::always!(got || !saw, "whoever sees a jar gets it");
                })
            });
            for shopper in shoppers {
                shopper.await.unwrap();
            }
        });
    });
    let failure = found.expect("the race is found");
    assert!(failure.message.contains("whoever sees a jar gets it"), "{failure}");
}

#[test]
fn sim_a_stalled_shard_sells_each_jar_once() {
    use greenroom_testkit::{Campaign, Faults};

    let stalls = Faults::none().shard_stall_probability(0.05);
    let campaign = Campaign::new("guide::simulation::sim_a_stalled_shard_sells_each_jar_once");
    campaign.seeds(50).runtime(move |builder, _| builder.shards(3).faults(stalls)).run(|sim| {
        let sold = sim.run(async |system| {
            let shelf = system.spawn(Placement::Shard(0), || Shelf { free: 3 }).await.unwrap();
            let shoppers = [1, 2].map(|shard| {
                system.handle().run_on(ShardId(shard), async move |_| {
                    let mut bought = 0;
                    for _ in 0..3 {
                        bought += u32::from(buy(shelf).await);
                    }
                    bought
                })
            });
            let mut sold = 0;
            for shopper in shoppers {
                sold += shopper.await.unwrap();
            }
            sold
        });
        assert_eq!(sold, 3);
    });
}

use greenroom::net::{TcpListener, TcpStream};

/// Gives each customer a byte, for as long as the node is up.
async fn counter(_: System) {
    let mut listener = TcpListener::bind(([0, 0, 0, 0], 80)).await.unwrap();
    loop {
        let Ok((mut customer, _)) = listener.accept().await else { continue };
        drop(greenroom::spawn_local(async move { customer.send(b"j".to_vec()).await }));
    }
}

/// Buys ten jars.
async fn customer() {
    let mut jars = 0;
    while jars < 10 {
        let answer = async { TcpStream::connect("n0:80").await?.receive().await };
        match greenroom::timeout(Duration::from_secs(1), answer).await {
            Ok(Ok(byte)) if &byte[..] == b"j" => jars += 1,
            // The node is down, the connection broke, or nobody answers: some other time.
            _ => greenroom::sleep(Duration::from_secs(1)).await,
        }
    }
}

#[greenroom_testkit::sim_test(nodes = 3, shards = 1, seeds = 50)]
fn sim_every_customer_is_served(sim: &mut greenroom_testkit::TestRuntime) {
    use greenroom_testkit::{Crash, Faults};

    sim.boot(0, counter);
    let customers = [1, 2].map(|node| sim.start_on(node, async |_| customer().await));
    let faults = Faults::none()
        .partition_probability(0.02)
        .reset_probability(0.05)
        .power_loss_probability(0.005);
    sim.chaos(Duration::from_secs(20), faults);
    sim.end_chaos();
    if !sim.is_down(0) && sim.draw(2) == 0 {
        sim.crash(0, Crash::Process);
        sim.restart(0);
        sim.boot(0, counter);
    }
    sim.expect_progress(Duration::from_secs(60), |_| customers.iter().all(|c| c.is_finished()));
}

#[test]
fn sim_a_guided_search_goes_further() {
    use greenroom_testkit::Campaign;

    let campaign = Campaign::new("guide::simulation::sim_a_guided_search_goes_further").guided();
    campaign.seeds(50).run(|sim| {
        sim.run(async |system| {
            let shelf = system.spawn(Placement::Shard(1), || Shelf { free: 2 }).await.unwrap();
            let mut sold = 0;
            while buy(shelf).await {
                sold += 1;
            }
            greenroom::watermark!(sold, "jars sold");
        });
    });
}

#[test]
fn sim_jars_are_sold_out_now_and_then() {
    use greenroom_testkit::Campaign;

    let campaign = Campaign::new("guide::simulation::sim_jars_are_sold_out_now_and_then");
    let summary = campaign.seeds(50).run(|sim| {
        let jars = sim.draw(3) as u32;
        sim.run(async move |system| {
            let shelf = system.spawn(Placement::Any, move || Shelf { free: jars }).await.unwrap();
            let bought = buy(shelf).await;
            greenroom::sometimes!(!bought, "the shelf is empty");
            greenroom::always!(bought || jars == 0, "a jar that is there is sold");
            greenroom::watermark!(i64::from(jars), "jars");
        });
    });
    eprintln!("{summary}");
}

use greenroom_testkit::check::Model;

/// A shelf that starts with two jars.
struct TwoJars;

#[derive(Clone, PartialEq, Eq, Hash)]
struct Left(u32);

impl Default for Left {
    fn default() -> Self {
        Self(2)
    }
}

impl Model for TwoJars {
    type Op = ();
    /// Whether a jar was taken.
    type Result = bool;
    /// There is one shelf.
    type Key = ();
    type State = Left;

    fn key(&self, (): &()) {}

    fn step(&self, Left(left): &Left, (): &(), result: Option<&bool>) -> Option<Left> {
        let taken = *left > 0;
        result.is_none_or(|result| *result == taken).then(|| Left(left.saturating_sub(1)))
    }
}

#[test]
fn sim_what_shoppers_see_is_possible() {
    use greenroom_testkit::Campaign;
    use greenroom_testkit::check::Recorder;

    let campaign = Campaign::new("guide::simulation::sim_what_shoppers_see_is_possible");
    campaign.seeds(50).runtime(|builder, _| builder.shards(2)).run(|sim| {
        let recorder = Recorder::<TwoJars>::new();
        let shelf = sim.run(async |system| {
            system.spawn(Placement::Shard(1), || Shelf { free: 2 }).await.unwrap()
        });
        let shoppers = [0, 1, 2].map(|_| {
            let recorder = recorder.clone();
            sim.start_on(0, async move |_| {
                // A call that times out is left open: it may have taken a jar, or may yet.
                drop(recorder.call((), shelf.call(Ask::Take)).await);
            })
        });
        for shopper in shoppers {
            sim.finish(shopper);
        }
        recorder.verdict(&TwoJars).expect_linearizable();
    });
}

use greenroom_testkit::{Monitor, Seen};

/// What the program announces, wherever it happens.
enum Delivery {
    Ordered,
    Arrived,
}

/// Whatever is ordered arrives.
#[derive(Default)]
struct Deliveries {
    open: i32,
}

impl Monitor for Deliveries {
    fn name(&self) -> &'static str {
        "deliveries"
    }

    fn see(&mut self, seen: &Seen<'_>) -> Result<(), String> {
        match seen.announced() {
            Some(Delivery::Ordered) => self.open += 1,
            Some(Delivery::Arrived) => self.open -= 1,
            None => {}
        }
        if self.open < 0 { Err("more arrived than was ordered".into()) } else { Ok(()) }
    }

    fn is_hot(&self) -> bool {
        self.open > 0
    }
}

#[test]
fn sim_whatever_is_ordered_arrives() {
    use greenroom_testkit::Campaign;

    let campaign = Campaign::new("guide::simulation::sim_whatever_is_ordered_arrives");
    campaign.seeds(50).monitor(Deliveries::default).run(|sim| {
        sim.run(async |_| {
            greenroom::announce(&Delivery::Ordered);
            greenroom::spawn_local(async {
                greenroom::sleep(Duration::from_secs(30)).await;
                greenroom::announce(&Delivery::Arrived);
            });
        });
    });
}

#[test]
fn sim_by_hand_the_first_shopper_is_late() {
    use greenroom_testkit::TestRuntime;

    let mut sim = TestRuntime::builder().seed(7).shards(2).build();
    let shelf = sim
        .run(async |system| system.spawn(Placement::Shard(1), || Shelf { free: 1 }).await.unwrap());
    // What shard 0 sends to shard 1 waits in the ring.
    sim.hold(0, 0, 1);
    let late = sim.start_on(0, async move |_| buy(shelf).await);
    sim.run_until_idle();
    // Meanwhile somebody on the shelf's own shard takes the jar.
    sim.on(0, 1, || {
        drop(greenroom::spawn_local(async move { assert!(buy(shelf).await) }));
    });
    sim.run_until_idle();
    sim.release(0, 0, 1);
    assert!(!sim.finish(late), "the jar was sold");
}

#[test]
fn sim_a_recorded_run_is_made_again() {
    use greenroom_testkit::{DecisionLog, TestRuntime};

    let run = |sim: &mut TestRuntime| {
        sim.run(async |system| {
            let shelf = system.spawn(Placement::Shard(1), || Shelf { free: 1 }).await.unwrap();
            buy(shelf).await
        })
    };
    let mut recorded = TestRuntime::builder().seed(7).log_decisions(true).build();
    run(&mut recorded);
    // As it stands in a `.dec` file.
    let text = recorded.decision_log().to_string();
    let log = DecisionLog::parse(&text).unwrap();
    let mut again = TestRuntime::builder().replay(log).build();
    run(&mut again);
    assert_eq!(again.trace_hash(), recorded.trace_hash());
    assert!(!again.drift().expect("it is a replay").any());
}
