//! `COMMAND`: the table's facts are Redis's.

use super::machine::{Machine, Way};
use super::redis::{Client, Redis};
use super::words::{wire, words};
use crate::command::{self, Spec};

/// What this server has and Redis 7.0 has not, or says in its own words.
const OURS: [&str; 1] = ["client|setinfo"];

#[test]
fn every_row_says_what_redis_says() {
    let redis = Redis::start(&[]);
    let mut client = redis.connect();
    let mut machine = Machine::new(1, Way::Mixed);
    for protocol in [2, 3] {
        let hello = format!("HELLO {protocol}\r\n").into_bytes();
        client.replies(&hello, 1);
        machine.feed(0, &hello);
        rows(&mut client, &mut machine);
    }
}

fn rows(client: &mut Client, machine: &mut Machine) {
    let subcommands = command::TABLE.iter().flat_map(|spec| spec.subcommands);
    let all: Vec<_> = command::TABLE.iter().copied().chain(subcommands).collect();
    for spec in all {
        if OURS.contains(&spec.name) {
            continue;
        }
        let command = wire(&words(&format!("COMMAND INFO {}", spec.name.to_uppercase())));
        let theirs = client.replies(&command, 1).remove(0);
        let ours = machine.feed(0, &command);
        let shown = |reply: &[u8]| own_part(spec, reply).escape_ascii().to_string();
        assert_eq!(shown(&ours), shown(&theirs), "{}", spec.name);
    }
}

/// The reply without the subcommands, of which Redis has more.
fn own_part<'a>(spec: &Spec, reply: &'a [u8]) -> &'a [u8] {
    if spec.subcommands.is_empty() {
        return reply;
    }
    let head = b"*10\r\n";
    let heads: Vec<usize> = (0..reply.len()).filter(|at| reply[*at..].starts_with(head)).collect();
    // The second description is the first subcommand's; before it stands how many there are.
    let count = reply[..heads[1]].iter().rposition(|&byte| byte == b'*').unwrap();
    &reply[..count]
}

#[test]
fn every_command_is_found_and_counted() {
    let mut machine = Machine::new(1, Way::Mixed);
    let count = format!(":{}\r\n", command::TABLE.len());
    assert_eq!(machine.feed(0, b"COMMAND COUNT\r\n"), count.as_bytes());
    let all = machine.feed(0, b"COMMAND\r\n");
    assert!(all.starts_with(format!("*{}\r\n", command::TABLE.len()).as_bytes()));
    assert_eq!(machine.feed(0, b"COMMAND INFO\r\n"), all);
    assert_eq!(machine.feed(0, b"COMMAND DOCS\r\nCOMMAND DOCS get\r\n"), b"*0\r\n*0\r\n");
    assert_eq!(super::reply::split(&all).len(), 1, "well-formed");
}

#[test]
fn help_names_every_subcommand() {
    for container in ["CLIENT", "CONFIG", "COMMAND"] {
        let mut machine = Machine::new(1, Way::Mixed);
        let help = machine.feed(0, format!("{container} HELP\r\n").as_bytes());
        assert_eq!(super::reply::split(&help).len(), 1, "well-formed");
        let help = String::from_utf8(help).unwrap();
        let spec = command::find(container.as_bytes()).unwrap();
        for subcommand in spec.subcommands {
            let name = subcommand.name.split('|').nth(1).unwrap().to_uppercase();
            assert!(help.contains(&format!("\r\n+{name}")), "{container} {name}");
        }
    }
}
