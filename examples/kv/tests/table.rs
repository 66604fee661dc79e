//! Commands chosen for their edges, from `table.txt`: one a line, in groups that begin with a
//! heading and an empty keyspace. Times to live are multiples of 10,000 seconds, so that the
//! moment at which a command runs does not show.

use super::machine::Machine;
use super::redis::Redis;
use super::words::{Words, compare, words};

const GROUPS: &str = include_str!("table.txt");

#[test]
fn chosen_commands_are_answered_as_by_redis() {
    let redis = Redis::start(&["--databases", "1"]);
    let mut count = 0;
    for group in GROUPS.split("\n\n") {
        let lines = group.lines().filter(|line| !line.starts_with('#'));
        let commands: Vec<Words> = lines.map(words).collect();
        let mut client = redis.connect();
        client.replies(b"FLUSHALL\r\n", 1);
        compare(&commands, &mut client, &mut Machine::of_every_kind());
        // One by one as well: a pipeline must not change an answer.
        let mut client = redis.connect();
        client.replies(b"FLUSHALL\r\n", 1);
        let mut machines = Machine::of_every_kind();
        for command in &commands {
            compare(std::slice::from_ref(command), &mut client, &mut machines);
        }
        count += commands.len();
    }
    assert!(count >= 1_000, "{count} commands");
}
