//! How often things go wrong.

use std::time::Duration;

use super::Fault;

/// Rates of faults, for [`crate::Builder::faults`]. Nothing goes wrong unless it is asked for.
///
/// # Examples
///
/// ```
/// use greenroom_testkit::{Faults, TestRuntime};
///
/// let faults = Faults::none().partition_probability(0.01).delay_probability(0.1);
/// let sim = TestRuntime::builder().nodes(3).faults(faults).build();
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[must_use = "rates do nothing until a builder has them"]
pub struct Faults {
    /// In parts of a million, by fault.
    rates: [u32; Fault::LIMIT],
    pub(crate) times: Times,
}

/// How far faults go; times are in nanoseconds of virtual time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Times {
    pub(crate) delay_typical: u64,
    pub(crate) partition_max: u64,
    pub(crate) clog_max: u64,
    pub(crate) disk_stall_max: u64,
    pub(crate) shard_stall_max: u64,
    pub(crate) down_max: u64,
    pub(crate) starvation_max: u64,
    /// Nodes that are down at the same time at most.
    pub(crate) nodes_down_max: u16,
    pub(crate) clock_skew_max: u64,
    /// In parts of a million.
    pub(crate) clock_drift_max: u32,
    pub(crate) clock_step_max: u64,
    pub(crate) late_timer_max: u64,
    pub(crate) name_lag_max: u64,
    /// How many times as long as others a slow shard takes at most.
    pub(crate) slow_factor_max: u32,
    /// Nodes whose disks are damaged at most.
    pub(crate) disks_bad_max: u16,
}

/// What a probability of 1 is.
pub(crate) const MILLION: u64 = 1_000_000;

/// One setter for each fault that has a probability.
macro_rules! probabilities {
    ($($(#[$doc:meta])+ $name:ident = $fault:ident;)+) => {
        impl Faults {
            $(
                $(#[$doc])+
                ///
                /// # Panics
                ///
                /// When `probability` is not from 0 to 1.
                pub fn $name(mut self, probability: f64) -> Self {
                    self.rates[Fault::$fault as usize] = parts(probability);
                    self
                }
            )+
        }
    };
}

probabilities! {
    /// How likely a segment between two nodes takes an extra time, which has a heavy tail.
    delay_probability = Delay;
    /// How likely, with each segment between two nodes, they lose sight of each other.
    partition_probability = Partition;
    /// How likely, with each segment between two nodes, what goes that way no longer arrives,
    /// while the other way is free.
    one_way_partition_probability = OneWayPartition;
    /// How likely, with each segment it sends to another node, a node loses sight of all others.
    isolation_probability = Isolation;
    /// How likely, with each segment between two nodes, nothing moves that way for a while.
    clog_probability = Clog;
    /// How likely what a send takes is lost, and the connection reset on both sides.
    reset_probability = Reset;
    /// How likely a clean close resets the peer, as if bytes had been unread.
    reset_on_close_probability = ResetOnClose;
    /// How likely, with each segment, a connection stays half-open: nothing arrives on either side,
    /// and neither is told.
    half_open_probability = HalfOpen;
    /// How likely a connect is refused although somebody listens.
    refusal_probability = Refusal;
    /// How likely a sync fails and drops what it should have made durable. Reads go on to see it
    /// until the power fails, and a later sync succeeds without it.
    sync_error_probability = SyncError;
    /// How likely a read of a file fails.
    read_error_probability = ReadError;
    /// How likely a write to a file fails, with a part of it done.
    write_error_probability = WriteError;
    /// How likely there is no room for a write that makes a file longer, or for an allocation.
    no_space_probability = NoSpace;
    /// How likely, with each operation, a node's whole disk stands still for a while.
    disk_stall_probability = DiskStall;
    /// How likely a change that was not synced is lost with the power. One in two unless set.
    lost_write_probability = LostWrite;
    /// How likely a change of a directory that was not synced is lost with the power, and with it
    /// later changes of that directory. One in two unless set.
    lost_entry_probability = LostEntry;
    /// How likely a write that was not synced, and was not lost, is torn by the loss of power.
    torn_write_probability = TornWrite;
    /// How likely, after each round, a shard stands still for a while.
    shard_stall_probability = ShardStall;
    /// How likely, with each operation on a socket or file, a node that was booted loses its power
    /// before or after the operation has its effect.
    power_loss_probability = PowerLoss;
    /// How likely, with each operation on a socket or file, the process of a node that was booted
    /// is killed before or after the operation has its effect.
    process_kill_probability = ProcessKill;
    /// How likely a datagram is lost.
    datagram_loss_probability = DatagramLoss;
    /// How likely a datagram arrives a second time, after an extra delay.
    datagram_duplication_probability = DatagramDuplication;
    /// How likely a datagram takes an extra time in which later ones overtake it. Without this they
    /// arrive in order.
    datagram_reordering_probability = DatagramReordering;
    /// How likely a datagram that arrives finds its socket's buffer full. One that is full drops
    /// what comes at any rate; this counts as the same.
    datagram_overflow_probability = DatagramOverflow;
    /// How likely a node's wall clock is off, for the whole run.
    clock_skew_probability = ClockSkew;
    /// How likely a node's clocks, the monotonic one too, go too fast or too slow, for the whole
    /// run.
    clock_drift_probability = ClockDrift;
    /// How likely a node's wall clock jumps, forward or back, before it is read.
    clock_step_probability = ClockStep;
    /// How likely a shard that waits for a timer is woken much too late. What becomes due meanwhile
    /// waits with it.
    late_timer_probability = LateTimer;
    /// How likely a bit that is read from a file has flipped since it was synced, for good.
    bit_rot_probability = BitRot;
    /// How likely a sector that is read can no longer be read until it is written again.
    latent_error_probability = LatentError;
    /// How likely a read gives what is elsewhere on the disk.
    misdirected_read_probability = MisdirectedRead;
    /// How likely a write that succeeds goes elsewhere on the disk.
    misdirected_write_probability = MisdirectedWrite;
    /// How likely a write that succeeds has no effect.
    phantom_write_probability = PhantomWrite;
    /// How likely, for the whole run, a shard is slow.
    slow_shard_probability = SlowShard;
    /// How likely a connect finds the queue of the listener full.
    backlog_full_probability = BacklogFull;
    /// How likely a segment between two nodes arrives with a bit flipped that no checksum notices.
    corruption_probability = Corruption;
    /// How likely a look-up of a host that has moved lately gives the address before.
    stale_name_probability = StaleName;
    /// How likely, with each segment between two nodes, links are clogged one after another, and
    /// freed one after another in another order.
    swizzle_clog_probability = SwizzleClog;
    /// How likely, with each segment between two nodes, only one node sees both halves of the
    /// others. Needs three nodes.
    bridge_probability = Bridge;
    /// How likely, with each segment between two nodes, the nodes fall into two groups.
    split_probability = Split;
    /// How likely an accept, a connect or an open finds no descriptor left.
    no_descriptors_probability = NoDescriptors;
    /// How likely a node comes back from a drawn crash with an empty disk.
    wiped_disk_probability = WipedDisk;
    /// How likely an actor that is spawned has a mailbox for at most four messages, unless it has
    /// one without a bound. What its settings say of one that is full holds.
    small_mailbox_probability = SmallMailbox;
    /// How likely, with each choice among tasks of a shard that are ready, the chosen one is passed over
    /// for a while, as long as another is ready.
    starvation_probability = Starvation;
}

impl Faults {
    /// No faults.
    pub const fn none() -> Self {
        let times = Times {
            delay_typical: 10_000_000,
            partition_max: 10_000_000_000,
            clog_max: 1_000_000_000,
            disk_stall_max: 1_000_000_000,
            shard_stall_max: 1_000_000_000,
            down_max: 10_000_000_000,
            starvation_max: 10_000_000,
            nodes_down_max: 1,
            clock_skew_max: 1_000_000_000,
            clock_drift_max: 500,
            clock_step_max: 10_000_000_000,
            late_timer_max: 1_000_000_000,
            name_lag_max: 30_000_000_000,
            slow_factor_max: 100,
            disks_bad_max: 1,
        };
        Self { rates: [0; Fault::LIMIT], times }
    }

    /// What is typical for an extra delay; one in k is longer than k times that. Default 10 ms.
    pub const fn delay_typical(mut self, time: Duration) -> Self {
        self.times.delay_typical = time.as_nanos() as u64;
        self
    }

    /// How long a partition or isolation that was drawn lasts at most. Default 10 s.
    pub const fn partition_time_max(mut self, time: Duration) -> Self {
        self.times.partition_max = time.as_nanos() as u64;
        self
    }

    /// How long a link is clogged at most. Default 1 s.
    pub const fn clog_time_max(mut self, time: Duration) -> Self {
        self.times.clog_max = time.as_nanos() as u64;
        self
    }

    /// How long a disk stands still at most. Default 1 s.
    pub const fn disk_stall_time_max(mut self, time: Duration) -> Self {
        self.times.disk_stall_max = time.as_nanos() as u64;
        self
    }

    /// How long a shard stands still at most. Default 1 s.
    pub const fn shard_stall_time_max(mut self, time: Duration) -> Self {
        self.times.shard_stall_max = time.as_nanos() as u64;
        self
    }

    /// How long a task is passed over at most. Default 10 ms.
    pub const fn starvation_time_max(mut self, time: Duration) -> Self {
        self.times.starvation_max = time.as_nanos() as u64;
        self
    }

    /// How long a node is down at most after a crash that was drawn. Default 10 s.
    pub const fn down_time_max(mut self, time: Duration) -> Self {
        self.times.down_max = time.as_nanos() as u64;
        self
    }

    /// How many nodes are down at the same time at most because of drawn crashes. Default 1.
    pub const fn nodes_down_max(mut self, nodes: u16) -> Self {
        self.times.nodes_down_max = nodes;
        self
    }

    /// The same, without one of them.
    pub(crate) const fn without(mut self, fault: Fault) -> Self {
        self.rates[fault as usize] = 0;
        self
    }

    /// The faults that have a probability.
    pub fn enabled(&self) -> impl Iterator<Item = Fault> {
        Fault::ALL.into_iter().filter(|&fault| self.rate(fault) > 0)
    }

    /// In parts of a million.
    #[inline]
    pub(crate) const fn rate(&self, fault: Fault) -> u32 {
        self.rates[fault as usize]
    }
}

impl Default for Faults {
    fn default() -> Self {
        Self::none()
    }
}

/// A probability in parts of a million; none that is more than 0 becomes 0.
pub(crate) fn parts(probability: f64) -> u32 {
    assert!((0.0..=1.0).contains(&probability), "{probability} is no probability");
    (probability * MILLION as f64).ceil() as u32
}
