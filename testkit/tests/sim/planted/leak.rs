//! A leaked reply: a port that is neither answered nor dropped, which nobody but the books notices.

use std::collections::BTreeMap;
use std::time::Duration;

use greenroom_core::{Actor, ActorRef, Context, Flow, Placement, Reply, ShardId, System, sleep};
use greenroom_testkit::TestRuntime;

use super::hunt::{campaign, hunt};

/// Lets clients wait until it is opened.
struct Gate {
    planted: bool,
    is_open: bool,
    waiting: BTreeMap<u16, Reply<()>>,
}

enum Ask {
    Wait(u16, Reply<()>),
    Open,
}

impl Actor for Gate {
    type Message = Ask;

    async fn handle(&mut self, message: Ask, _: &Context<Self>) -> Flow {
        match message {
            Ask::Wait(_, reply) if self.is_open => reply.send(()),
            Ask::Wait(client, reply) => {
                // A client that gave up and asks again.
                let before = self.waiting.insert(client, reply);
                if self.planted {
                    std::mem::forget(before);
                }
            }
            Ask::Open => {
                self.is_open = true;
                let waiting = std::mem::take(&mut self.waiting);
                waiting.into_values().for_each(|reply| reply.send(()));
            }
        }
        Flow::Continue
    }
}

async fn wait(gate: ActorRef<Gate>, client: u16) {
    while gate.call(|reply| Ask::Wait(client, reply)).within(PATIENCE).await.is_err() {}
}

const PATIENCE: Duration = Duration::from_millis(10);

fn program(sim: &mut TestRuntime, planted: bool) {
    let clients = sim.extent(6) as u16;
    let opens = PATIENCE / 10 * sim.draw(30) as u32;
    sim.run(async move |system| {
        let gate = move || Gate { planted, is_open: false, waiting: BTreeMap::new() };
        let gate = system.spawn(Placement::Shard(0), gate).await.unwrap();
        let clients = (0..clients).map(|client| {
            let waits = async move |_: System| wait(gate, client).await;
            system.handle().run_on(ShardId(client % 2), waits)
        });
        let clients: Vec<_> = clients.collect();
        sleep(opens).await;
        gate.send(Ask::Open).await.unwrap();
        for client in clients {
            client.await.unwrap();
        }
    });
}

#[test]
fn a_leaked_reply_is_found() {
    let campaign = campaign("leak::a_leaked_reply_is_found");
    hunt(&campaign, "[monitor nothing is left behind]", program);
}
