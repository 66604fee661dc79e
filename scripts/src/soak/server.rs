//! The server: started, watched from outside, ended.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use super::flat::Rest;
use crate::failure::{Failure, failed};

/// How long a server may take to listen.
const START_LIMIT: Duration = Duration::from_secs(60);

/// How long a server that is told to end may take: many times what its actors are given to finish.
const STOP_LIMIT: Duration = Duration::from_secs(60);

/// A running `kv`. Killed when dropped.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
    /// What it has printed since it listened, a line each.
    lines: Receiver<String>,
}

/// Reads lines on a thread of its own, so that the server never waits for a reader.
fn read_aside(pipe: Option<impl Read + Send + 'static>, to: Sender<String>) -> Result<(), Failure> {
    let Some(pipe) = pipe else { return Err(failed("a piped child has no pipe")) };
    let read = move || {
        for line in BufReader::new(pipe).split(b'\n').map_while(Result::ok) {
            if to.send(String::from_utf8_lossy(&line).into_owned()).is_err() {
                return;
            }
        }
    };
    let reader = thread::Builder::new().spawn(read);
    reader.map(drop).map_err(|error| failed(format!("no thread: {error}")))
}

impl Server {
    /// Starts the program and waits until it listens.
    ///
    /// # Errors
    ///
    /// When it does not, in a minute; with what it printed.
    pub(crate) fn start(program: &Path, options: &[&str]) -> Result<Self, Failure> {
        let mut command = Command::new(program);
        command.args(options).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command
            .spawn()
            .map_err(|error| failed(format!("{} does not start: {error}", program.display())))?;
        let (to, lines) = channel();
        read_aside(child.stdout.take(), to.clone())?;
        read_aside(child.stderr.take(), to)?;
        let mut server = Self { child, address: ([0, 0, 0, 0], 0).into(), lines };
        let mut printed = String::new();
        while let Ok(line) = server.lines.recv_timeout(START_LIMIT) {
            if let Some(address) = line.strip_prefix("listens on ") {
                server.address =
                    address.parse().map_err(|_| failed(format!("no address: {address}")))?;
                return Ok(server);
            }
            printed.push_str(&line);
            printed.push('\n');
        }
        Err(failed(format!("the server does not listen; it printed:\n{printed}")))
    }

    /// Sends it a signal, by the name that `kill` knows.
    ///
    /// # Errors
    ///
    /// When it is gone.
    pub(crate) fn signal(&self, name: &str) -> Result<(), Failure> {
        let pid = self.child.id().to_string();
        let mut kill = Command::new("sh");
        kill.args(["-c", "kill -s \"$0\" \"$1\"", name, &pid]);
        match kill.status() {
            Ok(status) if status.success() => Ok(()),
            other => Err(failed(format!("the server could not be sent {name}: {other:?}"))),
        }
    }

    /// What it holds now.
    ///
    /// # Errors
    ///
    /// When it is gone.
    pub(crate) fn holds(&self) -> Result<Rest, Failure> {
        let proc = format!("/proc/{}", self.child.id());
        let gone = |error| failed(format!("the server is gone: {error}"));
        let status = fs::read_to_string(format!("{proc}/status")).map_err(gone)?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
        let resident_kib = kib.ok_or_else(|| failed("the server is gone: it has no memory"))?;
        let descriptors = fs::read_dir(format!("{proc}/fd")).map_err(gone)?.count();
        Ok(Rest { resident_kib, descriptors })
    }

    /// Ends it as its user would, and reads what it had to say.
    ///
    /// # Errors
    ///
    /// When it does not end in a minute, ends with a failure, or has printed anything but that it
    /// stood still and its farewell.
    pub(crate) fn stop(self) -> Result<(), Failure> {
        self.stop_within(STOP_LIMIT)
    }

    fn stop_within(mut self, limit: Duration) -> Result<(), Failure> {
        // Not INT, which a background job of a shell is born deaf to, and hands down.
        self.signal("TERM")?;
        let ended = self.end_within(limit);
        if !matches!(ended, Ok(Some(_))) {
            // Else what reads its lines would wait for more; it may have ended in this very moment.
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
        let lines: Vec<String> = self.lines.iter().collect();
        match ended {
            Ok(Some(status)) if status.success() => check_log(&lines),
            Ok(Some(status)) => Err(failed(format!("the server ended with {status}: {lines:?}"))),
            Ok(None) => Err(failed(format!("the server did not end in {limit:?}: {lines:?}"))),
            Err(error) => Err(failed(format!("the server is lost: {error}"))),
        }
    }

    /// Waits for its end; `None` when that does not come in time.
    fn end_within(&mut self, limit: Duration) -> std::io::Result<Option<ExitStatus>> {
        let begun = Instant::now();
        loop {
            let ended = self.child.try_wait()?;
            if ended.is_some() || begun.elapsed() > limit {
                return Ok(ended);
            }
            thread::sleep(Duration::from_millis(20));
        }
    }
}

/// All that a server has to say after it has listened is how many connections it closed; and that
/// its shards hung, as they do whenever its process is stopped for longer than the watchdog bears.
/// One that hangs for good is found by its clients.
fn check_log(lines: &[String]) -> Result<(), Failure> {
    let said: Vec<&String> = lines.iter().filter(|line| !is_of_watchdog(line)).collect();
    match said[..] {
        [farewell] if farewell.starts_with("closed ") => Ok(()),
        _ => Err(failed(format!("the server said what it should not: {lines:?}"))),
    }
}

/// Whether a line is a report of the watchdog: `greenroom: shard 0 hangs since 31ms ..`.
fn is_of_watchdog(line: &str) -> bool {
    line.starts_with("greenroom: shard ") && line.contains(" hangs since ")
}

impl Drop for Server {
    fn drop(&mut self) {
        // One that has ended already is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Result<Server, Failure> {
        Server::start(Path::new("sh"), &["-c", script])
    }

    #[test]
    fn a_server_is_watched_and_ends() {
        let script = "trap 'echo closed 0, broke off 0; exit 0' TERM
            echo settings; echo listens on 127.0.0.1:77; while :; do :; done";
        let server = shell(script).unwrap();
        assert_eq!(server.address.port(), 77);
        server.signal("WINCH").unwrap();
        let Rest { resident_kib, descriptors } = server.holds().unwrap();
        assert!(resident_kib > 0 && descriptors >= 3);
        server.stop().unwrap();
    }

    #[test]
    fn what_the_watchdog_says_of_a_stopped_process_is_expected() {
        let lines = |told: &[&str]| told.iter().map(|&line| line.into()).collect::<Vec<String>>();
        let hangs = "greenroom: shard 1 hangs since 31.2ms outside any task";
        assert!(check_log(&lines(&[hangs, "closed 0, broke off 0", hangs])).is_ok());
        assert!(check_log(&lines(&[hangs])).is_err(), "and no farewell");
        assert!(check_log(&lines(&["shard 1 hangs since", "closed 0"])).is_err());
    }

    #[test]
    fn a_server_that_does_not_end_is_killed() {
        let script = "trap '' TERM; echo listens on 127.0.0.1:77; while :; do :; done";
        let server = shell(script).unwrap();
        let problem = server.stop_within(Duration::from_millis(50)).unwrap_err().to_string();
        assert!(problem.contains("did not end"), "{problem}");
    }

    #[test]
    fn a_word_too_many_is_a_failure() {
        let script = "trap 'echo panicked >&2; echo closed 0; exit 0' TERM
            echo listens on 127.0.0.1:77; while :; do :; done";
        let problem = shell(script).unwrap().stop().unwrap_err().to_string();
        assert!(problem.contains("panicked"), "{problem}");
    }

    #[test]
    fn so_is_an_end_of_its_own() {
        let problem = shell("echo no room; exit 1").unwrap_err().to_string();
        assert!(problem.contains("no room"), "{problem}");
        let script = "trap 'exit 3' TERM; echo listens on 127.0.0.1:77; while :; do :; done";
        let problem = shell(script).unwrap().stop().unwrap_err().to_string();
        assert!(problem.contains("exit status: 3"), "{problem}");
    }
}
