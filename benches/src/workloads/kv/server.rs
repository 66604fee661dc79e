//! The servers that are measured.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};

use greenroom_shard::Driver;

use crate::cores::Core;
use crate::process::{Server, listens_on};

/// Who is to serve.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Program {
    /// The example `kv`, which chooses a port and says which.
    Ours(PathBuf, Driver),
    /// A `redis-server`, which has to be told one.
    Redis(PathBuf),
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
                Server::start(path, &options, Some(core), listens_on)
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
    Server::start(path, &options, Some(core), listens)
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
        let server = Program::Redis(path).start(cores::allowed()[0]).unwrap();
        let address = server.address();
        assert!(TcpStream::connect(address).is_ok());
        server.stop().unwrap();
        assert!(TcpStream::connect(address).is_err());
    }

    #[test]
    fn one_that_is_not_there_is_named() {
        let absent = Program::Ours("/nonexistent/kv".into(), Driver::default());
        let error = absent.start(cores::allowed()[0]).unwrap_err();
        assert!(error.contains("/nonexistent/kv") && error.contains("not found"), "{error}");
    }
}
