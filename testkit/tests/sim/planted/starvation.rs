//! Unfair starvation: a server that takes the newest request first.

use std::time::Duration;

use greenroom_core::trace::announce;
use greenroom_core::{Actor, ActorRef, Context, Flow, Placement, Reply, ShardId, System};
use greenroom_testkit::{Monitor, Seen, TestRuntime};

use super::hunt::{campaign, hunt};

/// Answers one request after the other.
struct Server {
    planted: bool,
    waiting: Vec<Reply<()>>,
}

enum Ask {
    For(Reply<()>),
    /// The server asks itself to go on.
    Next,
}

impl Actor for Server {
    type Message = Ask;

    async fn handle(&mut self, message: Ask, ctx: &Context<Self>) -> Flow {
        match message {
            Ask::For(reply) => {
                self.waiting.push(reply);
                if self.waiting.len() == 1 {
                    drop(ctx.myself().cast(Ask::Next));
                }
            }
            Ask::Next => {
                ctx.sleep(Duration::from_millis(1)).await;
                let served = if self.planted { self.waiting.len() - 1 } else { 0 };
                self.waiting.remove(served).send(());
                if !self.waiting.is_empty() {
                    ctx.sleep(Duration::from_millis(1)).await;
                    drop(ctx.myself().cast(Ask::Next));
                }
            }
        }
        Flow::Continue
    }
}

/// What the first client says.
enum Client {
    Waits,
    Served,
}

#[derive(Default)]
struct TheFirstIsServed {
    waits: bool,
}

impl Monitor for TheFirstIsServed {
    fn name(&self) -> &'static str {
        "the first client is served"
    }

    fn see(&mut self, seen: &Seen<'_>) -> Result<(), String> {
        if let Some(client) = seen.announced() {
            self.waits = matches!(client, Client::Waits);
        }
        Ok(())
    }

    fn is_hot(&self) -> bool {
        self.waits
    }
}

async fn ask(system: System, server: ActorRef<Server>, first: bool, rounds: Duration) {
    let end = system.now() + rounds;
    while system.now() < end {
        if first {
            announce(&Client::Waits);
        }
        server.call(Ask::For).within(Duration::MAX).await.unwrap();
        if first {
            announce(&Client::Served);
        }
    }
}

/// Longer than three clients take one after the other.
const HOT_MAX: Duration = Duration::from_millis(50);

fn program(sim: &mut TestRuntime, planted: bool) {
    sim.end_chaos();
    sim.run(async move |system| {
        let server = move || Server { planted, waiting: Vec::new() };
        let server = system.spawn(Placement::Shard(0), server).await.unwrap();
        let clients = [1, 0, 0].map(|shard| {
            let client = async move |system| ask(system, server, shard == 1, 3 * HOT_MAX).await;
            system.handle().run_on(ShardId(shard), client)
        });
        for client in clients {
            client.await.unwrap();
        }
    });
}

#[test]
fn a_starving_client_is_found() {
    let campaign = campaign("starvation::a_starving_client_is_found");
    let campaign = campaign.monitor(TheFirstIsServed::default);
    let campaign = campaign.runtime(|builder, _| builder.shards(2).hot_max(HOT_MAX));
    hunt(&campaign, "[monitor the first client is served]: hot for", program);
}
