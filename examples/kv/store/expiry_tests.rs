//! Deadlines under virtual time.

use super::*;
use crate::store::{Expiry, Place, SetRule};

const NEVER: SetRule = SetRule::PLAIN;

fn until(at_ms: u64) -> SetRule {
    SetRule { expiry: Expiry::Replace(Deadline::at_ms(at_ms)), ..SetRule::PLAIN }
}

fn store_with(rule: SetRule) -> Store {
    let mut store = Store::new(1, Place::ALONE);
    assert!(store.set(0, (&b"k"[..], &b"v"[..]), rule));
    store
}

#[test]
fn a_key_lives_through_the_millisecond_of_its_deadline() {
    for (now_ms, alive) in [(999, true), (1000, true), (1001, false)] {
        assert_eq!(store_with(until(1000)).contains(now_ms, b"k"), alive);
        assert_eq!(store_with(until(1000)).contains(now_ms, b"k"), alive);
        assert_eq!(store_with(until(1000)).remove(now_ms, b"k"), alive);
        assert_eq!(store_with(until(1000)).expire_some(now_ms, 9), usize::from(!alive));
        let ttl = if alive { Ttl::Left(1000 - now_ms) } else { Ttl::Missing };
        assert_eq!(store_with(until(1000)).ttl(now_ms, b"k"), ttl);
        let absent = SetRule { condition: Condition::Absent, ..NEVER };
        assert_eq!(store_with(until(1000)).set(now_ms, (&b"k"[..], &b"w"[..]), absent), !alive);
        let present = SetRule { condition: Condition::Present, ..NEVER };
        assert_eq!(store_with(until(1000)).set(now_ms, (&b"k"[..], &b"w"[..]), present), alive);
    }
}

#[test]
fn touching_a_dead_key_removes_it() {
    let mut store = store_with(until(1000));
    assert_eq!((store.len(), store.stats().expires), (1, 1));
    assert_eq!(store.value(1001, b"k"), Ok(None));
    let stats = store.stats();
    assert_eq!((stats.keys, stats.expires, stats.expired_total), (0, 0, 1));
}

#[test]
fn a_dead_key_leaves_nothing_to_its_successor() {
    let keep = SetRule { expiry: Expiry::Keep, ..NEVER };
    let mut store = store_with(until(1000));
    assert!(store.set(1000, (&b"k"[..], &b"w"[..]), keep));
    assert_eq!(store.ttl(1000, b"k"), Ttl::Left(0));
    assert!(store.set(1001, (&b"k"[..], &b"w"[..]), keep));
    assert_eq!(store.ttl(1001, b"k"), Ttl::Persistent);
    let mut store = store_with(until(1000));
    assert_eq!(store.incr_by(1001, b"k", 5), Ok(5), "the dead value was no integer");
    assert_eq!(store.ttl(1001, b"k"), Ttl::Persistent);
}

#[test]
fn a_write_takes_the_deadline_away_and_a_counter_keeps_it() {
    let mut store = store_with(until(1000));
    store.set(0, (&b"k"[..], &b"1"[..]), NEVER);
    assert_eq!(store.ttl(0, b"k"), Ttl::Persistent);
    assert!(store.expire(0, b"k", 500, DeadlineCondition::ALWAYS));
    assert_eq!(store.incr_by(0, b"k", 1), Ok(2));
    assert_eq!(store.ttl(0, b"k"), Ttl::Left(500));
}

#[test]
fn a_deadline_that_was_reached_removes() {
    for at_ms in [i64::MIN, -1, 0, 99, 100] {
        let mut store = store_with(NEVER);
        assert!(store.expire(100, b"k", at_ms, DeadlineCondition::ALWAYS));
        assert_eq!(store.len(), 0);
        assert!(!store.expire(100, b"k", at_ms, DeadlineCondition::ALWAYS), "nothing is left");
    }
    let mut store = store_with(NEVER);
    assert!(store.expire(100, b"k", i64::MAX, DeadlineCondition::ALWAYS));
    assert_eq!(store.ttl(100, b"k"), Ttl::Left(i64::MAX as u64 - 100));
}

#[test]
fn conditions_on_the_deadline() {
    use Condition::{Absent, Always, Present};
    use Order::{Any, Earlier, Later};
    // Per condition: set on a key without deadline; and to 1 earlier, the same, 1 later.
    let table = [
        (Always, Any, true, [true, true, true]),
        (Absent, Any, true, [false, false, false]),
        (Present, Any, false, [true, true, true]),
        (Always, Later, false, [false, false, true]),
        (Always, Earlier, true, [true, false, false]),
        (Present, Later, false, [false, false, true]),
        (Present, Earlier, false, [true, false, false]),
    ];
    for (existing, order, persistent, mortal) in table {
        let condition = DeadlineCondition { existing, order };
        assert_eq!(store_with(NEVER).expire(0, b"k", 1000, condition), persistent);
        for (at_ms, set) in [999_u64, 1000, 1001].into_iter().zip(mortal) {
            let mut store = store_with(until(1000));
            assert_eq!(store.expire(0, b"k", at_ms as i64, condition), set, "{condition:?}");
            assert_eq!(store.ttl(0, b"k"), Ttl::Left(if set { at_ms } else { 1000 }));
        }
    }
}

#[test]
fn collecting_is_bounded_and_soonest_first() {
    let mut store = Store::new(1, Place::ALONE);
    for number in 0..100_u64 {
        // Ten share each deadline.
        let rule = until(1000 + number / 10);
        store.set(0, (&number.to_le_bytes()[..], &b"v"[..]), rule);
    }
    store.set(0, (&b"immortal"[..], &b"v"[..]), NEVER);
    assert_eq!(store.expire_some(1000, 100), 0);
    assert_eq!(store.expire_some(1001, 100), 10);
    assert_eq!(store.expire_some(1005, 15), 15);
    // Those that died at 1001 are gone, and half of those of 1002.
    let left = (10..20_u64).filter(|number| store.contains(0, &number.to_le_bytes())).count();
    assert_eq!(left, 0);
    let left = (20..30_u64).filter(|number| store.contains(0, &number.to_le_bytes())).count();
    assert_eq!(left, 5);
    assert_eq!(store.expire_some(1005, 0), 0);
    assert_eq!(store.expire_some(5000, 1000), 75);
    assert_eq!((store.len(), store.stats().expired_total), (1, 100));
}
