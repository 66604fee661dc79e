//! What kind of world a seed is.
//!
//! A world in which everything may happen at its middling rate explores little: bugs want some
//! things often and others never. So each seed first draws the rates themselves (swarm testing;
//! Groce, Zhang, Eide, Chen and Regehr, 2012): one seed has rings of one slot and shards that
//! never spin, the next has deep rings and bells that take for ever.

use crate::draws::{Draws, SURE};
use crate::policy::{Policy, TaskOrder};

/// The parameters of one run. Times are in nanoseconds, chances out of 1024.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Swarm {
    /// Which shard runs next.
    pub(crate) policy: Policy,
    /// Which task of a shard is polled next.
    pub(crate) tasks: TaskOrder,
    /// Most tasks a turn polls, as an upper bound of a draw per turn.
    pub(crate) tasks_max: u32,
    /// How often the driver wants its thread back.
    pub(crate) preempt: u32,
    /// Slots of a ring for system packets.
    pub(crate) ring_system: u32,
    /// Slots of a ring for user messages.
    pub(crate) ring_user: u32,
    /// How often a poll of a ring misses packets that are there.
    pub(crate) lag: u32,
    /// How many polls in a row may miss the same packet.
    pub(crate) lag_max: u32,
    /// How often a producer misses room that is there.
    pub(crate) stale_room: u32,
    /// Longest way of a doorbell, and of whatever else wakes a shard.
    pub(crate) bell_delay: u64,
    /// How often a bell merges with one under way.
    pub(crate) bell_merge: u32,
    /// How often an idle shard spins before it parks.
    pub(crate) spin: u32,
    /// Longest spin.
    pub(crate) spin_time: u64,
    /// How often a parked shard wakes for no reason, and a task is polled for none.
    pub(crate) spurious: u32,
    /// How late timers are at most.
    pub(crate) late: u64,
    /// What a turn costs, from and to.
    pub(crate) turn_cost: (u64, u64),
    /// What is typical between two nodes, one way.
    pub(crate) latency_far: u64,
    /// What is typical within a node.
    pub(crate) latency_near: u64,
    /// How often a receive or send moves less than it could.
    pub(crate) short: u32,
    /// How often an operation on a socket has its effect, and is told of, as it is asked for.
    pub(crate) at_once: u32,
    /// What is typical for a file operation, a name look-up, and a blocking job.
    pub(crate) device: u64,
}

/// Few slots find what happens when a ring is full; many let senders run ahead.
const RING_DEPTHS: [u32; 8] = [1, 2, 3, 4, 16, 64, 512, RING_DEPTH_FULL];

/// Slots of a production ring at most.
pub(crate) const RING_DEPTH_FULL: u32 = 4096;

const MICRO: u64 = 1_000;

impl Swarm {
    pub(crate) fn draw(draws: &Draws) -> Self {
        let pick = |name, from: &[u64]| from[draws.parameter(name, from.len() as u64, 0) as usize];
        let chance = |name, from: &[u64]| pick(name, from) as u32;
        // A replay that knows no better has room.
        let depths = RING_DEPTHS.len() as u64;
        let depth = |name| RING_DEPTHS[draws.parameter(name, depths, depths - 1) as usize];
        Self {
            policy: Policy::draw(draws),
            tasks: TaskOrder::draw(draws),
            tasks_max: pick("tasks_max", &[1, 3, 16, 256, 256]) as u32,
            preempt: chance("preempt", &[0, 0, 64, 512]),
            ring_system: depth("ring_system"),
            ring_user: depth("ring_user"),
            lag: chance("lag", &[0, 64, 300, 700]),
            lag_max: 1,
            stale_room: chance("stale_room", &[0, 64, 400]),
            bell_delay: pick("bell_delay", &[0, 2 * MICRO, 50 * MICRO, 1_000 * MICRO]),
            bell_merge: chance("bell_merge", &[0, 512, u64::from(SURE)]),
            spin: chance("spin", &[0, 0, 512, u64::from(SURE)]),
            spin_time: pick("spin_time", &[MICRO, 50 * MICRO]),
            spurious: chance("spurious", &[0, 0, 16, 128]),
            late: pick("late", &[0, 10 * MICRO, 1_000 * MICRO]),
            turn_cost: (50, 500),
            latency_far: pick("latency_far", &[10 * MICRO, 100 * MICRO, 2_000 * MICRO]),
            latency_near: pick("latency_near", &[MICRO, 20 * MICRO]),
            short: chance("short", &[0, 100, 600]),
            at_once: chance("at_once", &[0, 0, 300, 900]),
            device: pick("device", &[5 * MICRO, 100 * MICRO, 5_000 * MICRO]),
        }
    }
}
