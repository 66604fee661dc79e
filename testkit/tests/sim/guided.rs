//! Runs that go on from others find in fewer runs what needs many lucky choices in a row.

use greenroom_core::{Actor, Context, Flow, Placement, Reply, ShardId};
use greenroom_testkit::{Campaign, TestRuntime};

/// Opens when in each round the right shard was first.
struct Door {
    round: usize,
    first: Option<u16>,
}

enum Knock {
    From(u16, Reply<()>),
    /// Whether the right one was first; the next round begins.
    WasRight(Reply<bool>),
}

/// Who has to be first, in each round.
const ORDER: [u16; 6] = [2, 1, 3, 3, 1, 2];

impl Actor for Door {
    type Message = Knock;

    async fn handle(&mut self, message: Knock, _: &Context<Self>) -> Flow {
        match message {
            Knock::From(shard, reply) => {
                self.first.get_or_insert(shard);
                reply.send(());
            }
            Knock::WasRight(reply) => {
                reply.send(self.first.take() == Some(ORDER[self.round]));
                self.round += 1;
            }
        }
        Flow::Continue
    }
}

/// Fails when the door opens. In the others nothing ends early: what comes after a wrong round is what
/// most of a run is.
fn knocks(sim: &mut TestRuntime) {
    sim.run(async |system| {
        let door = system.spawn(Placement::Shard(0), || Door { round: 0, first: None });
        let door = door.await.unwrap();
        let mut rights = 0;
        for round in 0..ORDER.len() {
            let knocks = [1, 2, 3].map(|shard| {
                system.handle().run_on(ShardId(shard), async move |_| {
                    door.call(|reply| Knock::From(shard, reply)).await.unwrap();
                })
            });
            for knock in knocks {
                knock.await.unwrap();
            }
            let was_right = door.call(Knock::WasRight).await.unwrap();
            rights += usize::from(was_right && rights == round);
            greenroom_core::watermark!(rights as i64, "rounds that went right");
        }
        assert!(rights < ORDER.len(), "the door is open");
    });
}

fn campaign(beginning: u32) -> Campaign {
    let name = format!("sim::guided::{beginning}");
    Campaign::new(name).seeds(RUNS_MAX).runtime(|builder, _| builder.shards(4))
}

/// Runs after which a search gives up.
const RUNS_MAX: u64 = 3000;

/// How many runs pass before the one that fails.
fn runs(campaign: &Campaign) -> u64 {
    campaign.search(knocks).map_or(RUNS_MAX, |failure| failure.after)
}

#[test]
fn a_guided_search_takes_several_times_fewer_runs() {
    let beginnings = 0..4;
    let plain: u64 = beginnings.clone().map(|number| runs(&campaign(number))).sum();
    let guided: u64 = beginnings.map(|number| runs(&campaign(number).guided())).sum();
    eprintln!("{guided} guided runs, and {plain} without");
    assert!(guided * 3 < plain, "{guided} guided runs, and {plain} without");
}

#[test]
fn a_guided_search_is_the_same_each_time_and_its_failure_repeats() {
    let campaign = campaign(7).guided();
    let [first, second] = [0, 1].map(|_| campaign.search(knocks).expect("it is found"));
    assert_eq!((first.after, &first.log), (second.after, &second.log));
    assert!(first.message.contains("the door is open"), "{first}");
    let mut again = TestRuntime::builder().shards(4).replay(first.log.clone()).build();
    let run = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| knocks(&mut again)));
    assert!(run.is_err() && !again.drift().expect("a replay").any());
    let shrunk = campaign.shrink(&first, knocks).expect("it fails again");
    assert!(shrunk.message.contains("the door is open"), "{shrunk}");
}
