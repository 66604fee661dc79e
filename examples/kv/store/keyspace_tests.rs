//! The store against a model, under a good hash function and under the worst one.

use std::collections::BTreeMap;

use super::*;
use crate::store::{Condition, DeadlineCondition, Expiry, Place, SetRule, Ttl};
use crate::tests::Rng;

/// Sends every key to the same place.
#[derive(Debug, Default)]
struct Worst;

impl Hasher for Worst {
    fn finish(&self) -> u64 {
        7
    }

    fn write(&mut self, _: &[u8]) {}
}

type WorstState = std::hash::BuildHasherDefault<Worst>;

/// What the store should hold: value and deadline.
type Model = BTreeMap<Vec<u8>, (Vec<u8>, Option<u64>)>;

#[test]
fn values_come_back() {
    let mut store = Store::new(1, Place::ALONE);
    assert_eq!(store.value(0, b"k"), Ok(None));
    assert!(store.set(0, (&b"k"[..], &b"one"[..]), SetRule::PLAIN));
    assert_eq!(store.value(0, b"k"), Ok(Some(&b"one"[..])));
    assert!(store.set(0, Record::new(b"k", b"second"), SetRule::PLAIN));
    assert_eq!(store.value(0, b"k"), Ok(Some(&b"second"[..])));
    assert!(store.set(0, (&b""[..], &b""[..]), SetRule::PLAIN));
    assert_eq!(store.value(0, b""), Ok(Some(&b""[..])));
    assert_eq!(store.len(), 2);
    assert!(store.remove(0, b"k"));
    assert!(!store.remove(0, b"k"));
    assert!(store.contains(0, b"") && !store.contains(0, b"k"));
}

#[test]
fn used_bytes_follow_the_content() {
    let mut store = Store::new(1, Place::ALONE);
    assert_eq!(store.used_bytes(), 0);
    for number in 0..1000_u32 {
        store.set(0, (&number.to_le_bytes()[..], &[0_u8; 100][..]), SetRule::PLAIN);
    }
    let full = store.used_bytes();
    assert!(full >= 1000 * (4 + 100 + size_of::<Entry>()));
    store.set(0, (&0_u32.to_le_bytes()[..], &[0_u8; 50][..]), SetRule::PLAIN);
    assert_eq!(store.used_bytes(), full - 50);
    store.flush();
    assert_eq!((store.used_bytes(), store.len()), (0, 0));
}

#[test]
fn follows_the_model() {
    for seed in 0..20 {
        run_model(Store::new(seed, Place::ALONE), seed);
        run_model(
            Store::<WorstState>::with_hasher(WorstState::default(), seed, Place::ALONE),
            seed,
        );
    }
}

fn run_model<S: BuildHasher>(mut store: Store<S>, seed: u64) {
    let mut rng = Rng::new(seed);
    let mut model = Model::new();
    let mut now_ms = 1_000;
    for _ in 0..2_000 {
        now_ms += rng.below(3);
        model.retain(|_, (_, at_ms)| at_ms.is_none_or(|at_ms| now_ms <= at_ms));
        step(&mut store, &mut model, &mut rng, now_ms);
        store.check_books();
    }
    while store.expire_some(now_ms, 3) == 3 {}
    assert_eq!(store.len(), model.len(), "only the living are left");
    for (key, (value, at_ms)) in &model {
        assert_eq!(store.value(now_ms, key), Ok(Some(value.as_slice())));
        let ttl = at_ms.map_or(Ttl::Persistent, |at_ms| Ttl::Left(at_ms - now_ms));
        assert_eq!(store.ttl(now_ms, key), ttl);
    }
}

fn step<S: BuildHasher>(store: &mut Store<S>, model: &mut Model, rng: &mut Rng, now_ms: u64) {
    let key = format!("key:{}", rng.below(12)).into_bytes();
    let at_ms = now_ms + rng.below(40);
    match rng.below(8) {
        0 | 1 => {
            let value = vec![b'v'; rng.below(4) as usize];
            let condition = [Condition::Always, Condition::Absent, Condition::Present];
            let condition = condition[rng.below(3) as usize];
            let expiry = [
                Expiry::Keep,
                Expiry::Replace(Deadline::NEVER),
                Expiry::Replace(Deadline::at_ms(at_ms)),
            ][rng.below(3) as usize];
            let allowed = condition.allows(model.contains_key(&key));
            let rule = SetRule { condition, expiry };
            assert_eq!(store.set(now_ms, (&key[..], &value[..]), rule), allowed);
            if allowed {
                let deadline = match expiry {
                    Expiry::Keep => model.get(&key).and_then(|(_, at_ms)| *at_ms),
                    Expiry::Replace(deadline) => deadline.unix_ms(),
                };
                model.insert(key, (value, deadline));
            }
        }
        2 => assert_eq!(store.remove(now_ms, &key), model.remove(&key).is_some()),
        3 => {
            assert_eq!(store.value(now_ms, &key), Ok(model.get(&key).map(|(value, _)| &value[..])));
        }
        4 => assert_eq!(store.contains(now_ms, &key), model.contains_key(&key)),
        5 => {
            let set = store.expire(now_ms, &key, at_ms as i64, DeadlineCondition::ALWAYS);
            assert_eq!(set, model.contains_key(&key));
            if at_ms == now_ms {
                model.remove(&key);
            } else if let Some((_, deadline)) = model.get_mut(&key) {
                *deadline = Some(at_ms);
            }
        }
        6 => {
            let before = store.len();
            let removed = store.expire_some(now_ms, 2);
            assert!(removed <= 2);
            assert_eq!(store.len(), before - removed);
        }
        _ => {
            let expected = match model.get(&key) {
                None => Ttl::Missing,
                Some((_, None)) => Ttl::Persistent,
                Some((_, Some(at_ms))) => Ttl::Left(at_ms - now_ms),
            };
            assert_eq!(store.ttl(now_ms, &key), expected);
        }
    }
}

impl<S> Store<S> {
    /// Checks that the books agree with the table, and that no collection in it is empty.
    pub(crate) fn check_books(&self) {
        let used: usize = self.table.iter().map(|entry| entry.body.used_bytes()).sum();
        assert_eq!(self.ledger.value_bytes, used);
        let mortal = self.table.iter().filter(|entry| entry.deadline != Deadline::NEVER).count();
        assert_eq!(self.ledger.deadlines_len(), mortal);
        assert!(self.table.iter().all(|entry| !entry.body.is_empty_collection()));
    }
}
