//! A server in a process of its own, from its start to its end.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use crate::cores::Core;

/// Starts a program, tells its id, and ends it by that once the standard input ends: also when the
/// process at the other end of that pipe dies without a word.
const SCRIPT: &str = r#"
trap '' INT
sh -c 'echo "pid $$"; exec "$@"' sh "$0" "$@" 2>&1 &
exec >/dev/null 2>&1
read -r _
kill "$!"
wait "$!"
"#;

/// What a shell says of a program that was ended by the signal it was sent.
const TERMINATED: i32 = 128 + 15;

/// A server that listens on loopback. Ends when dropped, or stopped.
#[derive(Debug)]
pub(crate) struct Server {
    shell: Child,
    address: SocketAddr,
    pid: u32,
    /// What it prints; kept open, because it may go on.
    log: BufReader<ChildStdout>,
}

/// Where one of ours, or one that is like them, says that it listens.
pub(crate) fn listens_on(line: &str) -> Option<SocketAddr> {
    line.strip_prefix("listens on ")?.trim().parse().ok()
}

impl Server {
    /// Starts a program, on `core` where one is named, and waits until it prints a line that `listens` takes.
    ///
    /// # Errors
    ///
    /// When it ends before it does; with what it printed.
    pub(crate) fn start(
        program: &Path,
        options: &[&str],
        core: Option<Core>,
        listens: impl Fn(&str) -> Option<SocketAddr>,
    ) -> Result<Self, String> {
        let mut command = Command::new("sh");
        command.args(["-c", SCRIPT]).arg(program).args(options);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let not_started = |error| format!("{} does not start: {error}", program.display());
        let shell = match core {
            Some(core) => core.start(&mut command),
            None => command.spawn(),
        };
        let mut shell = shell.map_err(not_started)?;
        let stdout = shell.stdout.take().expect("standard output is piped");
        let unknown = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let log = BufReader::new(stdout);
        let mut server = Self { shell, address: unknown, pid: 0, log };
        let (mut printed, mut line) = (String::new(), String::new());
        // Its output ends when it does.
        while server.log.read_line(&mut line).map_err(not_started)? > 0 {
            let pid = line.strip_prefix("pid ").and_then(|it| it.trim().parse().ok());
            if let Some(pid) = pid {
                server.pid = pid;
                line.clear();
                continue;
            }
            if let Some(address) = listens(&line) {
                server.address = address;
                return Ok(server);
            }
            printed += &line;
            line.clear();
        }
        Err(format!("{} ended before it listened:\n{printed}", program.display()))
    }

    /// Where it listens.
    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Nanoseconds for which each of its threads has run so far, those that have ended left out.
    ///
    /// # Errors
    ///
    /// When it is gone.
    pub(crate) fn cpu_nanos(&self) -> Result<Vec<u64>, String> {
        let read = || {
            let threads = fs::read_dir(format!("/proc/{}/task", self.pid))?;
            let nanos = threads.map(|thread| {
                let text = fs::read_to_string(thread?.path().join("schedstat"))?;
                let nanos = text.split_whitespace().next().and_then(|it| it.parse().ok());
                nanos.ok_or_else(|| std::io::Error::other(text))
            });
            nanos.collect::<std::io::Result<_>>()
        };
        read().map_err(|error| format!("the server's CPU time is unknown: {error}"))
    }

    /// Ends it, and waits until it is gone.
    ///
    /// # Errors
    ///
    /// When it failed meanwhile, or does so in its end; with what it printed since it listened.
    pub(crate) fn stop(mut self) -> Result<(), String> {
        drop(self.shell.stdin.take());
        let mut printed = String::new();
        // What it printed explains a failure, and is nothing to fail for.
        let _ = self.log.read_to_string(&mut printed);
        match self.shell.wait() {
            Ok(status) if status.success() || status.code() == Some(TERMINATED) => Ok(()),
            Ok(status) => Err(format!("a server ended with {status}:\n{printed}")),
            Err(error) => Err(format!("a server is lost: {error}")),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Ends the script's input, and with it the server.
        drop(self.shell.stdin.take());
        // It was told already, or nobody asks.
        let _ = self.shell.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cores;

    fn shell(script: &str) -> Result<Server, String> {
        let core = cores::allowed()[0];
        Server::start(Path::new("sh"), &["-c", script], Some(core), listens_on)
    }

    #[test]
    fn the_line_that_says_where_is_found() {
        let line = "listens on 127.0.0.1:40123\n";
        assert_eq!(listens_on(line), Some(SocketAddr::from(([127, 0, 0, 1], 40123))));
        let settings = "bind 127.0.0.1, port 0, shards 1, pin true\n";
        for other in [settings, "", "listens on nothing", "it listens on 127.0.0.1:1"] {
            assert_eq!(listens_on(other), None, "{other}");
        }
    }

    #[test]
    fn ours_is_listened_to_as_well() {
        let server = shell("echo bind; echo listens on 127.0.0.1:77; read -r _ </dev/null; exit 0");
        let server = server.unwrap();
        assert_eq!(server.address().port(), 77);
    }

    #[test]
    fn a_server_that_ends_before_it_listens_is_explained() {
        let error = shell("echo too little memory >&2; exit 1").unwrap_err();
        assert!(error.contains("before it listened:\ntoo little memory"), "{error}");
    }

    #[test]
    fn a_server_that_fails_later_is_explained() {
        let server =
            shell("trap '' TERM; echo listens on 127.0.0.1:77; echo lost; exit 3").unwrap();
        let error = server.stop().unwrap_err();
        assert!(error.contains("exit status: 3") && error.contains("lost"), "{error}");
    }

    #[test]
    fn what_it_has_run_for_is_told_thread_by_thread() {
        let server = shell("echo listens on 127.0.0.1:77; while :; do :; done").unwrap();
        let first: u64 = server.cpu_nanos().unwrap().iter().sum();
        // It does nothing else.
        while server.cpu_nanos().unwrap().iter().sum::<u64>() <= first {}
        assert_eq!(server.cpu_nanos().unwrap().len(), 1, "a shell has one thread");
        server.stop().unwrap();
    }
}
