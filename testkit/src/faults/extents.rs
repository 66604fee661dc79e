//! How far faults go, where they are more than a matter of yes and no.

use std::time::Duration;

use super::Faults;

impl Faults {
    /// How far a wall clock is off at most. Default 1 s.
    pub const fn clock_skew_max(mut self, time: Duration) -> Self {
        self.times.clock_skew_max = time.as_nanos() as u64;
        self
    }

    /// How much too fast or too slow clocks go at most, in parts of a million. Default 500, the
    /// most that Linux corrects by itself (`adjtimex(2)`).
    ///
    /// # Panics
    ///
    /// At 0, and at half a million and more.
    pub const fn clock_drift_max(mut self, parts: u32) -> Self {
        assert!(parts > 0 && parts < 500_000, "a drift is a small part of a million");
        self.times.clock_drift_max = parts;
        self
    }

    /// How far a wall clock jumps at most. Default 10 s.
    pub const fn clock_step_max(mut self, time: Duration) -> Self {
        self.times.clock_step_max = time.as_nanos() as u64;
        self
    }

    /// How much too late a timer is at most. Default 1 s.
    pub const fn late_timer_max(mut self, time: Duration) -> Self {
        self.times.late_timer_max = time.as_nanos() as u64;
        self
    }

    /// How long after a host has moved look-ups may give its address before. Default 30 s.
    pub const fn name_lag_max(mut self, time: Duration) -> Self {
        self.times.name_lag_max = time.as_nanos() as u64;
        self
    }

    /// How many times as long as others a slow shard takes for a round at most. Default 100.
    ///
    /// # Panics
    ///
    /// Below 2.
    pub const fn slow_factor_max(mut self, factor: u32) -> Self {
        assert!(factor >= 2, "a slow shard takes longer");
        self.times.slow_factor_max = factor;
        self
    }

    /// How many nodes' disks are damaged at most by what is drawn: by bit rot, latent errors, reads
    /// and writes that go astray, and a return with an empty disk. Those that the test damages or
    /// wipes itself count. On the other nodes every copy is good. Default 1.
    pub const fn disks_bad_max(mut self, nodes: u16) -> Self {
        self.times.disks_bad_max = nodes;
        self
    }
}
