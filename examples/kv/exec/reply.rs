//! An answer on its way back.

use super::SmallBytes;
use crate::command::TtlUnit;
use crate::resp::encode;
use crate::store::{IncrError, Stats, Ttl};

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
    /// Nothing was changed.
    Refused(IncrError),
    /// What the shard says about itself.
    Stats(Box<Stats>),
}

const _: () = assert!(size_of::<Reply>() <= 32);
const _: () = {
    const fn crosses_shards<T: Send + 'static>() {}
    crosses_shards::<Reply>();
};

impl Reply {
    /// Appends the reply to the command of one shard.
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Ok => encode::ok(out),
            Self::Integer(number) => encode::integer(out, *number),
            Self::Value(value) => encode::bulk_or_null(out, value.as_deref()),
            Self::Values(values) => {
                encode::array(out, values.len());
                values.iter().for_each(|value| encode::bulk_or_null(out, value.as_deref()));
            }
            Self::Refused(error) => refused(out, *error),
            Self::Stats(stats) => encode::integer(out, stats.keys as i64),
        }
    }
}

/// The error reply to a counter that was not changed.
pub(super) fn refused(out: &mut Vec<u8>, error: IncrError) {
    match error {
        IncrError::NotInteger => {
            encode::error(out, &[b"ERR value is not an integer or out of range"]);
        }
        IncrError::Overflow => {
            encode::error(out, &[b"ERR increment or decrement would overflow"]);
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
