//! The servers that are measured.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};

use greenroom_shard::Driver;

use crate::cores::Core;
use crate::process::{Server, listens_on};

/// Who is to serve.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Program {
    /// The example `kv`, which chooses a port and says which, on so many shards.
    Ours(PathBuf, Driver, u16),
    /// A `redis-server`, which has to be told one.
    Redis(PathBuf),
    /// The program of `benches/bare`, which answers what it is asked here and does nothing else.
    Least(PathBuf),
}

/// How often to look for a free port: another process may take it before the server does.
const ATTEMPTS_MAX: usize = 10;

impl Program {
    /// Starts the server on `core` and waits until it listens.
    ///
    /// # Errors
    ///
    /// When it ends before it does; with what it printed.
    pub(super) fn start(&self, core: Option<Core>) -> Result<Server, String> {
        match self {
            Self::Ours(path, driver, shards) => {
                // Each shard is bound to a core that it can see.
                let (driver, shards) = (driver.to_string(), shards.to_string());
                let options = ["--port", "0", "--shards", &shards, "--driver", &driver];
                Server::start(path, &options, core, listens_on)
            }
            Self::Least(path) => Server::start(path, &["kv"], core, listens_on),
            Self::Redis(path) => {
                let first = start_redis(path, core);
                (1..ATTEMPTS_MAX).fold(first, |last, _| last.or_else(|_| start_redis(path, core)))
            }
        }
    }
}

fn start_redis(path: &Path, core: Option<Core>) -> Result<Server, String> {
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

#[cfg(test)]
mod tests {
    use std::net::TcpStream;

    use super::*;
    use crate::cores;

    #[test]
    fn redis_listens_until_it_is_stopped() {
        let path = crate::programs::on_path("redis-server").expect("`cargo x test`");
        let server = Program::Redis(path).start(cores::allowed().first().copied()).unwrap();
        let address = server.address();
        assert!(TcpStream::connect(address).is_ok());
        server.stop().unwrap();
        assert!(TcpStream::connect(address).is_err());
    }

    #[test]
    fn one_that_is_not_there_is_named() {
        let absent = Program::Ours("/nonexistent/kv".into(), Driver::default(), 1);
        let error = absent.start(cores::allowed().first().copied()).unwrap_err();
        assert!(error.contains("/nonexistent/kv") && error.contains("not found"), "{error}");
    }
}
