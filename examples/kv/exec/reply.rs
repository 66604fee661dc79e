//! An answer on its way back.

use crate::bytes::SmallBytes;
use crate::command::TtlUnit;
use crate::resp::Writer;
use crate::store::{Refusal, Stats, Ttl};

/// What a shard answers to a [`super::Request`]. At most 32 bytes, which is what a reply slot
/// holds without a box.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reply {
    /// Done.
    Ok,
    /// A count, or a number.
    Integer(i64),
    /// A value, or none; none also says that a `SET` was not allowed.
    Value(Option<SmallBytes>),
    /// Values in the order of the keys.
    Values(Box<[Option<SmallBytes>]>),
    /// The members of each set, in the order of the keys.
    Sets(Box<[Box<[SmallBytes]>]>),
    /// Keys.
    Keys(Box<[SmallBytes]>),
    /// One of that many keys, and a random number.
    RandomKey(Box<(u64, u64, Option<SmallBytes>)>),
    /// The reply as the client gets it.
    Encoded(SmallBytes),
    /// Nothing was changed.
    Refused(Refusal),
    /// What the shard says about itself.
    Stats(Box<Stats>),
}

const _: () = assert!(size_of::<Reply>() <= 32);
const _: () = {
    const fn crosses_shards<T: Send + 'static>() {}
    crosses_shards::<Reply>();
};

impl Reply {
    /// About how many bytes it brings to the client.
    pub(crate) fn len(&self) -> usize {
        let sum = |values: &[SmallBytes]| values.iter().map(|value| value.len() + 16).sum();
        match self {
            Self::Value(value) => value.as_deref().map_or(0, <[u8]>::len),
            Self::Values(values) => {
                values.iter().map(|value| value.as_deref().map_or(0, <[u8]>::len) + 16).sum()
            }
            Self::Sets(sets) => sets.iter().map(|set| sum(set)).sum::<usize>(),
            Self::Keys(keys) => sum(keys),
            Self::Encoded(bytes) => bytes.len(),
            Self::Ok
            | Self::Integer(_)
            | Self::RandomKey(_)
            | Self::Refused(_)
            | Self::Stats(_) => 0,
        }
    }

    /// Appends the reply to the command of one shard.
    ///
    /// # Panics
    ///
    /// If it is only a part, which [`crate::route::Gather`] puts together with others.
    pub(crate) fn encode(&self, out: &mut Writer) {
        match self {
            Self::Ok => out.ok(),
            Self::Integer(number) => out.integer(*number),
            Self::Value(value) => out.bulk_or_null(value.as_deref()),
            Self::Values(values) => {
                out.array(values.len());
                values.iter().for_each(|value| out.bulk_or_null(value.as_deref()));
            }
            Self::Encoded(reply) => out.raw(reply),
            Self::Refused(refusal) => refusal.encode(out),
            Self::Sets(_) | Self::Keys(_) | Self::RandomKey(_) | Self::Stats(_) => {
                panic!("{self:?} is a part of a reply")
            }
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
