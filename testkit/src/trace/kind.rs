//! The kinds of events.

/// What kind of event a record is. The numbers are part of the trace hash and never change
/// meaning.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u16)]
#[non_exhaustive]
pub enum Kind {
    /// A shard ran a round.
    Turn = 1,
    /// A packet entered a ring.
    Pushed = 2,
    /// Packets of a ring came in sight of its consumer.
    Visible = 3,
    /// A packet was handed to its shard.
    Delivered = 4,
    /// A doorbell was rung.
    BellRung = 5,
    /// A doorbell reached its shard.
    BellHeard = 6,
    /// A shard was woken, by a timer, a completion, or from outside.
    Woken = 7,
    /// A shard announced that it is going to sleep.
    Announced = 8,
    /// A shard parked.
    Parked = 9,
    /// Time moved on because nothing could run: only in traces of older versions. Each event says
    /// when it is.
    TimeAdvanced = 10,
    /// A completion reached its shard.
    Completion = 11,
    /// Something reached a shard from outside.
    Injected = 12,
    /// Something happened on the network.
    Net = 13,
    /// A file operation had its effect.
    Disk = 14,
    /// A blocking job ran.
    Job = 15,
    /// A producer found a ring full.
    RingFull = 16,
    /// A fault had an effect; the actor is the number of the [`crate::Fault`].
    Fault = 17,
    /// A `maybe!` fired; the actor is a hash of its site's name.
    Maybe = 18,
    /// A task was polled.
    Polled = 32,
    /// A task came to be.
    Spawned = 33,
    /// A message was queued.
    Queued = 34,
    /// A message was refused for want of room.
    Refused = 35,
    /// An accepted message will not be handled.
    Undelivered = 36,
    /// A call was answered.
    Replied = 37,
    /// A call's deadline passed.
    CallExpired = 38,
    /// Timers fired.
    TimersFired = 39,
    /// An operation was submitted.
    Submitted = 40,
    /// An operation completed.
    Completed = 41,
    /// An actor ended.
    Exited = 42,
    /// Actors that wait for room in a circle were found.
    CycleFound = 43,
    /// An event of core that this version of the testkit does not know.
    Other = 63,
}

impl Kind {
    /// Whether it is what leads to that which is entered right behind it, to happen later.
    #[inline]
    pub(super) const fn leads_on(self) -> bool {
        matches!(
            self,
            Self::BellRung | Self::Net | Self::Disk | Self::Job | Self::Fault | Self::Submitted
        )
    }
}
