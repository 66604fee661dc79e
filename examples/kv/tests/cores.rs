//! The server on real cores, in this process.

use std::net::SocketAddr;
use std::num::NonZeroU16;
use std::time::Duration;

use greenroom::{Builder, ShardId};

use crate::server;
use crate::settings::Settings;

/// Runs `clients` beside a server of so many shards on a port of its own, then drains the server.
pub(super) fn beside_a_server(shards: u16, clients: impl FnOnce(SocketAddr)) {
    serve(shards, 10_000, clients);
}

/// Runs `clients` beside a server with room for so many of them, then drains the server.
pub(super) fn serve<T>(
    shards: u16,
    clients_max: usize,
    clients: impl FnOnce(SocketAddr) -> T,
) -> T {
    let shards = NonZeroU16::new(shards).unwrap();
    let mut settings = Settings { port: 0, ..Settings::new(shards) };
    settings.limits.clients_max = clients_max;
    let running = Builder::new().name("kv").shards(shards.get().into()).start().unwrap();
    let (stop, stopped) = futures_channel::oneshot::channel::<()>();
    let (told, address) = std::sync::mpsc::channel();
    let served = running.handle().run_on(ShardId(0), async move |system| {
        let server = server::start(system, &settings).await.unwrap();
        told.send(server.addresses()[0]).unwrap();
        // The sender is dropped where a client fails: the server ends all the same.
        let _ended = stopped.await;
        server.drain(Duration::from_secs(5)).await;
    });
    let address = address.recv().expect("the server starts");
    let result = clients(address);
    stop.send(()).expect("the server runs");
    served.wait().expect("the server drains");
    assert!(running.shutdown(Duration::from_secs(5)).is_clean());
    result
}
