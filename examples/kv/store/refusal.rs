//! Why a store did not do what it was asked.

use crate::resp::Writer;

/// Nothing was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The key holds a value of another type.
    WrongType,
    /// The value is not the canonical text of an `i64`.
    NotInteger,
    /// The result does not fit an `i64`.
    Overflow,
}

impl Refusal {
    /// Appends the error reply, in Redis's words.
    pub(crate) fn encode(self, out: &mut Writer) {
        out.error(&[match self {
            Self::WrongType => b"WRONGTYPE Operation against a key holding the wrong kind of value",
            Self::NotInteger => &b"ERR value is not an integer or out of range"[..],
            Self::Overflow => b"ERR increment or decrement would overflow",
        }]);
    }
}
