//! Making one reply out of several shards'.

use crate::bytes::SmallBytes;
use crate::command::{Combination, InfoSections};
use crate::exec::{Reply, combine};
use crate::facts::Facts;
use crate::info;
use crate::resp::Writer;
use crate::store::{Refusal, Stats};

/// The replies to one command's parts, as far as they have come.
#[derive(Debug)]
pub(crate) struct Gather(Sum);

#[derive(Debug)]
enum Sum {
    Done,
    Count(i64),
    Values {
        /// The owner of each key, in the order of the keys.
        owners: Box<[u16]>,
        /// Each shard's values, in the order of its keys.
        values: Vec<Box<[Option<SmallBytes>]>>,
    },
    Sets {
        combination: Combination,
        /// The owner of each key, in the order of the keys.
        owners: Box<[u16]>,
        /// Each shard's sets, in the order of its keys.
        sets: Vec<Box<[Box<[SmallBytes]>]>>,
    },
    Keys(Vec<SmallBytes>),
    /// How many keys there are, and one of them.
    RandomKey(u64, Option<SmallBytes>),
    Info {
        sections: InfoSections,
        stats: Stats,
    },
    Refused(Refusal),
}

impl Gather {
    /// All parts are done.
    pub(super) fn done() -> Self {
        Self(Sum::Done)
    }

    /// The parts' counts are added.
    pub(super) fn count() -> Self {
        Self(Sum::Count(0))
    }

    /// The parts' values are put back in the order of the keys, whose owners are `owners`.
    pub(super) fn values(owners: Box<[u16]>, shards: u16) -> Self {
        Self(Sum::Values { owners, values: vec![Box::default(); usize::from(shards)] })
    }

    /// The parts' sets, the owners of whose keys are `owners`, are put together.
    pub(super) fn sets(combination: Combination, owners: Box<[u16]>, shards: u16) -> Self {
        Self(Sum::Sets { combination, owners, sets: vec![Box::default(); usize::from(shards)] })
    }

    /// The parts' keys follow each other.
    pub(super) fn keys() -> Self {
        Self(Sum::Keys(Vec::new()))
    }

    /// One of the parts' keys is chosen.
    pub(super) fn random_key() -> Self {
        Self(Sum::RandomKey(0, None))
    }

    /// The parts' statistics are added and told.
    pub(super) fn info(sections: InfoSections) -> Self {
        Self(Sum::Info { sections, stats: Stats::default() })
    }

    /// Takes the reply of one shard.
    ///
    /// # Panics
    ///
    /// If it is not a reply to that shard's part.
    pub(crate) fn add(&mut self, shard: u16, reply: Reply) {
        match (&mut self.0, reply) {
            (Sum::Done, Reply::Ok) => {}
            (Sum::Count(count), Reply::Integer(part)) => *count += part,
            (Sum::Count(count), Reply::Stats(part)) => *count += part.keys as i64,
            (Sum::Values { values, .. }, Reply::Values(part)) => values[usize::from(shard)] = part,
            (Sum::Info { stats, .. }, Reply::Stats(part)) => *stats = stats.plus(&part),
            (Sum::Sets { sets, .. }, Reply::Sets(part)) => sets[usize::from(shard)] = part,
            (Sum::Keys(keys), Reply::Keys(part)) => keys.extend(part),
            (Sum::RandomKey(count, chosen), Reply::RandomKey(part)) => {
                let (part_count, draw, key) = *part;
                if key.is_some() {
                    *count += part_count;
                    // With that chance, each key of all is as likely as any other.
                    if chosen.is_none() || draw % *count < part_count {
                        *chosen = key;
                    }
                }
            }
            (Sum::Refused(_), _) => {}
            (sum, Reply::Refused(refusal)) => *sum = Sum::Refused(refusal),
            (sum, reply) => panic!("shard {shard} answered {reply:?} to {sum:?}"),
        }
    }

    /// Appends the reply to the command, once every part has been added.
    ///
    /// # Panics
    ///
    /// If values are missing.
    pub(crate) fn finish(&mut self, facts: &Facts, now_ms: u64, out: &mut Writer) {
        match std::mem::replace(&mut self.0, Sum::Done) {
            Sum::Done => out.ok(),
            Sum::Count(count) => out.integer(count),
            Sum::Values { owners, values } => {
                out.array(owners.len());
                let mut values: Vec<_> = values.iter().map(|part| part.iter()).collect();
                for owner in owners {
                    let value = values[usize::from(owner)].next();
                    let value = value.expect("a shard answers for each of its keys");
                    out.bulk_or_null(value.as_deref());
                }
            }
            Sum::Sets { combination, owners, sets } => {
                let mut sets: Vec<_> = sets.iter().map(|part| part.iter()).collect();
                let in_order = owners.iter().map(|owner| {
                    let set = sets[usize::from(*owner)].next();
                    set.expect("a shard answers for each of its keys")
                        .iter()
                        .map(|member| &**member)
                });
                let members = combine(combination, in_order);
                out.set(members.len());
                members.into_iter().for_each(|member| out.bulk(member));
            }
            Sum::Keys(keys) => {
                out.array(keys.len());
                keys.iter().for_each(|key| out.bulk(key));
            }
            Sum::RandomKey(_, key) => out.bulk_or_null(key.as_deref()),
            Sum::Info { sections, stats } => {
                out.verbatim(&info::render(sections, facts, &stats, now_ms));
            }
            Sum::Refused(refusal) => refusal.encode(out),
        }
    }
}
