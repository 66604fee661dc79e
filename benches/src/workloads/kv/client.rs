//! `redis-benchmark`: one run of it, and what it printed.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::cores::Core;

/// The client, bound to a core.
#[derive(Clone, Debug)]
pub(super) struct Client {
    pub(super) program: PathBuf,
    pub(super) core: Core,
    /// How long a run may take; a server that does not answer would hold it for ever.
    pub(super) limit: Duration,
    /// How many keys are used; one and the same where no number is named.
    pub(super) keys: Option<u64>,
}

/// Requests a second.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Rates {
    pub(super) set: f64,
    pub(super) get: f64,
}

/// Connections, each of which has so many requests under way as the depth of pipelining says.
pub(super) const CONNECTIONS: usize = 50;
/// Bytes of a value.
pub(super) const VALUE_BYTES: usize = 64;
/// The one key that is set and got; the placeholder is filled in only when random keys are wanted.
const KEY: &str = "key:__rand_int__";

impl Client {
    /// Sets, then gets, each so many times.
    ///
    /// # Errors
    ///
    /// When the client fails or is not done in time, or when the server does not hold afterwards
    /// what was set.
    pub(super) fn run(
        &self,
        server: SocketAddr,
        depth: u64,
        requests: u64,
    ) -> Result<Rates, String> {
        let mut command = Command::new(&self.program);
        command.args(["-h", &server.ip().to_string(), "-p", &server.port().to_string()]);
        command.args(["-t", "set,get", "--csv", "-d", &VALUE_BYTES.to_string()]);
        command.args(["-c", &CONNECTIONS.to_string(), "-P", &depth.to_string()]);
        command.args(["-n", &requests.to_string()]);
        if let Some(keys) = self.keys {
            command.args(["-r", &keys.to_string()]);
            return read_csv(&self.output(&mut command)?);
        }
        let rates = read_csv(&self.output(&mut command)?)?;
        let held = held_bytes(server).map_err(|error| format!("the server is lost: {error}"))?;
        if held == Some(VALUE_BYTES) {
            Ok(rates)
        } else {
            Err(format!("the server holds {held:?} bytes where {VALUE_BYTES} were set"))
        }
    }

    /// What a command prints, if it succeeds within the limit.
    fn output(&self, command: &mut Command) -> Result<String, String> {
        let program = self.program.display();
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let started = self.core.start(command);
        let mut child = started.map_err(|error| format!("{program} does not start: {error}"))?;
        let (output, errors) = (read_aside(child.stdout.take()), read_aside(child.stderr.take()));
        let Ok(output) = output.recv_timeout(self.limit) else {
            // It may have ended in this very moment, and then there is nothing to kill.
            let _ = child.kill();
            let _ = child.wait();
            return Err(format!("{program}: not done after {:.0?}, killed", self.limit));
        };
        let status = child.wait().map_err(|error| format!("{program} is lost: {error}"))?;
        if status.success() {
            Ok(output)
        } else {
            let errors = errors.recv_timeout(self.limit).unwrap_or_default();
            Err(format!("{program}: {status}: {}", errors.trim()))
        }
    }
}

/// Reads a pipe to its end on a thread of its own.
fn read_aside(pipe: Option<impl Read + Send + 'static>) -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        // A pipe that breaks ends what can be read, no more.
        let _ = pipe.map_or(Ok(0), |mut pipe| pipe.read_to_end(&mut bytes));
        // Nobody waits any more if the process was killed.
        let _ = sender.send(String::from_utf8_lossy(&bytes).into_owned());
    });
    receiver
}

/// Reads what `--csv` printed: from version 6.2 on under a header that names the columns, before
/// it the name of the test and its rate alone.
///
/// # Errors
///
/// When a test is missing, is there twice, or has a rate that is none.
fn read_csv(text: &str) -> Result<Rates, String> {
    let rows: Vec<Vec<&str>> = text.lines().map(fields).collect();
    let header = rows.iter().find(|row| row[0] == "test");
    let column = match header {
        Some(names) => names.iter().position(|name| *name == "rps"),
        None => Some(1),
    };
    let column = column.ok_or_else(|| format!("no column `rps` in:\n{text}"))?;
    let rate = |test: &str| {
        let mut found = rows.iter().filter(|row| row[0] == test);
        let (Some(row), None) = (found.next(), found.next()) else {
            return Err(format!("not one line for {test} in:\n{text}"));
        };
        let rate = row.get(column).and_then(|field| field.parse().ok());
        let rate = rate.filter(|rate: &f64| rate.is_finite() && *rate > 0.0);
        rate.ok_or_else(|| format!("no rate for {test} in:\n{text}"))
    };
    Ok(Rates { set: rate("SET")?, get: rate("GET")? })
}

/// The fields of a line, without their quotes. None of them holds a comma.
fn fields(line: &str) -> Vec<&str> {
    line.split(',').map(|field| field.trim().trim_matches('"')).collect()
}

/// How long the value is that the server holds; `None` for no value.
fn held_bytes(server: SocketAddr) -> std::io::Result<Option<usize>> {
    let mut stream = TcpStream::connect(server)?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    stream.write_all(format!("GET {KEY}\r\nQUIT\r\n").as_bytes())?;
    let mut reply = Vec::new();
    stream.read_to_end(&mut reply)?;
    Ok(value_bytes(&reply))
}

/// The length that a reply announces and has.
fn value_bytes(reply: &[u8]) -> Option<usize> {
    let (head, rest) = reply.split_at(reply.iter().position(|byte| *byte == b'\r')?);
    let length = std::str::from_utf8(head.strip_prefix(b"$")?).ok()?.parse().ok()?;
    (rest.get(2 + length..4 + length)? == b"\r\n").then_some(length)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cores;
    use crate::programs::on_path;
    use crate::workloads::kv::server::Program;

    fn client(program: &str, limit: Duration) -> Client {
        let program = on_path(program).expect("`cargo x test` installs what is missing");
        Client { program, core: *cores::allowed().last().unwrap(), limit, keys: None }
    }

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn rates_are_read_by_the_name_of_their_column() {
        let text = "\"test\",\"avg_latency_ms\",\"rps\"\n\"SET\",\"0.901\",\"43478.26\"\n\
            \"GET\",\"0.528\",\"52631.58\"\n";
        assert_eq!(read_csv(text), Ok(Rates { set: 43478.26, get: 52631.58 }));
    }

    #[test]
    fn older_versions_print_no_header() {
        let text = "\"SET\",\"145985.41\"\n\"GET\",\"151515.16\"\n";
        assert_eq!(read_csv(text), Ok(Rates { set: 145985.41, get: 151515.16 }));
    }

    #[test]
    fn what_is_no_rate_is_refused() {
        let set = "\"SET\",\"1.0\"\n";
        let table = [
            ("", "not one line for SET"),
            (set, "not one line for GET"),
            ("\"SET\",\"1\"\n\"SET\",\"2\"\n\"GET\",\"1\"\n", "not one line for SET"),
            ("\"SET\",\"1\"\n\"GET\",\"0.00\"\n", "no rate for GET"),
            ("\"SET\",\"inf\"\n\"GET\",\"1\"\n", "no rate for SET"),
            ("\"SET\",\"-nan\"\n\"GET\",\"1\"\n", "no rate for SET"),
            ("\"SET\"\n\"GET\",\"1\"\n", "no rate for SET"),
            ("\"test\",\"p50\"\n\"SET\",\"1\"\n\"GET\",\"1\"\n", "no column `rps`"),
        ];
        for (text, expected) in table {
            let error = read_csv(text).unwrap_err();
            assert!(error.starts_with(expected), "{text}: {error}");
        }
    }

    #[test]
    fn a_reply_is_as_long_as_it_says() {
        assert_eq!(value_bytes(b"$3\r\nabc\r\n+OK\r\n"), Some(3));
        assert_eq!(value_bytes(b"$0\r\n\r\n"), Some(0));
        let none = ["$-1\r\n+OK\r\n", "$3\r\nab\r\n", "-ERR no\r\n", "$3", "", "$9\r\nabc\r\n"];
        assert!(none.iter().all(|reply| value_bytes(reply.as_bytes()).is_none()));
    }

    #[test]
    fn a_run_against_redis_gives_two_rates() {
        let redis = Program::Redis(on_path("redis-server").expect("`cargo x test`"));
        let server = redis.start(Some(cores::allowed()[0])).unwrap();
        assert_eq!(held_bytes(server.address()).unwrap(), None, "nothing is set yet");
        let Rates { set, get } =
            client("redis-benchmark", LONG).run(server.address(), 16, 1000).unwrap();
        assert!(set > 1.0 && get > 1.0, "{set} {get}");
        server.stop().unwrap();
    }

    #[test]
    fn a_client_that_fails_is_explained_and_one_that_hangs_is_killed() {
        let shell = client("sh", LONG);
        let mut command = Command::new("sh");
        let error = shell.output(command.args(["-c", "echo x; echo why >&2; exit 3"])).unwrap_err();
        assert!(error.ends_with("exit status: 3: why"), "{error}");
        let hasty = client("sh", Duration::from_millis(1));
        let error = hasty.output(Command::new("sleep").arg("1000")).unwrap_err();
        assert!(error.ends_with("not done after 1ms, killed"), "{error}");
    }
}
