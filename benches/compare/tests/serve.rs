//! `serve`: the echo servers.

use crate::greenroom_compare;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};

/// More than any buffer of theirs.
const BYTES: usize = 10_000;

#[test]
fn all_send_back_what_they_get() {
    let names = greenroom_compare("serve");
    let names = String::from_utf8(names.stdout).unwrap();
    assert!(names.lines().count() >= 3, "{names}");
    for name in names.lines() {
        let mut command = Command::new(env!("CARGO_BIN_EXE_greenroom-compare"));
        let server = command.args(["serve", name]).stdout(Stdio::piped()).spawn();
        let mut server = server.expect("the binary starts");
        let mut line = String::new();
        BufReader::new(server.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.strip_prefix("listens on ").expect("it says where").trim();
        for salt in 0..3 {
            let data: Vec<u8> = (0..BYTES).map(|at| (at + salt) as u8).collect();
            let mut stream = TcpStream::connect(address).unwrap();
            stream.write_all(&data).unwrap();
            let mut back = vec![0; BYTES];
            stream.read_exact(&mut back).unwrap();
            assert!(back == data, "{name} sends back something else");
        }
        server.kill().unwrap();
        server.wait().unwrap();
    }
}
