//! A server in a process of its own, from its start to its end.

use std::io::{BufRead, BufReader, Read};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use greenroom_shard::Driver;

use crate::cores::Core;

/// Starts a program, and ends it by its id once the standard input ends: also when the process at
/// the other end of that pipe dies without a word.
const SCRIPT: &str = r#"
trap '' INT
"$0" "$@" 2>&1 &
exec >/dev/null 2>&1
read -r _
kill "$!"
wait "$!"
"#;

/// Who is to serve.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Program {
    /// The example `kv`, which chooses a port and says which.
    Ours(PathBuf, Driver),
    /// A `redis-server`, which has to be told one.
    Redis(PathBuf),
}

/// A server that listens on loopback. Ends when dropped, or stopped.
#[derive(Debug)]
pub(super) struct Server {
    shell: Child,
    address: SocketAddr,
    /// What it prints; kept open, because it may go on.
    log: BufReader<ChildStdout>,
}

/// How often to look for a free port: another process may take it before the server does.
const ATTEMPTS_MAX: usize = 10;

impl Program {
    /// Starts the server on `core` and waits until it listens.
    ///
    /// # Errors
    ///
    /// When it ends before it does; with what it printed.
    pub(super) fn start(&self, core: Core) -> Result<Server, String> {
        match self {
            Self::Ours(path, driver) => {
                // One shard, bound to the only core that it can see.
                let driver = driver.to_string();
                let options = ["--port", "0", "--shards", "1", "--driver", &driver];
                Server::start(path, &options, core, listens_on)
            }
            Self::Redis(path) => {
                let first = start_redis(path, core);
                (1..ATTEMPTS_MAX).fold(first, |last, _| last.or_else(|_| start_redis(path, core)))
            }
        }
    }
}

fn start_redis(path: &Path, core: Core) -> Result<Server, String> {
    let address = free_port().map_err(|error| format!("no free port: {error}"))?;
    let port = address.port().to_string();
    let options = ["--bind", "127.0.0.1", "--port", &port, "--save", "", "--appendonly", "no"];
    let listens = |line: &str| line.contains("Ready to accept connections").then_some(address);
    Server::start(path, &options, core, listens)
}

/// A port that is free at the moment.
fn free_port() -> std::io::Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()
}

/// Where `kv` says that it listens.
fn listens_on(line: &str) -> Option<SocketAddr> {
    line.strip_prefix("listens on ")?.trim().parse().ok()
}

impl Server {
    fn start(
        program: &Path,
        options: &[&str],
        core: Core,
        listens: impl Fn(&str) -> Option<SocketAddr>,
    ) -> Result<Self, String> {
        let mut command = Command::new("sh");
        command.args(["-c", SCRIPT]).arg(program).args(options);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let not_started = |error| format!("{} does not start: {error}", program.display());
        let mut shell = core.start(&mut command).map_err(not_started)?;
        let stdout = shell.stdout.take().expect("standard output is piped");
        let unknown = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let mut server = Self { shell, address: unknown, log: BufReader::new(stdout) };
        let (mut printed, mut line) = (String::new(), String::new());
        // Its output ends when it does.
        while server.log.read_line(&mut line).map_err(not_started)? > 0 {
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
    pub(super) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends it, and waits until it is gone.
    ///
    /// # Errors
    ///
    /// When it failed meanwhile, or does so in its end; with what it printed since it listened.
    pub(super) fn stop(mut self) -> Result<(), String> {
        drop(self.shell.stdin.take());
        let mut printed = String::new();
        // What it printed explains a failure, and is nothing to fail for.
        let _ = self.log.read_to_string(&mut printed);
        match self.shell.wait() {
            Ok(status) if status.success() => Ok(()),
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
    use std::net::TcpStream;

    use super::*;
    use crate::cores;

    fn shell(script: &str) -> Result<Server, String> {
        let core = cores::allowed()[0];
        Server::start(Path::new("sh"), &["-c", script], core, listens_on)
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
    fn redis_listens_until_it_is_stopped() {
        let path = super::super::programs::on_path("redis-server").expect("`cargo x test`");
        let server = Program::Redis(path).start(cores::allowed()[0]).unwrap();
        let address = server.address();
        assert!(TcpStream::connect(address).is_ok());
        server.stop().unwrap();
        assert!(TcpStream::connect(address).is_err());
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
        let absent =
            Program::Ours("/nonexistent/kv".into(), Driver::default()).start(cores::allowed()[0]);
        let error = absent.unwrap_err();
        assert!(error.contains("/nonexistent/kv") && error.contains("not found"), "{error}");
    }

    #[test]
    fn a_server_that_fails_later_is_explained() {
        let server =
            shell("trap '' TERM; echo listens on 127.0.0.1:77; echo lost; exit 3").unwrap();
        let error = server.stop().unwrap_err();
        assert!(error.contains("exit status: 3") && error.contains("lost"), "{error}");
    }
}
