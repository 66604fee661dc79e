//! Churn, for a while: memory and descriptors stay where they are.
//!
//! Two seconds as a part of the suite; `KV_SOAK_SECS=600 cargo test --example kv soak` takes ten
//! minutes.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use super::Rng;
use super::process::ServerProcess;
use super::random::Commands;
use super::words::wire;

/// Clients at once.
const CLIENTS: u64 = 8;

/// Memory that may come and go with what happens to be stored and under way, in bytes.
const SLACK_BYTES: usize = 4 << 20;

/// Clients that come, do something, and go, the one way or the other, until the time is over.
fn churn(address: SocketAddr, seed: u64, secs: u64) -> u64 {
    let mut rng = Rng::new(seed);
    let mut connections = 0;
    #[expect(clippy::disallowed_methods, reason = "a thread of the test, beside any shard")]
    let start = std::time::Instant::now();
    while start.elapsed() < Duration::from_secs(secs) {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let mut commands = Commands::new(rng.below(u64::MAX));
        for _ in 0..rng.below(20) {
            let bytes: Vec<u8> = (0..30).flat_map(|_| wire(&commands.next_command())).collect();
            stream.write_all(&bytes).unwrap();
            let _some = stream.read(&mut [0; 16 * 1024]).unwrap();
        }
        match rng.below(4) {
            // In the middle of a command.
            0 => drop(stream.write_all(b"*3\r\n$3\r\nSET\r\n")),
            // With what it was told still under way.
            1 => drop(stream.write_all(b"SUBSCRIBE c d\r\nPUBLISH c x\r\nMULTI\r\nSET a 1\r\n")),
            2 => {}
            _ => {
                stream.shutdown(Shutdown::Write).unwrap();
                stream.read_to_end(&mut Vec::new()).unwrap();
            }
        }
        connections += 1;
    }
    connections
}

fn flush(address: SocketAddr) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(b"FLUSHALL\r\nQUIT\r\n").unwrap();
    let mut said = String::new();
    stream.read_to_string(&mut said).unwrap();
    assert_eq!(said, "+OK\r\n+OK\r\n");
}

/// Churns for that long, and waits until the server has seen everybody go.
fn round(server: &ServerProcess, seed: u64, secs: u64, descriptors: usize) -> u64 {
    let address = server.address;
    let connections = std::thread::scope(|scope| {
        let clients = (0..CLIENTS)
            .map(|number| scope.spawn(move || churn(address, seed * CLIENTS + number, secs)));
        let clients: Vec<_> = clients.collect();
        clients.into_iter().map(|client| client.join().unwrap()).sum()
    });
    for attempt in 0.. {
        flush(address);
        if server.descriptors() <= descriptors {
            break;
        }
        assert!(attempt < 10_000, "descriptors are left open");
    }
    connections
}

#[test]
fn memory_and_descriptors_stay_flat() {
    let secs = std::env::var("KV_SOAK_SECS").ok().and_then(|secs| secs.parse().ok()).unwrap_or(2);
    let server = ServerProcess::start(2, 1_000);
    flush(server.address);
    let descriptors = server.descriptors();
    // The allocator and the pools have then taken what they keep.
    round(&server, 1, secs.clamp(1, 20), descriptors);
    let warm = server.resident_bytes();
    let connections = round(&server, 2, secs, descriptors);
    let end = server.resident_bytes();
    eprintln!("{connections} connections in {secs} s, {warm} bytes before and {end} after");
    assert!(connections > 0);
    assert!(end <= warm + SLACK_BYTES, "{warm} bytes before and {end} after");
    server.stop();
}
