//! Many connections at once, and connections that are torn off, on real sockets.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Command, id};
use std::time::Duration;

use super::process::ServerProcess;

/// Connections at once, unless there are not descriptors enough.
const CROWD: usize = 10_000;

/// Descriptors that are left for everything else.
const DESCRIPTORS_KEPT: usize = 500;

/// Bytes of the first command of those that are torn off.
const SUBSCRIBE_LEN: usize = 13;

/// Memory that an idle connection may cost the server, in bytes.
const IDLE_BYTES_MAX: usize = 8 * 1024;

/// Raises the limit of descriptors of this process as far as it may; returns what it came to.
fn raise_descriptors() -> usize {
    let limits = fs::read_to_string("/proc/self/limits").unwrap();
    let line = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
    let hard = line.split_whitespace().nth(4).unwrap();
    let limit = format!("--nofile={hard}:{hard}");
    let status = Command::new("prlimit").args(["--pid", &id().to_string(), &limit]).status();
    assert!(status.expect("prlimit (package util-linux)").success());
    hard.parse().unwrap_or(usize::MAX)
}

/// A connection on which nobody waits for ever.
fn connect(server: &ServerProcess) -> TcpStream {
    let stream = TcpStream::connect(server.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    stream
}

/// A server that has not noticed after so many questions never will.
const ASKED_MAX: usize = 2_000_000;

fn ask(stream: &mut TcpStream, command: &[u8], expected: &[u8]) {
    stream.write_all(command).unwrap();
    let mut reply = vec![0; expected.len()];
    stream.read_exact(&mut reply).unwrap();
    assert_eq!(reply, expected);
}

#[test]
fn ten_thousand_idle_connections_cost_little_and_harm_nobody() {
    let limit = raise_descriptors();
    // The hard limit of descriptors is the machine's, and may forbid the whole crowd.
    let crowd = CROWD.min(limit.saturating_sub(DESCRIPTORS_KEPT));
    assert!(crowd >= 500, "the hard limit of descriptors ({limit}) leaves no crowd");
    let server = ServerProcess::start(2, CROWD * 4);
    let mut steady = connect(&server);
    ask(&mut steady, b"SET a 1\r\n", b"+OK\r\n");
    let (bytes, descriptors) = (server.resident_bytes(), server.descriptors());
    let mut idle: Vec<TcpStream> = Vec::with_capacity(crowd);
    for number in 0..crowd {
        let mut stream = connect(&server);
        // Each has said something once, and half of them begin a command that they never end.
        ask(&mut stream, b"PING\r\n", b"+PONG\r\n");
        if number % 2 == 0 {
            stream.write_all(b"*3\r\n$3\r\nSET\r\n$1\r\n").unwrap();
        }
        idle.push(stream);
        if number % 500 == 0 {
            ask(&mut steady, b"GET a\r\n", b"$1\r\n1\r\n");
        }
    }
    assert!(server.descriptors() >= descriptors + crowd, "all of them are served");
    let each = server.resident_bytes().saturating_sub(bytes) / crowd;
    eprintln!("{crowd} idle connections, {each} bytes each");
    assert!(each <= IDLE_BYTES_MAX, "{each} bytes for an idle connection");
    for stream in idle.iter_mut().step_by(97) {
        // Half of these have begun a command: whatever they say is the rest of it.
        let _ = stream.write_all(b"k\r\n$1\r\nv\r\n");
    }
    ask(&mut steady, b"INCR a\r\n", b":2\r\n");
    drop(idle);
    settle(&mut steady, || server.descriptors() <= descriptors);
    server.stop();
}

#[test]
fn resets_leave_nothing_behind() {
    let server = ServerProcess::start(2, 1_000);
    let mut steady = connect(&server);
    ask(&mut steady, b"SET a 1\r\n", b"+OK\r\n");
    let descriptors = server.descriptors();
    for number in 0..2_000_usize {
        let mut stream = connect(&server);
        // Dropped with replies unread, which resets the connection; and often in mid-command.
        let commands = b"SUBSCRIBE c\r\nPING\r\nPING\r\n*2\r\n$3\r\nGET\r\n";
        stream.write_all(&commands[..SUBSCRIBE_LEN + number % 23]).unwrap();
        if number % 3 == 0 {
            let _some = stream.read(&mut [0; 4]).unwrap();
        }
    }
    settle(&mut steady, || server.descriptors() <= descriptors);
    // That a connection is closed does not say that the shard of its topics has heard of it.
    let mut subscribers = [0; 4];
    for _ in 0..ASKED_MAX {
        steady.write_all(b"PUBLISH c x\r\n").unwrap();
        steady.read_exact(&mut subscribers).unwrap();
        if &subscribers == b":0\r\n" {
            break;
        }
    }
    assert_eq!(&subscribers, b":0\r\n", "subscribers are left");
    server.stop();
}

/// Asks until the server has noticed who is gone; each answer is a turn of it.
fn settle(steady: &mut TcpStream, settled: impl Fn() -> bool) {
    for _ in 0..ASKED_MAX {
        if settled() {
            return;
        }
        ask(steady, b"PING\r\n", b"+PONG\r\n");
    }
    panic!("descriptors are left open");
}
