//! A server and what runs against it.

use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU16;
use std::time::Duration;

use greenroom::System;
use greenroom::net::Drained;
use greenroom_testkit::{Campaign, Root, TestRuntime};

use super::client::Client;
use crate::server::{Server, ServerLimits, start};
use crate::settings::Settings;

/// The simulator's address of the first node.
const SERVER_ADDRESS: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1));
const SERVER: u16 = 0;
const CLIENTS: u16 = 1;

/// Longer than any message is on its way, so that no limit of time decides what a test sees.
const LINGER: Duration = Duration::from_secs(60);

/// A server that listens.
pub(super) struct Rig<'a> {
    pub(super) sim: &'a mut TestRuntime,
    server: Server,
}

/// Runs `body` under many seeds, each with a server of `limits`.
pub(super) fn campaign(test: &str, limits: &ServerLimits, body: impl Fn(&mut Rig<'_>) + Sync) {
    campaign_of(test).run(|sim| {
        let mut rig = Rig::start(sim, limits.clone());
        body(&mut rig);
        rig.end();
    });
}

/// Many seeds: one, two or four shards each.
pub(super) fn campaign_of(test: &str) -> Campaign {
    let shards = |seed: u64| [1, 2, 4][(seed % 3) as usize];
    let campaign = Campaign::new(format!("tests::sim::{test}"));
    campaign.runtime(move |builder, seed| {
        // Keepers never rest, so a client that waits for ever is found by a limit only.
        let builder = builder.time_max(Duration::from_secs(2 * 3600)).turns_max(2_000_000);
        builder.nodes(2).shards(shards(seed))
    })
}

impl<'a> Rig<'a> {
    pub(super) fn start(sim: &'a mut TestRuntime, limits: ServerLimits) -> Self {
        let mut settings = Settings::new(NonZeroU16::MIN);
        (settings.bind, settings.port) = (SERVER_ADDRESS, 0);
        settings.limits = ServerLimits { linger: LINGER, ..limits };
        let started = sim.start_on(SERVER, async move |system| start(system, &settings).await);
        let server = sim.finish(started).expect("a simulated port is free");
        let address = server.addresses()[0];
        assert!(server.addresses().iter().all(|other| *other == address), "one address for all");
        Self { sim, server }
    }

    /// How many shards the server has.
    pub(super) fn shards(&self) -> u16 {
        self.server.addresses().len() as u16
    }

    pub(super) fn server(&self) -> &Server {
        &self.server
    }

    /// Starts a client, which makes progress when something is waited for.
    pub(super) fn begin<T: 'static>(
        &mut self,
        client: impl AsyncFnOnce(SocketAddr) -> T + 'static,
    ) -> Root<T> {
        let address = self.server.addresses()[0];
        self.sim.start_on(CLIENTS, async move |_| client(address).await)
    }

    /// Runs a client to its end.
    pub(super) fn run<T: 'static>(
        &mut self,
        client: impl AsyncFnOnce(SocketAddr) -> T + 'static,
    ) -> T {
        let client = self.begin(client);
        self.sim.finish(client)
    }

    /// Clients that the server has taken in.
    pub(super) fn connected(&mut self, count: usize) -> Vec<Client> {
        self.run(async move |address| {
            let mut clients = Vec::new();
            for _ in 0..count {
                let mut client = Client::connect(address).await;
                assert_eq!(client.call("PING").await, "+PONG\r\n");
                clients.push(client);
            }
            clients
        })
    }

    /// Runs a task on the server's first shard to its end.
    pub(super) fn on_server<T: 'static>(
        &mut self,
        body: impl AsyncFnOnce(System) -> T + 'static,
    ) -> T {
        let task = self.sim.start_on(SERVER, body);
        self.sim.finish(task)
    }

    /// Begins to drain the server.
    pub(super) fn drain(&mut self, limit: Duration) -> Root<Drained> {
        let server = self.server.clone();
        self.sim.start_on(SERVER, async move |_| server.drain(limit).await)
    }

    /// Drains the server, which may have been done already, and checks that nothing of it is left.
    pub(super) fn end(mut self) {
        let drained = self.drain(Duration::from_secs(600));
        self.sim.finish(drained);
        self.sim.run_until_idle();
        for shard in 0..self.shards() {
            let left = self.sim.in_use(SERVER, shard);
            let left = (left.tasks, left.operations, left.replies, left.queued, left.records);
            assert_eq!(left, (0, 0, 0, 0, 0), "tasks, operations and so on left on {shard}");
        }
    }
}
