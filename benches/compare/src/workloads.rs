//! The workloads, defined once for all.
//!
//! Whoever measures the same thing elsewhere (our own benches do) does exactly this work:
//!
//! * **`ask_local`**, ns per ask. One core, one thread. A client task asks a counter actor `Ask(1)`
//!   and awaits the `u64` total it answers, one ask after the other. Each answer is compared with
//!   the number of asks so far.
//! * **`cast_local`**, ns per message. One core, one thread. A client task sends a counter actor 100
//!   one-way messages `Add(1)`, a `u64` each, then asks `Ask(0)` and awaits the answer, which lets
//!   the actor run and must equal the number of messages sent. The time of a batch is divided by the
//!   101 messages in it.
//! * **`ring`**, ns per hop. One core, one thread, 1,000 actors, each of which holds a reference to
//!   the next. One token at a time goes round: `Token(left)` counts a visit, and is sent on as
//!   `Token(left - 1)` unless `left` is zero; then that actor tells the client. A lap is 100,000
//!   hops; the client starts the next one when it has been told. In the end each actor must have had
//!   as many visits as the others, and together one per hop.
//! * **`spawn`**, ns per actor. One core, one thread. A client task spawns an actor that is sent
//!   nothing, stops it, and waits until it is gone, one after the other. In the end as many actor
//!   states must have been dropped as there were spawns.
//! * **`spawn_link`**, ns per actor. As `spawn`, but each is linked from its start to one actor that
//!   lives on: what it takes more than `spawn` is the price of the link. In ours that actor does the
//!   spawning; where links have a parent and a child, it is the parent, and hears of each end.
//! * **`restart`**, k/s. One core, one thread. A child of a supervisor that restarts it whenever it ends,
//!   with a budget that no run uses up. The client tells it to panic, one way, asks for its number, and
//!   awaits the answer of the next incarnation, one after the other; the number must be one more each
//!   time. Where a restarted child is another actor, whoever made it sends the client the reference, and
//!   the client asks then. Panics are kept from being printed, and ours reports them to a reporter that
//!   prints nothing.
//! * **`restart_stop`**, k/s. The same without unwinding: told to end, the child stops by itself, a normal
//!   end, and is restarted because it is permanent.
//! * **`bytes_idle`**, bytes per actor. One core, one thread. A client task spawns actors that take the
//!   messages of a counter and hold one `u64`, 1,000 at a time, waiting for their start hooks, until
//!   there are 1,000,000 (or the rival's [`IDLE_ACTORS`](crate::rivals::Rival::IDLE_ACTORS)), and keeps
//!   a reference to each. The figure is the live heap bytes at the end less those just before, over
//!   the number of actors. The vector of references is allocated before, so a reference's own size is
//!   not in it, but what it points to is. Bytes are those asked of the allocator, without its own
//!   overhead.
//! * **`bytes_after_message`**, bytes per actor. The same, after each of these actors has handled one
//!   one-way message of a `u64`, sent to 1,000 of them at a time.
//! * **`ask_cross`**, ns per ask. As `ask_local`, but the client's thread is pinned to the first core
//!   and the counter's to the second, each with its own one-thread runtime, which sleeps when it has
//!   nothing to do: as asks follow one another, each side sleeps while the other works.
//! * **`cast_cross`**, M/s. Threads and runtimes as in `ask_cross`. A client task sends a counter
//!   actor `Add(1)` with at most 1,000 unanswered: it works in halves of a window, 500 messages each,
//!   and while it sends a half it awaits the answer to an `Ask(0)` sent right before it, which closes
//!   the previous half. An answer must count at least the halves it closes and at most what was sent,
//!   and the last one exactly what was sent. A half counts as 501 messages.
//!
//! * **`skynet`**, ms per tree. Two cores. Actors of a tree: a node spawns ten children, each for a
//!   tenth of its leaves, down to 1,000,000 leaves. A leaf reports its number to its parent, one way,
//!   and ends; a node adds up what its ten children report, reports the sum, and ends. Leaves are
//!   actors with a mailbox as all the others are. The time of a tree is from the spawning of its root
//!   to its report, which must be the sum of the numbers. In the end all 1,111,111 actor states of
//!   each tree must have been dropped. Where a framework binds actors to threads, the root's children
//!   are spread over the two and all below them stay with their parents.
//! * **`big`**, M/s. Two cores, 200 actors, half of them spawned on each core where the framework
//!   binds them to one. Each sends `Ping(who)` to one of all 200 that it draws, is answered `Pong`,
//!   and only then draws the next; meanwhile it answers others. A lap is 500 pings of each; the client
//!   starts the next one when all have told it that they are through. A ping and its pong count as one.
//! * **`fan`**, M/s. Two cores, 100 producers, 10 consumers, half of each on each core where the
//!   framework binds them to one. A consumer is the counter of `ask_local`; a producer asks `Ask(1)`
//!   of each consumer in turn and awaits the answer before it asks the next. A lap is 1,000 asks of
//!   each producer. Producers here are tasks, and actors in ours. In the end the consumers' totals
//!   must be equal and together the number of asks. An ask and its answer count as one.
//!
//! * **`exit_storm`**, ns per actor. Two cores, 100,000 actors (or the rival's
//!   [`STORM_ACTORS`](crate::rivals::supervision::Links::STORM_ACTORS)), all linked to the first, which is
//!   killed.
//!   The time is from the kill until all states have been dropped, of which the client counts those that
//!   are left each millisecond; it is divided by the number of actors. Growing is not in it, and the
//!   first storm of a measurement is not either. Where the framework binds actors to threads, each core
//!   has every other one.
//! * **`exit_chain`**, ns per actor. The same, each linked to the one before
//!   ([`CHAIN_ACTORS`](crate::rivals::supervision::Links::CHAIN_ACTORS) of them): the end goes from one to
//!   the next, in ours always across the cores. Where links have a parent and a child, the child is the
//!   later one, and the framework may end all below a parent at once.
//!
//! Those about links and restarts are for the frameworks that have them; the others have no row there.
//!
//! The last five run on one runtime of two threads, each pinned to a core: tokio's multi-threaded
//! one, which moves tasks between the two, or two of actix's arbiters, which do not.
//!
//! Those that take a time spend a fifth of it warming up before the clock starts.

pub(crate) mod big;
mod bytes;
mod cross;
mod fan;
mod local;
mod meter;
pub(crate) mod restart;
pub(crate) mod ring;
pub(crate) mod skynet;
mod spawn;
pub(crate) mod storm;

use crate::rivals::OnTwoCores;
use crate::rivals::supervision::{Links, Restarts};
use Better::{Higher, Lower};
use Workload::{
    AskCross, AskLocal, Big, BytesAfterMessage, BytesIdle, CastCross, CastLocal, ExitChain,
    ExitStorm, Fan, Restart, RestartStop, Ring, Skynet, Spawn, SpawnLink,
};
use restart::End;
use storm::Shape;

/// What a measurement yields: its figure in the workload's unit, or what went wrong.
pub(crate) type Outcome = Result<f64, String>;

/// A workload; what each is stands in the module's documentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Workload {
    AskLocal,
    CastLocal,
    Ring,
    Spawn,
    SpawnLink,
    Restart,
    RestartStop,
    BytesIdle,
    BytesAfterMessage,
    AskCross,
    CastCross,
    Skynet,
    Big,
    Fan,
    ExitStorm,
    ExitChain,
}

/// Which way a figure improves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Better {
    Lower,
    Higher,
}

impl Workload {
    /// All of them, in the order of the report.
    pub(crate) const ALL: [Self; 16] = [
        AskLocal,
        CastLocal,
        Ring,
        Spawn,
        SpawnLink,
        Restart,
        RestartStop,
        BytesIdle,
        BytesAfterMessage,
        AskCross,
        CastCross,
        Skynet,
        Big,
        Fan,
        ExitStorm,
        ExitChain,
    ];

    /// Its name on the command line and in reports.
    pub(crate) const fn name(self) -> &'static str {
        self.row().0
    }

    /// The unit of its figures.
    pub(crate) const fn unit(self) -> &'static str {
        self.row().1
    }

    /// Which way its figures improve.
    pub(crate) const fn better(self) -> Better {
        self.row().2
    }

    /// The workload of this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|workload| workload.name() == name)
    }

    /// How many cores it runs on.
    pub(crate) const fn cores(self) -> usize {
        match self {
            AskLocal | CastLocal | Ring | Spawn | SpawnLink | Restart | RestartStop | BytesIdle
            | BytesAfterMessage => 1,
            AskCross | CastCross | Skynet | Big | Fan | ExitStorm | ExitChain => 2,
        }
    }

    /// Whether it asks for links or supervision, which not every framework has.
    pub(crate) const fn is_for_some(self) -> bool {
        matches!(self, SpawnLink | Restart | RestartStop | ExitStorm | ExitChain)
    }

    const fn row(self) -> (&'static str, &'static str, Better) {
        match self {
            AskLocal => ("ask_local", "ns", Lower),
            CastLocal => ("cast_local", "ns", Lower),
            Ring => ("ring", "ns", Lower),
            Spawn => ("spawn", "ns", Lower),
            SpawnLink => ("spawn_link", "ns", Lower),
            Restart => ("restart", "k/s", Higher),
            RestartStop => ("restart_stop", "k/s", Higher),
            BytesIdle => ("bytes_idle", "bytes", Lower),
            BytesAfterMessage => ("bytes_after_message", "bytes", Lower),
            AskCross => ("ask_cross", "ns", Lower),
            CastCross => ("cast_cross", "M/s", Higher),
            Skynet => ("skynet", "ms", Lower),
            Big => ("big", "M/s", Higher),
            Fan => ("fan", "M/s", Higher),
            ExitStorm => ("exit_storm", "ns", Lower),
            ExitChain => ("exit_chain", "ns", Lower),
        }
    }
}

/// Measures `R` once, on the calling thread, for about `secs` seconds.
///
/// # Errors
///
/// When the rival did not do the work it was given.
pub(crate) fn measure<R: OnTwoCores>(workload: Workload, secs: f64) -> Outcome {
    match workload {
        AskLocal => R::run(move |rival| local::ask(rival, secs)),
        CastLocal => R::run(move |rival| local::cast(rival, secs)),
        Ring => R::run(move |rival| ring::hops(rival, secs)),
        Spawn => R::run(move |rival| spawn::spawn_and_stop(rival, secs)),
        BytesIdle => R::run(bytes::idle),
        BytesAfterMessage => R::run(bytes::after_message),
        AskCross => cross::ask::<R>(secs),
        CastCross => cross::cast::<R>(secs),
        Skynet => R::run_on_two(move |rival| skynet::trees(rival, secs)),
        Big => R::run_on_two(move |rival| big::pings(rival, secs)),
        Fan => R::run_on_two(move |rival| fan::asks(rival, secs)),
        SpawnLink | Restart | RestartStop | ExitStorm | ExitChain => {
            Err(format!("it has nothing that {} could be done with", workload.name()))
        }
    }
}

/// [`measure`], where there is supervision.
///
/// # Errors
///
/// As [`measure`].
pub(crate) fn measure_with_restarts<R: OnTwoCores + Restarts>(
    workload: Workload,
    secs: f64,
) -> Outcome {
    match workload {
        Restart => R::run(move |rival| restart::restarts(rival, End::Panic, secs)),
        RestartStop => R::run(move |rival| restart::restarts(rival, End::Stop, secs)),
        _ => measure::<R>(workload, secs),
    }
}

/// [`measure`], where there are supervision and links.
///
/// # Errors
///
/// As [`measure`].
pub(crate) fn measure_with_links<R: Links + Restarts>(workload: Workload, secs: f64) -> Outcome {
    match workload {
        SpawnLink => R::run(move |rival| spawn::spawn_link_and_stop(rival, secs)),
        ExitStorm => R::run_on_two(move |rival| storm::storms(rival, Shape::Star, secs)),
        ExitChain => R::run_on_two(move |rival| storm::storms(rival, Shape::Chain, secs)),
        _ => measure_with_restarts::<R>(workload, secs),
    }
}
