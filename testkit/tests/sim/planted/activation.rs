//! Double activation: two who want the same actor look, find none, and each start one.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use greenroom_core::{Actor, ActorRef, Context, Flow, Placement, Reply, ShardId, System, always};
use greenroom_testkit::TestRuntime;

use super::hunt::{campaign, hunt};

/// What there should be one of.
struct Account;

impl Actor for Account {
    type Message = ();

    async fn handle(&mut self, (): (), _: &Context<Self>) -> Flow {
        Flow::Continue
    }
}

/// Who is where.
#[derive(Default)]
struct Directory {
    accounts: BTreeMap<u32, Option<ActorRef<Account>>>,
}

enum Ask {
    Find(u32, Reply<Option<ActorRef<Account>>>),
    /// Answers whether it is up to the one who asks to start it.
    Claim(u32, Reply<bool>),
    Enter(u32, ActorRef<Account>),
}

impl Actor for Directory {
    type Message = Ask;

    async fn handle(&mut self, message: Ask, _: &Context<Self>) -> Flow {
        match message {
            Ask::Find(key, reply) => reply.send(self.accounts.get(&key).copied().flatten()),
            Ask::Claim(key, reply) => {
                let first = !self.accounts.contains_key(&key);
                self.accounts.entry(key).or_insert(None);
                reply.send(first);
            }
            Ask::Enter(key, account) => {
                self.accounts.insert(key, Some(account));
            }
        }
        Flow::Continue
    }
}

async fn activate(
    system: System,
    directory: ActorRef<Directory>,
    key: u32,
    planted: bool,
    active: Arc<[AtomicU32]>,
) {
    let mine = if planted {
        directory.call(|reply| Ask::Find(key, reply)).await.unwrap().is_none()
    } else {
        directory.call(|reply| Ask::Claim(key, reply)).await.unwrap()
    };
    if mine {
        let account = system.spawn(Placement::Any, || Account).await.unwrap();
        let others = active[key as usize].fetch_add(1, Ordering::Relaxed);
        always!(others == 0, "one activation for each key", "key {key} has {}", others + 1);
        directory.send(Ask::Enter(key, account)).await.unwrap();
    }
}

fn program(sim: &mut TestRuntime, planted: bool) {
    let keys = sim.extent(4) as u32;
    sim.run(async move |system| {
        let directory = system.spawn(Placement::Shard(0), Directory::default).await.unwrap();
        let active: Arc<[AtomicU32]> = (0..keys).map(|_| AtomicU32::new(0)).collect();
        let clients = [1, 2].map(|shard| {
            let active = active.clone();
            let client = async move |system: System| {
                for key in 0..keys {
                    activate(system, directory, key, planted, active.clone()).await;
                }
            };
            system.handle().run_on(ShardId(shard), client)
        });
        for client in clients {
            client.await.unwrap();
        }
    });
}

#[test]
fn a_double_activation_is_found() {
    let campaign = campaign("activation::a_double_activation_is_found");
    let campaign = campaign.runtime(|builder, _| builder.shards(3));
    hunt(&campaign, "one activation for each key", program);
}
