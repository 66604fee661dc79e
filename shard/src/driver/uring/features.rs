//! What the kernel's io_uring can do, and what is done without.

use std::io;

use io_uring::{IoUring, Probe, opcode};

use super::ring::Ring;
use crate::driver::{FoundFeature, RingLimits};
use crate::kernel;

/// Something that not every kernel has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Feature {
    /// A timeout as an argument of the call that waits.
    ExtArg,
    /// A message from one ring to another.
    MsgRing,
    /// No interrupt for a completion.
    CoopTaskrun,
    /// One accept for all connections of a listener.
    MultishotAccept,
    /// Buffers that the kernel takes when bytes arrive.
    BufferRings,
    /// One thread is known to enter the ring.
    SingleIssuer,
    /// One receive for all bytes of a stream.
    MultishotReceive,
    /// A send that copies nothing.
    SendZc,
    /// Completions are made when the thread asks for them.
    DeferTaskrun,
    /// A file's length is set in the ring.
    Truncate,
}

impl Feature {
    /// All of them, the oldest first.
    const ALL: [Self; 10] = [
        Self::ExtArg,
        Self::MsgRing,
        Self::CoopTaskrun,
        Self::MultishotAccept,
        Self::BufferRings,
        Self::SingleIssuer,
        Self::MultishotReceive,
        Self::SendZc,
        Self::DeferTaskrun,
        Self::Truncate,
    ];

    /// Its name, the kernel that brings it, and what is done without it.
    const fn facts(self) -> (&'static str, (u32, u32), &'static str) {
        match self {
            Self::ExtArg => ("EXT_ARG", (5, 11), "a sleep takes one more system call"),
            Self::MsgRing => (
                "MSG_RING",
                (5, 18),
                "a wake-up from shard to shard takes a detour over an eventfd",
            ),
            Self::CoopTaskrun => ("COOP_TASKRUN", (5, 19), "each completion costs an interrupt"),
            Self::MultishotAccept => ("multishot accept", (5, 19), "each accept is asked for"),
            Self::BufferRings => ("buffer rings", (5, 19), "each receive holds a buffer"),
            Self::SingleIssuer => ("SINGLE_ISSUER", (6, 0), "the ring takes a lock"),
            Self::MultishotReceive => ("multishot receive", (6, 0), "each receive is asked for"),
            Self::SendZc => ("SEND_ZC", (6, 0), "sends copy, also where a system asks for none"),
            Self::DeferTaskrun => ("DEFER_TASKRUN", (6, 1), "COOP_TASKRUN, where there is that"),
            Self::Truncate => ("FTRUNCATE", (6, 9), "a thread of the pool sets lengths"),
        }
    }

    const fn bit(self) -> u32 {
        1 << self as u32
    }
}

/// The first kernel whose multishot accept loses connections, and the first that does not any more.
const LOSES_ACCEPTS: (u32, u32) = (6, 3);
const KEEPS_ACCEPTS: (u32, u32) = (6, 8);

/// A set of features.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Features(pub(super) u32);

impl Features {
    pub(super) const NONE: Self = Self(0);

    pub(super) const fn has(self, feature: Feature) -> bool {
        self.0 & feature.bit() != 0
    }

    pub(super) const fn with(self, feature: Feature, there: bool) -> Self {
        Self(if there { self.0 | feature.bit() } else { self.0 & !feature.bit() })
    }

    pub(super) const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Those among them that the kernel of that version can be trusted with.
    ///
    /// A multishot accept whose completion finds no room gives a number that is no descriptor, and
    /// the connection is lost, where completions are deferred: liburing #1062, seen with 6.6 to
    /// 6.8-rc3, and not with 6.2.
    pub(super) fn sound(self, kernel: Option<(u32, u32)>) -> Self {
        let loses_accepts = kernel.is_some_and(|it| (LOSES_ACCEPTS..KEEPS_ACCEPTS).contains(&it));
        let deferred = self.has(Feature::DeferTaskrun);
        let accepts = self.has(Feature::MultishotAccept) && !(deferred && loses_accepts);
        self.with(Feature::MultishotAccept, accepts)
    }

    /// What is known of a ring beside the flags it was made with.
    ///
    /// The kernel can be asked which operations it knows, not which flags of theirs: a flag counts
    /// as there where an operation is that came with the same kernel.
    pub(super) fn of(ring: &IoUring) -> Self {
        let mut probe = Probe::new();
        let probed = ring.submitter().register_probe(&mut probe).is_ok();
        let knows = |code| probed && probe.is_supported(code);
        let (in_5_19, in_6_0) = (knows(opcode::Socket::CODE), knows(opcode::SendZc::CODE));
        Self::NONE
            .with(Feature::ExtArg, ring.params().is_feature_ext_arg())
            .with(Feature::MsgRing, knows(opcode::MsgRingData::CODE))
            .with(Feature::MultishotAccept, in_5_19)
            .with(Feature::BufferRings, in_5_19)
            .with(Feature::MultishotReceive, in_6_0)
            .with(Feature::SendZc, in_6_0)
            .with(Feature::Truncate, knows(opcode::Ftruncate::CODE))
    }
}

/// What this kernel has, as a ring made for it tells.
///
/// # Errors
///
/// When no ring can be made.
pub(crate) fn look_for_features() -> io::Result<Vec<FoundFeature>> {
    let features = Ring::new(RingLimits::default())?.features();
    Ok(Feature::ALL.iter().map(|&feature| found(feature, features, kernel::version())).collect())
}

/// Whether it is among those that are used with the kernel of that version.
fn found(feature: Feature, used: Features, version: Option<(u32, u32)>) -> FoundFeature {
    let (name, mut kernel, without) = feature.facts();
    let found = used.has(feature);
    // It is there, and not to be trusted.
    if feature == Feature::MultishotAccept && !found && version >= Some(LOSES_ACCEPTS) {
        kernel = KEEPS_ACCEPTS;
    }
    FoundFeature { name, kernel, found, without }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_multishot_accept_that_loses_connections_is_not_used() {
        let all = Feature::ALL.iter().fold(Features::NONE, |all, &it| all.with(it, true));
        let alone = all.with(Feature::MultishotAccept, false);
        for (version, used) in [
            (None, all),
            (Some((5, 19)), all),
            (Some((6, 2)), all),
            (Some((6, 3)), alone),
            (Some((6, 7)), alone),
            (Some((6, 8)), all),
            (Some((7, 3)), all),
        ] {
            assert_eq!(all.sound(version), used, "{version:?}");
            let interrupted = all.with(Feature::DeferTaskrun, false);
            assert_eq!(interrupted.sound(version), interrupted, "{version:?}");
        }
        let told = found(Feature::MultishotAccept, alone, Some((6, 6)));
        assert_eq!((told.found, told.kernel), (false, KEEPS_ACCEPTS));
        let told = found(Feature::MultishotAccept, alone, Some((5, 15)));
        assert_eq!((told.found, told.kernel), (false, (5, 19)));
        assert!(found(Feature::MultishotAccept, all, Some((6, 12))).found);
    }
}
