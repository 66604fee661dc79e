//! A real Redis to compare with.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::{env, process};

use super::reply;

/// Starts the server in a directory of its own, whose name is `$0`; stops it by its id and removes
/// the directory once the standard input ends: also when the test's process dies without a word.
const SCRIPT: &str = r#"
mkdir "$0" || exit
redis-server --dir "$0" "$@" 2>&1 &
exec >/dev/null 2>&1
read -r _
kill "$!"
wait "$!"
rm -r "$0"
"#;

/// How often to look for a free port: another process may take it before the server does.
const ATTEMPTS_MAX: usize = 10;

/// A `redis-server` on a free loopback port, with nothing saved. Stops when dropped.
pub(super) struct Redis {
    shell: Child,
    port: u16,
    /// Kept open: the server writes its log there.
    _log: BufReader<ChildStdout>,
}

impl Redis {
    /// Starts a server with these options besides.
    pub(super) fn start(options: &[&str]) -> Self {
        let mut log = String::new();
        for _ in 0..ATTEMPTS_MAX {
            match Self::attempt(options) {
                Ok(redis) => return redis,
                Err(text) => log = text,
            }
            assert!(!log.contains("not found"), "this test needs redis-server: {log}");
        }
        panic!("redis-server does not start: {log}");
    }

    /// One connection.
    pub(super) fn connect(&self) -> Client {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).expect("redis-server listens");
        Client { stream, received: Vec::new(), port: self.port }
    }

    /// All that the server answers to `bytes` on a connection of their own.
    pub(super) fn exchange(&self, bytes: &[u8]) -> Vec<u8> {
        let mut stream = self.connect().stream;
        stream.write_all(bytes).expect("redis-server reads");
        stream.shutdown(Shutdown::Write).expect("the connection is up");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("redis-server answers and closes");
        answer
    }

    fn attempt(options: &[&str]) -> Result<Self, String> {
        let port = free_port();
        let dir = env::temp_dir().join(format!("greenroom-kv-{}-{port}", process::id()));
        let mut shell = Command::new("sh")
            .args(["-c", SCRIPT])
            .arg(dir)
            .args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
            .args(["--port", &port.to_string()])
            .args(options)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a shell");
        let stdout = shell.stdout.take().expect("standard output is piped");
        let mut redis = Self { shell, port, _log: BufReader::new(stdout) };
        let mut log = String::new();
        // The log ends when the server does.
        while redis._log.read_line(&mut log).expect("a log in UTF-8") > 0 {
            if log.contains("Ready to accept connections") {
                return Ok(redis);
            }
        }
        Err(log)
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        // Ends the script's input, and with it the server.
        drop(self.shell.stdin.take());
        // Nothing to do about a failure: the test has its result.
        let _ = self.shell.wait();
    }
}

/// A port that is free at the moment.
pub(super) fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    listener.local_addr().expect("a bound listener has an address").port()
}

/// A connection to a server.
pub(super) struct Client {
    stream: TcpStream,
    received: Vec<u8>,
    port: u16,
}

impl Client {
    /// Sends commands in one piece; returns the replies to the first `count` of them.
    pub(super) fn replies(&mut self, commands: &[u8], count: usize) -> Vec<Vec<u8>> {
        self.stream.write_all(commands).expect("the server reads");
        (0..count).map(|_| self.next_reply()).collect()
    }

    /// The server's clock, in milliseconds of unix time; asked on a connection of its own, because
    /// this one may be in a transaction.
    pub(super) fn now_ms(&mut self) -> u64 {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).expect("redis-server listens");
        let mut clock = Self { stream, received: Vec::new(), port: self.port };
        let reply = clock.replies(b"TIME\r\n", 1).remove(0);
        let text = String::from_utf8(reply).expect("digits");
        let numbers: Vec<u64> = text.lines().filter_map(|line| line.parse().ok()).collect();
        let [seconds, micros] = numbers[..] else { panic!("{text:?}") };
        seconds * 1000 + micros / 1000
    }

    fn next_reply(&mut self) -> Vec<u8> {
        loop {
            if let Some(len) = reply::len(&self.received) {
                let rest = self.received.split_off(len);
                return std::mem::replace(&mut self.received, rest);
            }
            let mut chunk = [0; 16 * 1024];
            let len = self.stream.read(&mut chunk).expect("the server answers");
            assert!(len > 0, "the server closed the connection");
            self.received.extend_from_slice(&chunk[..len]);
        }
    }
}
