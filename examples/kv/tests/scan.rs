//! `SCAN`, `RANDOMKEY`, and what else chance or order has a part in.

use std::collections::{BTreeMap, BTreeSet};

use super::Rng;
use super::machine::{Machine, Way};
use super::reply;

fn call(machine: &mut Machine, line: &str) -> Vec<u8> {
    machine.feed(1_000, format!("{line}\r\n").as_bytes())
}

/// The texts of an array of strings.
fn texts(reply: &[u8]) -> Vec<String> {
    let text = |element: Vec<u8>| String::from_utf8(element).unwrap();
    let elements = reply::array(reply).1.into_iter().map(text);
    elements.map(|element| element.lines().nth(1).unwrap().to_owned()).collect()
}

/// Walks all shards; `between` may do anything between two steps.
fn scan(
    machine: &mut Machine,
    options: &str,
    mut between: impl FnMut(&mut Machine),
) -> Vec<String> {
    let (mut cursor, mut found) = ("0".to_owned(), Vec::new());
    for _ in 0..10_000 {
        let reply = call(machine, &format!("SCAN {cursor} {options}"));
        let parts = reply::array(&reply).1;
        cursor = String::from_utf8(parts[0].clone()).unwrap().lines().nth(1).unwrap().to_owned();
        found.extend(texts(&parts[1]));
        if cursor == "0" {
            return found;
        }
        between(machine);
    }
    panic!("a walk without end");
}

#[test]
fn a_scan_meets_every_key_once() {
    for mut machine in Machine::of_every_kind() {
        assert!(scan(&mut machine, "", |_| ()).is_empty());
        for number in 0..500 {
            call(&mut machine, &format!("SET key{number} v"));
            call(&mut machine, &format!("RPUSH list{number} v"));
        }
        let all: BTreeSet<String> =
            (0..500).flat_map(|number| [format!("key{number}"), format!("list{number}")]).collect();
        for count in [1, 10, 100, 100_000] {
            let found = scan(&mut machine, &format!("COUNT {count}"), |_| ());
            assert_eq!(found.len(), 1_000, "none twice; {machine}");
            assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), all);
        }
        assert_eq!(scan(&mut machine, "TYPE list", |_| ()).len(), 500);
        assert_eq!(scan(&mut machine, "TYPE LIST MATCH *9 COUNT 7", |_| ()).len(), 50);
        assert_eq!(scan(&mut machine, "TYPE nonsense", |_| ()).len(), 0);
    }
}

#[test]
fn a_scan_meets_every_key_that_stays() {
    let mut machine = Machine::new(3, Way::Mixed);
    (0..300).for_each(|number| drop(call(&mut machine, &format!("SET stays{number} v"))));
    let mut rng = Rng::new(1);
    let mut number = 0;
    // Tables grow and shrink several times meanwhile.
    let found = scan(&mut machine, "COUNT 5", |machine| {
        for _ in 0..rng.below(60) {
            number += 1;
            call(machine, &format!("SET goes{number} v"));
            call(machine, &format!("DEL goes{}", rng.below(number)));
        }
    });
    let stayed = found.iter().filter(|key| key.starts_with("stays"));
    let counts = stayed.fold(BTreeMap::new(), |mut counts, key| {
        *counts.entry(key).or_insert(0) += 1;
        counts
    });
    assert!(counts.len() == 300 && counts.values().all(|count| *count == 1), "{counts:?}");
}

#[test]
fn a_random_key_is_any_of_them() {
    for mut machine in Machine::of_every_kind() {
        assert_eq!(call(&mut machine, "RANDOMKEY"), b"$-1\r\n");
        (0..20).for_each(|number| drop(call(&mut machine, &format!("SET {number} v"))));
        let seen: BTreeSet<Vec<u8>> = (0..2_000).map(|_| call(&mut machine, "RANDOMKEY")).collect();
        assert_eq!(seen.len(), 20, "{machine}");
    }
}

#[test]
fn random_members_are_members() {
    let mut machine = Machine::new(2, Way::Mixed);
    (0..50).for_each(|number| drop(call(&mut machine, &format!("SADD s m{number}"))));
    let all: BTreeSet<String> = texts(&call(&mut machine, "SMEMBERS s")).into_iter().collect();
    let some = texts(&call(&mut machine, "SRANDMEMBER s 20"));
    assert_eq!(some.iter().collect::<BTreeSet<_>>().len(), 20, "all different");
    let many = texts(&call(&mut machine, "SRANDMEMBER s -200"));
    assert_eq!(many.len(), 200);
    assert!(many.iter().chain(&some).all(|member| all.contains(member)));
    assert_eq!(call(&mut machine, "SRANDMEMBER s -2000000"), b"-ERR value is out of range\r\n");
    let mut popped: Vec<String> = texts(&call(&mut machine, "SPOP s 20"));
    popped.extend((0..30).map(|_| {
        let reply = String::from_utf8(call(&mut machine, "SPOP s")).unwrap();
        reply.lines().nth(1).unwrap().to_owned()
    }));
    assert_eq!(popped.into_iter().collect::<BTreeSet<_>>(), all);
    assert_eq!(call(&mut machine, "EXISTS s"), b":0\r\n");
}
