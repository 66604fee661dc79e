//! Time, which the test moves.

use super::machine::Machine;

fn answer(machine: &mut Machine, now_ms: u64, line: &str) -> String {
    String::from_utf8(machine.feed(now_ms, format!("{line}\r\n").as_bytes())).unwrap()
}

#[test]
fn a_time_to_live_runs_out() {
    for machine in &mut Machine::of_every_kind() {
        assert_eq!(answer(machine, 10_000, "SET k v PX 1500"), "+OK\r\n");
        let table = [
            // PTTL is exact; TTL rounds to the nearest second.
            (10_000, ":1500\r\n", ":2\r\n"),
            (10_001, ":1499\r\n", ":1\r\n"),
            (11_000, ":500\r\n", ":1\r\n"),
            (11_001, ":499\r\n", ":0\r\n"),
            (11_500, ":0\r\n", ":0\r\n"),
            (11_501, ":-2\r\n", ":-2\r\n"),
        ];
        for (now_ms, pttl, ttl) in table {
            assert_eq!(answer(machine, now_ms, "PTTL k"), pttl, "at {now_ms}; {machine}");
            assert_eq!(answer(machine, now_ms, "TTL k"), ttl, "at {now_ms}; {machine}");
        }
        assert_eq!(answer(machine, 11_501, "MGET k k"), "*2\r\n$-1\r\n$-1\r\n");
    }
}

#[test]
fn every_way_to_give_a_time_means_the_same_instant() {
    let ways = [
        ("SET k v EX 5", "GET k"),
        ("SET k v PX 5000", "GET k"),
        ("SET k v EXAT 1005", "GET k"),
        ("SET k v PXAT 1005000", "GET k"),
        ("SET k v", "EXPIRE k 5"),
        ("SET k v EX 1", "EXPIRE k 5 GT"),
        ("SET k v EX 9", "EXPIRE k 5 LT"),
        ("SET k v EX 5", "SET k v KEEPTTL"),
        ("SET k 1 EX 5", "INCR k"),
    ];
    for (first, second) in ways {
        for machine in &mut Machine::of_every_kind() {
            answer(machine, 1_000_000, first);
            answer(machine, 1_000_000, second);
            assert_eq!(answer(machine, 1_000_000, "PTTL k"), ":5000\r\n", "{first}, {second}");
            assert_eq!(answer(machine, 1_005_000, "EXISTS k"), ":1\r\n");
            assert_eq!(answer(machine, 1_005_001, "EXISTS k"), ":0\r\n");
        }
    }
}

#[test]
fn a_deadline_that_equals_the_present_counts_as_reached_by_expire_only() {
    for machine in &mut Machine::of_every_kind() {
        assert_eq!(answer(machine, 2_000, "SET k v PXAT 2000"), "+OK\r\n");
        assert_eq!(answer(machine, 2_000, "GET k"), "$1\r\nv\r\n");
        assert_eq!(answer(machine, 2_000, "EXPIRE k 0"), ":1\r\n");
        assert_eq!(answer(machine, 2_000, "GET k"), "$-1\r\n");
    }
}

#[test]
fn the_dead_are_counted_until_they_are_collected() {
    for machine in &mut Machine::of_every_kind() {
        for number in 0..100 {
            answer(machine, 1_000, &format!("SET key:{number} v EX {}", 1 + number % 2));
        }
        assert_eq!(answer(machine, 2_001, "DBSIZE"), ":100\r\n");
        let collected: usize =
            machine.states.iter_mut().map(|s| s.store.expire_some(2_001, 100)).sum();
        assert_eq!(collected, 50);
        assert_eq!(answer(machine, 2_001, "DBSIZE"), ":50\r\n");
    }
}
