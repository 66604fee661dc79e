//! What SIGINT and SIGTERM do to a program whose system stops on them.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::time::Duration;

use greenroom_core::supervision::{ChildSpec, Strategy, SupervisorSpec};
use greenroom_core::{Actor, Context, ExitReason, Flow, Placement, ShardId, ShutdownPhase, System};
use greenroom_shard::{Driver, RunError};
use rustix::process::{Pid, Signal, kill_process};

use crate::common::{on_each_driver, system};

on_each_driver! {
    a_signal_stops_the_system_in_order,
    a_root_that_listens_returns,
    a_root_that_does_not_listen_ends_with_its_system,
    a_second_signal_ends_the_process,
    signals_do_what_they_do_by_default_when_no_system_is_left,
}

/// Set in the process that is to be told: what it does, and on which driver.
const ROLE: &str = "GREENROOM_TEST_SIGNALS";

/// Longer than any test takes.
const NEVER: Duration = Duration::from_secs(600);

/// One write, on a line of its own whatever the test's harness prints.
fn say(word: &str) {
    let mut out = std::io::stdout();
    out.write_all(format!("\n@{word}\n").as_bytes()).unwrap();
    out.flush().unwrap();
}

/// Says when it is stopped.
struct Sayer(&'static str);

impl Actor for Sayer {
    type Message = ();

    async fn handle(&mut self, (): (), _: &Context<Self>) -> Flow {
        Flow::Continue
    }

    async fn stopped(&mut self, _: &ExitReason, _: &Context<Self>) {
        say(self.0);
    }
}

async fn set_up(system: System) {
    for (shard, name) in [(1, "first"), (0, "second")] {
        let child = ChildSpec::new(name, move || Sayer(name)).placement(Placement::Shard(shard));
        let spec = SupervisorSpec::new(Strategy::OneForOne).child(child);
        spec.start(&system, Placement::Here).await.unwrap();
    }
    let before = async || say("before");
    system.on_shutdown(ShutdownPhase::BeforeStop, "before", before).unwrap();
    let after = async || say("after");
    system.on_shutdown(ShutdownPhase::AfterStop, "after", after).unwrap();
}

/// This is the program of that process. Run as a test like any other it is told by nobody.
#[test]
fn program() {
    let role = std::env::var(ROLE).unwrap_or_default();
    let Some((role, driver)) = role.rsplit_once(' ') else {
        let running = system(Driver::default(), 1).stop_on_signals().start().unwrap();
        assert!(running.shutdown(NEVER).is_clean(), "nobody has to be told");
        return;
    };
    let builder = system(driver.parse().unwrap(), 2).shutdown_limit(NEVER).stop_on_signals();
    match role {
        "waits" => {
            let running = builder.start().unwrap();
            running.handle().run_on(ShardId(0), set_up).wait().unwrap();
            say("up");
            let report = running.wait();
            assert!(report.is_clean(), "{report}");
        }
        "listens" => {
            let ran = builder.run(async |system| {
                set_up(system).await;
                say("up");
                system.until_shutdown().await;
                Ok(7)
            });
            assert_eq!(ran.unwrap(), 7);
        }
        "does not listen" => {
            let ran: Result<(), _> = builder.run(async |system| {
                set_up(system).await;
                say("up");
                std::future::pending().await
            });
            assert!(matches!(ran, Err(RunError::ShutDown)));
        }
        "hangs" => {
            let running = builder.start().unwrap();
            let hang = async |system: System| {
                let hang = async || {
                    say("hangs");
                    std::future::pending::<()>().await;
                };
                system.on_shutdown_within(NEVER, ShutdownPhase::BeforeStop, "hangs", hang).unwrap();
            };
            running.handle().run_on(ShardId(1), hang).wait().unwrap();
            say("up");
            running.wait();
        }
        "is over" => {
            for _ in 0..2 {
                let running = builder.clone().start().unwrap();
                assert!(running.shutdown(NEVER).is_clean());
            }
            say("up");
            std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
        }
        _ => panic!("there is no role {role}"),
    }
    say("done");
}

/// A process that is to be told.
struct Told {
    child: Child,
    said: BufReader<ChildStdout>,
}

impl Told {
    /// Starts one, and waits until it is up.
    fn start(role: &str, driver: Driver) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["signals::program", "--exact", "--nocapture"])
            .env(ROLE, format!("{role} {driver}"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let said = BufReader::new(child.stdout.take().unwrap());
        let mut told = Self { child, said };
        assert_eq!(told.next().as_deref(), Some("up"));
        told
    }

    fn tell(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// What it says next; `None` once it has ended.
    fn next(&mut self) -> Option<String> {
        let mut lines = self.said.by_ref().lines();
        lines.find_map(|line| line.unwrap().strip_prefix('@').map(str::to_owned))
    }

    /// What else it says, and how it ends.
    fn end(&mut self) -> (Vec<String>, ExitStatus) {
        let rest = std::iter::from_fn(|| self.next()).collect();
        (rest, self.child.wait().unwrap())
    }
}

impl Drop for Told {
    fn drop(&mut self) {
        // Of a test that failed; one that has ended is left alone by both.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const IN_ORDER: [&str; 5] = ["before", "second", "first", "after", "done"];

fn a_signal_stops_the_system_in_order(driver: Driver) {
    for signal in [Signal::INT, Signal::TERM] {
        let mut told = Told::start("waits", driver);
        told.tell(signal);
        let (said, status) = told.end();
        assert_eq!(said, IN_ORDER);
        assert!(status.success());
    }
}

fn a_root_that_listens_returns(driver: Driver) {
    let mut told = Told::start("listens", driver);
    told.tell(Signal::TERM);
    let (said, status) = told.end();
    assert_eq!(said, IN_ORDER);
    assert!(status.success());
}

fn a_root_that_does_not_listen_ends_with_its_system(driver: Driver) {
    let mut told = Told::start("does not listen", driver);
    told.tell(Signal::INT);
    let (said, status) = told.end();
    assert_eq!(said, IN_ORDER);
    assert!(status.success());
}

fn a_second_signal_ends_the_process(driver: Driver) {
    let mut told = Told::start("hangs", driver);
    told.tell(Signal::TERM);
    assert_eq!(told.next().as_deref(), Some("hangs"));
    told.tell(Signal::INT);
    let (said, status) = told.end();
    assert!(said.is_empty(), "{said:?}");
    assert_eq!(status.code(), Some(128 + Signal::INT.as_raw()));
}

fn signals_do_what_they_do_by_default_when_no_system_is_left(driver: Driver) {
    let mut told = Told::start("is over", driver);
    told.tell(Signal::TERM);
    let (said, status) = told.end();
    assert!(said.is_empty(), "{said:?}");
    assert_eq!(status.signal(), Some(Signal::TERM.as_raw()));
}
