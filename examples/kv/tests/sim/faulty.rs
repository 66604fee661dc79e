//! The same with a network that fails, clients that crash, and a server that does.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use greenroom::{sleep, timeout};
use greenroom_testkit::check::{History, linearizable};
use greenroom_testkit::{Campaign, Crash, Faults, Root, TestRuntime};

use super::client::Client;
use super::linear::{KEYS, Op, Recorded, STEPS_MAX, Strings, line, op};
use super::rig::Rig;
use crate::server::ServerLimits;
use crate::tests::Rng;

const SERVER: u16 = 0;
const CLIENTS: [u16; 4] = [1, 1, 2, 2];
const COMMANDS: usize = 20;

/// How long a client waits for a reply before it takes the connection for lost.
const PATIENCE: Duration = Duration::from_secs(3);

fn faults() -> Faults {
    Faults::none()
        .delay_probability(0.05)
        .reset_probability(0.01)
        .reset_on_close_probability(0.1)
        .partition_probability(0.004)
        .one_way_partition_probability(0.004)
        .partition_time_max(Duration::from_secs(5))
        .clog_probability(0.01)
        .half_open_probability(0.004)
        .refusal_probability(0.05)
        .shard_stall_probability(0.002)
}

/// A server and two nodes of clients.
fn campaign_of(test: &str) -> Campaign {
    let shards = |seed: u64| [1, 2, 4][(seed % 3) as usize];
    Campaign::new(format!("tests::sim::faulty::{test}")).runtime(move |builder, seed| {
        let builder = builder.time_max(Duration::from_secs(2 * 3600)).turns_max(2_000_000);
        builder.nodes(3).shards(shards(seed)).faults(faults())
    })
}

/// Sends commands, each when the one before was answered or given up; connects anew after that.
async fn client(address: SocketAddr, history: Recorded, seed: u64) {
    let mut rng = Rng::new(seed);
    let mut connection: Option<Client> = None;
    for _ in 0..COMMANDS {
        if connection.is_none() {
            let connected = timeout(PATIENCE, Client::try_connect(address)).await;
            connection = connected.ok().flatten();
        }
        let Some(client) = &mut connection else {
            sleep(PATIENCE / 10).await;
            continue;
        };
        let key = KEYS[rng.below(KEYS.len() as u64) as usize];
        let op = op(&mut rng);
        let (line, reads) = (line(&op, key), matches!(op, Op::Get));
        let call = history.borrow_mut().call((key, op));
        match timeout(PATIENCE, client.try_call(&line)).await {
            Ok(Some(reply)) => history.borrow_mut().returned(call, reply),
            // Its outcome is unknown for ever; but what only reads has none.
            _ if reads => {
                history.borrow_mut().failed(call);
                connection = None;
            }
            _ => connection = None,
        }
    }
}

/// Starts all clients, with the nodes they are on.
fn start(rig: &mut Rig<'_>, history: &Recorded) -> Vec<(u16, Root<()>)> {
    let address = rig.server().addresses()[0];
    let clients = CLIENTS.map(|node| {
        let (history, seed) = (history.clone(), rig.sim.draw(u64::MAX));
        let body = async move |_| client(address, history, seed).await;
        (node, rig.sim.start_on(node, body))
    });
    clients.into()
}

fn check(history: &RefCell<History<(&'static str, Op), String>>) {
    linearizable(&Strings, &history.borrow(), STEPS_MAX).expect_linearizable();
}

fn some_way(sim: &mut TestRuntime) {
    for _ in 0..sim.draw(2_000) {
        sim.step();
    }
}

fn crash_in(sim: &TestRuntime) -> Crash {
    if sim.draw(2) == 0 { Crash::Power } else { Crash::Process }
}

/// The server ends as it should once nothing goes wrong any more.
fn end(rig: Rig<'_>) {
    rig.sim.end_chaos();
    rig.end();
}

#[test]
fn commands_are_linearizable_on_a_network_that_fails() {
    campaign_of("commands_are_linearizable_on_a_network_that_fails").run(|sim| {
        let mut rig = Rig::start(sim, ServerLimits::default());
        let history = Recorded::default();
        for (_, client) in start(&mut rig, &history) {
            rig.sim.finish(client);
        }
        check(&history);
        end(rig);
    });
}

#[test]
fn what_clients_that_crash_had_sent_may_happen_or_not() {
    campaign_of("what_clients_that_crash_had_sent_may_happen_or_not").run(|sim| {
        let mut rig = Rig::start(sim, ServerLimits::default());
        let history = Recorded::default();
        let clients = start(&mut rig, &history);
        some_way(rig.sim);
        let how = crash_in(rig.sim);
        rig.sim.crash(1, how);
        for (node, client) in clients {
            if node != 1 {
                rig.sim.finish(client);
            }
        }
        check(&history);
        end(rig);
    });
}

#[test]
fn a_server_that_crashes_begins_anew() {
    campaign_of("a_server_that_crashes_begins_anew").run(|sim| {
        let mut rig = Rig::start(sim, ServerLimits::default());
        let before = Recorded::default();
        let clients = start(&mut rig, &before);
        some_way(rig.sim);
        let how = crash_in(rig.sim);
        rig.sim.crash(SERVER, how);
        rig.sim.restart(SERVER);
        // It keeps its keys in memory, and has none now: a history of its own.
        let mut rig = Rig::start(rig.sim, ServerLimits::default());
        let after = Recorded::default();
        let more = start(&mut rig, &after);
        for (_, client) in clients.into_iter().chain(more) {
            rig.sim.finish(client);
        }
        check(&before);
        check(&after);
        end(rig);
    });
}

#[test]
fn a_stale_read_would_be_found() {
    let limits = ServerLimits { stale_reads: true, ..ServerLimits::default() };
    let found = campaign_of("a_stale_read_would_be_found").search(|sim| {
        let mut rig = Rig::start(sim, limits.clone());
        let history = Rc::default();
        for (_, client) in start(&mut rig, &history) {
            rig.sim.finish(client);
        }
        check(&history);
    });
    let message = found.expect("the planted bug is found").message;
    assert!(message.contains("not linearizable"), "{message}");
}
