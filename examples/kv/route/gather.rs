//! Making one reply out of several shards'.

use crate::command::InfoSections;
use crate::exec::{Reply, SmallBytes};
use crate::facts::Facts;
use crate::info;
use crate::resp::encode;
use crate::store::Stats;

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
    Info {
        sections: InfoSections,
        stats: Stats,
    },
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
            (sum, reply) => panic!("shard {shard} answered {reply:?} to {sum:?}"),
        }
    }

    /// Appends the reply to the command, once every part has been added.
    ///
    /// # Panics
    ///
    /// If values are missing.
    pub(crate) fn finish(self, facts: &Facts, now_ms: u64, out: &mut Vec<u8>) {
        match self.0 {
            Sum::Done => encode::ok(out),
            Sum::Count(count) => encode::integer(out, count),
            Sum::Values { owners, values } => {
                encode::array(out, owners.len());
                let mut values: Vec<_> = values.iter().map(|part| part.iter()).collect();
                for owner in owners {
                    let value = values[usize::from(owner)].next();
                    let value = value.expect("a shard answers for each of its keys");
                    encode::bulk_or_null(out, value.as_deref());
                }
            }
            Sum::Info { sections, stats } => {
                encode::bulk(out, info::render(sections, facts, &stats, now_ms).as_bytes());
            }
        }
    }
}
