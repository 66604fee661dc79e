//! Commands on one key, from several clients at once, take effect one after the other.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use greenroom_testkit::check::{History, Model, Verdict, linearizable};

use super::client::{Client, pipeline};
use super::rig::{Rig, campaign, campaign_of};
use crate::decimal;
use crate::server::ServerLimits;
use crate::tests::Rng;

const CLIENTS: u64 = 4;
const COMMANDS: usize = 25;
pub(super) const KEYS: [&str; 3] = ["a", "b", "c"];

/// Far above what these histories take.
pub(super) const STEPS_MAX: usize = 2_000_000;

/// A key of a server without collections and deadlines.
pub(super) struct Strings;

#[derive(Debug, Clone)]
pub(super) enum Op {
    Get,
    Set(String),
    /// Only where there is none.
    SetAbsent(String),
    Append(String),
    Incr,
    Del,
}

impl Model for Strings {
    type Op = (&'static str, Op);
    /// The reply as it was sent.
    type Result = String;
    type Key = &'static str;
    type State = Option<String>;

    fn key(&self, (key, _): &Self::Op) -> &'static str {
        key
    }

    fn step(
        &self,
        state: &Option<String>,
        (_, op): &Self::Op,
        result: Option<&String>,
    ) -> Option<Option<String>> {
        let bulk = |text: &str| format!("${}\r\n{text}\r\n", text.len());
        let (after, reply) = match op {
            Op::Get => (state.clone(), state.as_deref().map_or_else(|| "$-1\r\n".to_owned(), bulk)),
            Op::Set(value) => (Some(value.clone()), "+OK\r\n".to_owned()),
            Op::SetAbsent(_) if state.is_some() => (state.clone(), "$-1\r\n".to_owned()),
            Op::SetAbsent(value) => (Some(value.clone()), "+OK\r\n".to_owned()),
            Op::Append(part) => {
                let text = format!("{}{part}", state.as_deref().unwrap_or_default());
                (Some(text.clone()), format!(":{}\r\n", text.len()))
            }
            Op::Incr => match decimal::parse_i64(state.as_deref().unwrap_or("0").as_bytes()) {
                Some(number) => (Some((number + 1).to_string()), format!(":{}\r\n", number + 1)),
                None => {
                    let error = "-ERR value is not an integer or out of range\r\n";
                    (state.clone(), error.to_owned())
                }
            },
            Op::Del => (None, format!(":{}\r\n", u8::from(state.is_some()))),
        };
        result.is_none_or(|result| *result == reply).then_some(after)
    }
}

pub(super) type Recorded = Rc<RefCell<History<(&'static str, Op), String>>>;

pub(super) fn op(rng: &mut Rng) -> Op {
    let value = rng.below(50).to_string();
    match rng.below(8) {
        0..3 => Op::Get,
        3 => Op::Set(value),
        4 => Op::SetAbsent(value),
        5 => Op::Append(value),
        6 => Op::Incr,
        _ => Op::Del,
    }
}

/// The command of `op` on `key`.
pub(super) fn line(op: &Op, key: &str) -> String {
    match op {
        Op::Get => format!("GET {key}"),
        Op::Set(value) => format!("SET {key} {value}"),
        Op::SetAbsent(value) => format!("SET {key} {value} NX"),
        Op::Append(value) => format!("APPEND {key} {value}"),
        Op::Incr => format!("INCR {key}"),
        Op::Del => format!("DEL {key}"),
    }
}

/// Runs the clients; one of them goes away in the middle of a command, whose outcome nobody knows.
fn verdict(rig: &mut Rig<'_>) -> Verdict {
    let history = Recorded::default();
    let clients: Vec<_> = (0..CLIENTS)
        .map(|number| {
            let (history, seed) = (history.clone(), rig.sim.draw(u64::MAX));
            rig.begin(async move |address| {
                let mut rng = Rng::new(seed);
                let mut client = Client::connect(address).await;
                for _ in 0..COMMANDS {
                    let key = KEYS[rng.below(KEYS.len() as u64) as usize];
                    let op = op(&mut rng);
                    let line = line(&op, key);
                    let call = history.borrow_mut().call((key, op));
                    let reply = client.call(&line).await;
                    history.borrow_mut().returned(call, reply);
                }
                if number == 0 {
                    let op = Op::Append("x".to_owned());
                    let line = line(&op, KEYS[0]);
                    let _unknown = history.borrow_mut().call((KEYS[0], op));
                    client.send(pipeline(&line)).await;
                }
            })
        })
        .collect();
    for client in clients {
        rig.sim.finish(client);
    }
    rig.sim.advance(Duration::from_millis(1));
    let history = history.borrow();
    assert_eq!(history.len() as u64, CLIENTS * COMMANDS as u64 + 1);
    linearizable(&Strings, &history, STEPS_MAX)
}

#[test]
fn commands_on_a_key_are_linearizable() {
    let test = "linear::commands_on_a_key_are_linearizable";
    campaign(test, &ServerLimits::default(), |rig| verdict(rig).expect_linearizable());
}

#[test]
fn a_stale_read_would_be_found() {
    let limits = ServerLimits { stale_reads: true, ..ServerLimits::default() };
    let test = "linear::a_stale_read_would_be_found";
    let failure = campaign_of(test).search(|sim| {
        let mut rig = Rig::start(sim, limits.clone());
        verdict(&mut rig).expect_linearizable();
        rig.end();
    });
    let failure = failure.expect("the planted bug is found");
    assert!(failure.message.contains("not linearizable"), "{failure}");
}
