//! The answer to a part of a command.

use crate::bytes::SmallBytes;
use crate::command::TtlUnit;
use crate::store::{Refusal, Stats, Ttl};

/// What a shard answers to a [`super::Request`], to be put together with the answers of others by
/// [`crate::route::Gather`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reply {
    /// Done.
    Ok,
    /// A count.
    Integer(i64),
    /// Values in the order of the keys.
    Values(Box<[Option<SmallBytes>]>),
    /// The members of each set, in the order of the keys.
    Sets(Box<[Box<[SmallBytes]>]>),
    /// Keys.
    Keys(Box<[SmallBytes]>),
    /// One of that many keys, and a random number.
    RandomKey(Box<(u64, u64, Option<SmallBytes>)>),
    /// Nothing was changed.
    Refused(Refusal),
    /// What the shard says about itself.
    Stats(Box<Stats>),
}

impl Reply {
    /// About how many bytes it brings to the client.
    pub(super) fn len(&self) -> usize {
        let sum = |values: &[SmallBytes]| values.iter().map(|value| value.len() + 16).sum();
        match self {
            Self::Values(values) => {
                values.iter().map(|value| value.as_deref().map_or(0, <[u8]>::len) + 16).sum()
            }
            Self::Sets(sets) => sets.iter().map(|set| sum(set)).sum::<usize>(),
            Self::Keys(keys) => sum(keys),
            Self::Ok
            | Self::Integer(_)
            | Self::RandomKey(_)
            | Self::Refused(_)
            | Self::Stats(_) => 0,
        }
    }
}

/// How `TTL` and `PTTL` say it.
pub(super) fn ttl_number(ttl: Ttl, unit: TtlUnit) -> i64 {
    match (ttl, unit) {
        (Ttl::Missing, _) => -2,
        (Ttl::Persistent, _) => -1,
        // A deadline fits an i64, because it was made from one.
        (Ttl::Left(ms), TtlUnit::Milliseconds) => ms as i64,
        (Ttl::Left(ms), TtlUnit::Seconds) => ((ms + 500) / 1000) as i64,
    }
}
