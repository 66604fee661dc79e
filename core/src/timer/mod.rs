//! Timers: an exact wheel for what actors ask for, a coarse one that bounds calls.

mod coarse;
mod delivery;
mod sleep;
mod wheel;

pub(crate) use coarse::CoarseWheel;
pub use delivery::{IntervalTimer, Timer};
pub(crate) use delivery::{send_after, send_interval};
pub use sleep::{Elapsed, Sleep, Timeout, sleep, sleep_until, timeout};
pub(crate) use wheel::{Fire, TimerId, Wheel};
