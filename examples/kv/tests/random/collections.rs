//! Random commands on every type, on the keys of the others, so that all meet the wrong one.

use super::Commands;

impl Commands {
    pub(super) fn on_collection(&mut self) -> String {
        match self.rng.below(10) {
            0..2 => self.on_string(),
            2..4 => self.on_list(),
            4..6 => self.on_hash(),
            6..8 => self.on_set(),
            _ => self.on_sorted_set(),
        }
    }

    fn on_string(&mut self) -> String {
        let (key, value) = (self.key(), self.value());
        let seconds = self.unit() * 10_000;
        match self.rng.below(14) {
            0 => format!("GETDEL {key}"),
            1 => format!("GETSET {key} {value}"),
            2 => format!("SETNX {key} {value}"),
            3 => format!("SETEX {key} {seconds} {value}"),
            4 => format!("APPEND {key} {value}"),
            5 => format!("STRLEN {key}"),
            6 => format!("GETRANGE {key} {} {}", self.index(), self.index()),
            7 => format!("SETRANGE {key} {} {value}", self.rng.below(30)),
            8 => format!("GETEX {key} EX {seconds}"),
            9 => format!("TYPE {key}"),
            10 => format!("PERSIST {key}"),
            11 => format!("UNLINK {key} {}", self.key()),
            // Texts whose sums a long double holds exactly.
            12 => format!("SET f {}", self.rng.pick(&["0.5", "-2.25", "10", "1e3"])),
            _ => format!("INCRBYFLOAT f {}", self.rng.pick(&["0.5", "-2.25", "7", "x"])),
        }
    }

    fn on_list(&mut self) -> String {
        let (key, value) = (self.key(), self.value());
        match self.rng.below(16) {
            0 | 1 => format!("LPUSH {key} {value} {}", self.value()),
            2 | 3 => format!("RPUSH {key} {value} {} {value}", self.value()),
            4 => format!("LPUSHX {key} {value}"),
            5 => format!("RPUSHX {key} {value}"),
            6 => format!("LPOP {key}"),
            7 => format!("RPOP {key}"),
            8 => format!("LPOP {key} {}", self.rng.below(4)),
            9 => format!("LLEN {key}"),
            10 => format!("LRANGE {key} {} {}", self.index(), self.index()),
            11 => format!("LINDEX {key} {}", self.index()),
            12 => format!("LSET {key} {} {value}", self.index()),
            13 => format!("LREM {key} {} {value}", self.index()),
            14 => format!("LTRIM {key} {} {}", self.index(), self.index()),
            _ => format!("LRANGE {key} 0 -1"),
        }
    }

    fn on_hash(&mut self) -> String {
        let (key, field, value) = (self.key(), self.member(), self.value());
        match self.rng.below(12) {
            0..3 => format!("HSET {key} {field} {value} {} {value}", self.member()),
            3 => format!("HSETNX {key} {field} {value}"),
            4 => format!("HGET {key} {field}"),
            5 => format!("HMGET {key} {field} {}", self.member()),
            6 => format!("HDEL {key} {field} {}", self.member()),
            7 => format!("HGETALL {key}"),
            8 => format!("{} {key}", self.rng.pick(&["HKEYS", "HVALS"])),
            9 => format!("HLEN {key}"),
            10 => format!("HEXISTS {key} {field}"),
            _ => format!("HINCRBY {key} {field} {value}"),
        }
    }

    fn on_set(&mut self) -> String {
        let (key, member) = (self.key(), self.member());
        match self.rng.below(12) {
            0..3 => format!("SADD {key} {member} {}", self.member()),
            3 => format!("SREM {key} {member} {}", self.member()),
            4 => format!("SMEMBERS {key}"),
            5 => format!("SISMEMBER {key} {member}"),
            6 => format!("SCARD {key}"),
            // All of them, so that chance has no part in it.
            7 => format!("SPOP {key} 1000"),
            8 => format!("SRANDMEMBER {key} 1000"),
            _ => {
                let name = self.rng.pick(&["SINTER", "SUNION", "SDIFF"]);
                let keys: Vec<&str> = (0..=self.rng.below(3)).map(|_| self.key()).collect();
                format!("{name} {}", keys.join(" "))
            }
        }
    }

    fn on_sorted_set(&mut self) -> String {
        let (key, member, score) = (self.key(), self.member(), self.score());
        let reverse = self.rng.pick(&["", " REV"]);
        let scores = self.rng.pick(&["", " WITHSCORES"]);
        match self.rng.below(14) {
            0..4 => {
                let options = ["", "", "NX ", "XX ", "GT ", "LT CH ", "CH ", "INCR ", "XX GT "];
                let options = self.rng.pick(&options);
                format!("ZADD {key} {options}{score} {member}")
            }
            4 => format!("ZADD {key} {score} {member} {} {}", self.score(), self.member()),
            5 => format!("ZREM {key} {member} {}", self.member()),
            6 => format!("ZSCORE {key} {member}"),
            7 => format!("ZCARD {key}"),
            8 => format!("ZINCRBY {key} {score} {member}"),
            9 => format!("ZPOPMIN {key}"),
            10 => format!("ZPOPMIN {key} {}", self.rng.below(3)),
            11 | 12 => {
                let (min, max) = (self.score(), self.score());
                let limit = self.rng.pick(&["", " LIMIT 1 2", " LIMIT 0 -1"]);
                format!("ZRANGE {key} {min} ({max} BYSCORE{reverse}{limit}{scores}")
            }
            _ => {
                format!("ZRANGE {key} {} {}{reverse}{scores}", self.index(), self.index())
            }
        }
    }

    fn index(&mut self) -> &'static str {
        self.rng.pick(&["0", "1", "2", "5", "-1", "-2", "-7", "100", "x"])
    }

    fn member(&mut self) -> &'static str {
        self.rng.pick(&["a", "b", "c", "1", "''", "a␠member␠of␠more␠than␠22␠bytes"])
    }

    fn score(&mut self) -> &'static str {
        self.rng.pick(&["0", "1", "-1", "1.5", "0.1", "1e20", "inf", "-inf", "x", "3"])
    }
}
