//! Every default and bound of the core, each with its reason, and the relations between them.

use std::time::Duration;

/// Messages a mailbox holds unless its actor says otherwise. Bounded, because an unbounded mailbox
/// is the first complaint of every actor framework's users; large enough for a burst of a turn's
/// batch from each of several shards.
pub const MAILBOX_DEPTH: usize = 1000;

/// Messages one actor handles before the next ready task gets its chance.
pub const TURN_MESSAGES: u32 = 100;

/// How often, in messages, an actor asks the driver whether something more urgent waits.
/// A clock read costs as much as several messages; the driver's answer is a flag or a ring peek.
pub const PREEMPT_CHECK_MESSAGES: u32 = 16;

/// Longest time one turn of a shard aims to take before its driver looks at I/O again.
pub const TURN_TIME: Duration = Duration::from_micros(500);

/// Calls of one task poll that are answered by running the callee at once, in the caller's place,
/// before the caller has to wait its turn like any other.
pub const HANDOFFS: u32 = 32;

/// How deep callees may run inside callers: each level takes stack.
pub const HANDOFF_DEPTH: u32 = 4;

/// Tasks polled in one turn at most, so that rings are drained and flushed in between.
pub const TURN_TASKS: u32 = 256;

/// Deadline of a call that nobody shortened. A call without a deadline waits for ever on a lost
/// peer; five seconds is what Erlang's `gen_server:call` and Akka's examples settled on.
pub const CALL_DEADLINE: Duration = Duration::from_secs(5);

/// Longest time each of `started`, `stopped` and the whole of `on_undelivered` may take.
pub const HOOK_LIMIT: Duration = Duration::from_secs(5);

/// User messages a turn may leave for one peer, with those left in the outbox before, until casts
/// to that peer answer `Full`.
pub const OUTBOX_DEPTH: usize = 4096;

/// User messages for one peer after which an outbox is flushed within a turn. Fewer move the ring's
/// cursor between the cores more often, more let the receiver wait.
pub const OUTBOX_FLUSH: usize = 64;

/// Bytes of one ring slot: one cache line, so that a message costs one line transfer.
pub const PACKET_BYTES: usize = 64;

/// Bytes of a message or reply that travel inside a ring slot; a larger one is boxed once.
pub const PACKET_INLINE_BYTES: usize = 32;

/// Bytes of a reply kept inside its slot; a larger one is boxed once.
pub const REPLY_INLINE_BYTES: usize = 32;

/// Most slots (actors and tasks) of one shard: the waker has 24 bits for a slot.
pub const SLOTS_MAX: u32 = 1 << 24;

/// Dead actors of a shard whose exit reason can still be asked for.
pub const GRAVES_MAX: usize = 1024;

/// Granularity of the coarse wheel that bounds calls: a call may fail this much late, never early.
pub const COARSE_TICK: Duration = Duration::from_millis(8);

/// Share of the mailbox, as a divisor, that must be free again before stopped shards may go on.
/// Half, so that STOP and GO do not alternate on every message.
pub const GO_DIVISOR: u32 = 2;

/// How long a sender waits for room before a probe asks whether it could wait for ever. Longer than
/// an actor that is merely busy takes to make room, and short beside [`CALL_DEADLINE`], so that a
/// circle is named before the calls in it end for no visible reason.
pub const PROBE_AFTER: Duration = Duration::from_millis(100);

/// Probes of one wait. Each comes after twice the time of the one before, the last 51 s after the
/// last but one: a wait that outlasts them all is left alone until something about it changes.
pub const PROBES_MAX: u32 = 10;

/// Waits of a shard that one look at them covers; a look at more is continued a tick later. It is
/// what keeps a crowd of parked senders from holding up a turn.
pub const PROBE_BATCH: usize = 1024;

/// Actors on the path of one probe; a longer circle is not found. Programs that pass messages on
/// through hundreds of full mailboxes in a row have other troubles.
pub const PROBE_PATH_MAX: usize = 256;

/// Restarts of one child within [`RESTARTS_WITHIN`] that its supervisor allows. A fault that goes
/// away with a restart does so at the first; three leave room for one that needs a moment.
pub const RESTARTS_MAX: u32 = 3;

/// How long a restart counts.
pub const RESTARTS_WITHIN: Duration = Duration::from_secs(5);

/// Restarts of all children of a supervisor together within [`RESTARTS_WITHIN`]: of so many that
/// fail at once the cause is above them.
pub const SUPERVISOR_RESTARTS_MAX: u32 = 10 * RESTARTS_MAX;

/// How long a child has to stop before it is killed.
pub const CHILD_SHUTDOWN: Duration = Duration::from_secs(5);

/// How long a hook of a shutdown may take that was given no limit of its own: as long as a child.
pub const SHUTDOWN_HOOK: Duration = Duration::from_secs(5);

/// How long a shutdown may go on after its deadline: for what was killed to be dropped, and again
/// for the hooks that come last. Short, because whoever set the deadline waits; long enough to
/// write out a buffer.
pub const SHUTDOWN_GRACE: Duration = Duration::from_secs(1);

/// Receive buffers of one shard kept for reuse.
pub const BUFFERS_KEPT: usize = 256;

/// Connections that the kernel holds for a listener until somebody accepts them.
pub const BACKLOG: u32 = 1024;

/// Bytes of one pooled receive buffer.
pub const BUFFER_BYTES: usize = 16 * 1024;

/// Most bytes of a datagram that a pooled buffer holds, and that a datagram socket receives unless
/// it is told otherwise: what is left of the buffer beside the sender's address. Larger than what
/// any network carries in one piece.
pub const DATAGRAM_BYTES: usize = BUFFER_BYTES - 64;

const _: () = assert!(PACKET_INLINE_BYTES < PACKET_BYTES);
const _: () = assert!(PREEMPT_CHECK_MESSAGES < TURN_MESSAGES);
const _: () = assert!(COARSE_TICK.as_millis() < PROBE_AFTER.as_millis());
const _: () = assert!(PROBE_AFTER.as_millis() < CALL_DEADLINE.as_millis());
const _: () = assert!(MAILBOX_DEPTH >= GO_DIVISOR as usize);
const _: () = assert!(TURN_MESSAGES as usize <= MAILBOX_DEPTH);

/// Dead letters kept for a subscriber that says nothing else, at its home and on each other shard.
pub const LETTERS_KEPT: usize = 1024;

/// How long a shard may be in one step until that is a stall. What Seastar reports as a blocked
/// reactor; fifty times what a turn aims to take.
pub const STALL_LIMIT: Duration = Duration::from_millis(25);

/// Stalls of a system reported in [`STALL_REPORTS_WINDOW`] at most; the others are counted. As
/// Seastar: a system that hangs again and again is to be seen, not to fill the disk.
pub const STALL_REPORTS: usize = 5;

/// See [`STALL_REPORTS`].
pub const STALL_REPORTS_WINDOW: Duration = Duration::from_secs(60);

const _: () = assert!(TURN_TIME.as_millis() < STALL_LIMIT.as_millis());
