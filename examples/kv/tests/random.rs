//! Random commands.

mod collections;

use std::collections::BTreeSet;

use super::Rng;
use super::machine::Machine;
use super::redis::Redis;
use super::words::{Words, compare, words};

/// Commands of one pipeline.
const PIPELINE: usize = 50;

#[test]
fn random_commands_are_answered_as_by_redis() {
    let redis = Redis::start(&[]);
    for seed in 1..=12 {
        let mut client = redis.connect();
        client.replies(b"FLUSHALL\r\n", 1);
        let mut machines = Machine::of_every_kind();
        let mut commands = Commands::new(seed);
        for _ in 0..40 {
            let pipeline: Vec<Words> = (0..PIPELINE).map(|_| commands.next_command()).collect();
            compare(&pipeline, &mut client, &mut machines);
            let states = machines.iter().flat_map(|machine| &machine.states);
            states.for_each(|state| state.store.check_books());
        }
    }
}

/// Whether with fewer arguments chance would have a part in the answer.
fn is_random(words: &Words) -> bool {
    words[0].eq_ignore_ascii_case(b"SPOP") || words[0].eq_ignore_ascii_case(b"SRANDMEMBER")
}

/// A sequence of commands that a seed decides.
pub(super) struct Commands {
    rng: Rng,
    /// Times to live given so far, in units of 10,000 seconds. None is given twice, so that `GT`
    /// and `LT` never hang on the milliseconds between two commands.
    units: BTreeSet<u64>,
}

impl Commands {
    pub(super) fn new(seed: u64) -> Self {
        Self { rng: Rng::new(seed), units: BTreeSet::new() }
    }

    pub(super) fn next_command(&mut self) -> Words {
        if self.rng.below(5) < 3 {
            let mut words = words(&self.on_collection());
            self.spoil(&mut words);
            return words;
        }
        let line = match self.rng.below(100) {
            0..20 => format!("GET {}", self.key()),
            20..45 => self.set(),
            45..55 => {
                let name = self.rng.pick(&["INCR", "DECR"]);
                format!("{name} {}", self.key())
            }
            55..63 => {
                let name = self.rng.pick(&["INCRBY", "DECRBY"]);
                format!("{name} {} {}", self.key(), self.value())
            }
            63..73 => {
                let name = self.rng.pick(&["DEL", "EXISTS", "MGET", "MGET"]);
                let keys: Vec<&str> = (0..=self.rng.below(5)).map(|_| self.key()).collect();
                format!("{name} {}", keys.join(" "))
            }
            73..78 => {
                let pairs = (0..=self.rng.below(4))
                    .map(|_| format!(" {} {}", self.key(), self.value()))
                    .collect::<String>();
                format!("MSET{pairs}")
            }
            78..88 => self.expire(),
            88..97 => {
                let name = self.rng.pick(&["TTL", "PTTL"]);
                format!("{name} {}", self.key())
            }
            97 => "DBSIZE".to_owned(),
            98 => format!("ECHO {}", self.value()),
            _ => self.rng.pick(&["PING", "FLUSHALL", "FLUSHALL ASYNC", "NONSENSE a b"]).to_owned(),
        };
        let mut words = words(&line);
        self.spoil(&mut words);
        words
    }

    fn set(&mut self) -> String {
        let mut line = format!("SET {} {}", self.key(), self.value());
        for _ in 0..self.rng.below(4) {
            let unit = self.unit();
            let option = match self.rng.below(10) {
                0 | 1 => "NX".to_owned(),
                2 | 3 => "XX".to_owned(),
                4 => "GET".to_owned(),
                5 => "KEEPTTL".to_owned(),
                6 | 7 => format!("EX {}", unit * 10_000),
                8 => format!("PX {}", unit * 10_000_000),
                _ => self.rng.pick(&["EX 0", "PX -1", "EX x", "EXAT ''", "PXAT"]).to_owned(),
            };
            line = format!("{line} {option}");
        }
        line
    }

    fn expire(&mut self) -> String {
        let seconds = match self.rng.below(12) {
            0 => self.rng.pick(&["0", "-1", "x", "9223372036854775807"]).to_owned(),
            _ => (self.unit() * 10_000).to_string(),
        };
        let mut line = format!("EXPIRE {} {seconds}", self.key());
        for _ in 0..self.rng.below(3) {
            line = format!("{line} {}", self.rng.pick(&["NX", "XX", "GT", "LT", "gt", "lt"]));
        }
        line
    }

    /// Changes the name's case, and now and then a count of arguments.
    fn spoil(&mut self, words: &mut Words) {
        match self.rng.below(40) {
            0 if !is_random(words) => {
                words.truncate(self.rng.below(words.len() as u64) as usize + 1);
            }
            // Where one may be random, one more would make it so.
            1 if !is_random(words) => words.push(self.value().into()),
            2..10 => words[0].make_ascii_lowercase(),
            10..15 => words[0][1..].make_ascii_lowercase(),
            _ => {}
        }
    }

    fn key(&mut self) -> &'static str {
        self.rng.pick(&["a", "b", "c", "key:1", "key:2", "{t}a", "{t}b", "''", "a␠longer␠key"])
    }

    fn value(&mut self) -> &'static str {
        self.rng.pick(&[
            "''",
            "0",
            "1",
            "-5",
            "10",
            "007",
            "␠1",
            "9223372036854775807",
            "-9223372036854775808",
            "9223372036854775808",
            "abc",
            "␍␊␀",
            "a␠value␠of␠more␠than␠22␠bytes",
        ])
    }

    fn unit(&mut self) -> u64 {
        loop {
            let unit = 1 + self.rng.below(1_000_000);
            if self.units.insert(unit) {
                return unit;
            }
        }
    }
}
