//! The frameworks that are compared, each behind the verbs the workloads are written in.
//!
//! Every framework runs on tokio's current-thread runtime with all drivers on, which is what
//! `#[tokio::main(flavor = "current_thread")]` gives, and what actix builds itself. Features and
//! mailboxes are the framework's defaults; where it offers a choice of verbs, the module says which
//! one is used and why.

mod by_hand;
mod erlang;
pub(crate) mod supervision;

#[cfg(feature = "actix")]
mod actix;
#[cfg(feature = "coerce")]
mod coerce;
#[cfg(feature = "kameo")]
mod kameo;
#[cfg(feature = "ractor")]
mod ractor;
#[cfg(feature = "spawned")]
mod spawned;
#[cfg(feature = "xtra")]
mod xtra;

use crate::pin;
use crate::workloads::big::Peer;
use crate::workloads::ring::Finish;
use crate::workloads::skynet::TreeNode;
use crate::workloads::{self, Outcome, Workload};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The verbs of a framework. A value stands for the runtime in which actors are spawned.
///
/// A verb whose message is refused, or whose actor is gone, panics: that ends the process of this
/// one measurement, and the comparison reports it.
pub(crate) trait Rival: Clone + Send + Sync + 'static {
    /// Actors in the workloads that weigh them.
    const IDLE_ACTORS: usize = 1_000_000;

    /// A reference to an actor that adds up `u64`s.
    type Counter: Send + Sync + 'static;
    /// A reference to an actor of the ring.
    type Node: Send + Sync + 'static;
    /// A reference to an actor whose state is a [`Resident`](crate::probe::Resident).
    type Idle: Send + Sync + 'static;

    /// Runs `client` as a task of a fresh runtime on this thread: a task and not the runtime's root
    /// future, because waking that one costs a system call.
    fn run<C, F>(client: C) -> F::Output
    where
        C: FnOnce(Self) -> F,
        F: Future<Output: Send> + Send + 'static;

    /// Spawns a counter.
    fn counter(&self) -> impl Future<Output = Self::Counter> + Send;
    /// Adds `amount` and awaits the total.
    fn ask(counter: &Self::Counter, amount: u64) -> impl Future<Output = u64> + Send;
    /// Adds `amount`, one way; waits for room where the framework's mailbox is bounded.
    fn cast(counter: &Self::Counter, amount: u64) -> impl Future<Output = ()> + Send;

    /// Spawns an actor of the ring, which is not linked yet.
    fn node(&self, finish: Finish) -> impl Future<Output = Self::Node> + Send;
    /// Tells `node` who is next.
    fn link(node: &Self::Node, next: &Self::Node) -> impl Future<Output = ()> + Send;
    /// Gives `node` a token that has `left` hops to go after this one.
    fn token(node: &Self::Node, left: u64) -> impl Future<Output = ()> + Send;
    /// Awaits the number of tokens `node` has had.
    fn visits(node: &Self::Node) -> impl Future<Output = u64> + Send;

    /// Spawns an idle actor, which reports its start.
    fn idle(&self) -> impl Future<Output = Self::Idle> + Send;
    /// Sends an idle actor a message, one way, which it reports.
    fn poke(idle: &Self::Idle, amount: u64) -> impl Future<Output = ()> + Send;
    /// Spawns an idle actor, stops it, and waits until it is gone.
    fn spawn_and_stop(&self) -> impl Future<Output = ()> + Send;
}

/// The verbs of the workloads that run on two cores at once, from one runtime.
///
/// A core is 0 or 1, and means nothing to a framework whose runtime moves actors between threads.
pub(crate) trait OnTwoCores: Rival {
    /// A reference to an actor whose state is a [`Peer`].
    type Peer: Send + Sync + 'static;
    /// A reference to an actor whose state is a [`TreeNode`].
    type Tree: Clone + Send + Sync + 'static;

    /// Runs `client` as a task of a fresh runtime of two threads, each pinned to a core.
    fn run_on_two<C, F>(client: C) -> F::Output
    where
        C: FnOnce(Self) -> F,
        F: Future<Output: Send> + Send + 'static;

    /// Spawns a counter.
    fn counter_on(&self, core: usize) -> impl Future<Output = Self::Counter> + Send {
        let _ = core;
        self.counter()
    }

    /// Starts a task.
    fn go(&self, core: usize, task: impl Future<Output = ()> + Send + 'static) {
        let _ = core;
        drop(tokio::spawn(task));
    }

    /// Spawns a node of a tree, which spawns its children.
    fn tree(&self, node: TreeNode<Self::Tree>) -> impl Future<Output = ()> + Send;

    /// Spawns an actor that pings others.
    fn peer(&self, core: usize, state: Peer<Self::Peer>)
    -> impl Future<Output = Self::Peer> + Send;
    /// Tells it of all others.
    fn meet(peer: &Self::Peer, others: Arc<[Self::Peer]>) -> impl Future<Output = ()> + Send;
    /// Lets it ping so many.
    fn begin(peer: &Self::Peer, pings: u64) -> impl Future<Output = ()> + Send;
}

/// A rival by name.
#[derive(Debug)]
pub(crate) struct Entry {
    /// Its name on the command line and in reports.
    pub(crate) name: &'static str,
    /// The package whose version the report shows.
    pub(crate) package: &'static str,
    /// The workloads that are for some, as far as they are for it.
    extra: &'static [Workload],
    measure: Option<fn(Workload, f64) -> Outcome>,
}

macro_rules! rival {
    ($feature:literal, $package:literal, $measure:ident, $rival:path, $extra:expr) => {
        Entry {
            name: $feature,
            package: $package,
            extra: $extra,
            #[cfg(feature = $feature)]
            measure: Some(workloads::$measure::<$rival>),
            #[cfg(not(feature = $feature))]
            measure: None,
        }
    };
}

const LINKS_AND_RESTARTS: &[Workload] = &[
    Workload::SpawnLink,
    Workload::Restart,
    Workload::RestartStop,
    Workload::ExitStorm,
    Workload::ExitChain,
];

const RESTARTS: &[Workload] = &[Workload::Restart, Workload::RestartStop];

static ALL: [Entry; 8] = [
    Entry {
        name: "tokio",
        package: "tokio",
        extra: &[],
        measure: Some(workloads::measure::<by_hand::ByHand>),
    },
    rival!("spawned", "spawned-concurrency", measure, spawned::Spawned, &[]),
    rival!("ractor", "ractor", measure_with_links, ractor::Ractor, LINKS_AND_RESTARTS),
    rival!("kameo", "kameo", measure_with_links, kameo::Kameo, LINKS_AND_RESTARTS),
    rival!("actix", "actix", measure_with_restarts, actix::Actix, &[Workload::RestartStop]),
    rival!("xtra", "xtra", measure, xtra::Xtra, &[]),
    rival!("coerce", "coerce", measure_with_restarts, coerce::Coerce, RESTARTS),
    Entry { name: ERLANG, package: "", extra: LINKS_AND_RESTARTS, measure: Some(erlang::measure) },
];

/// The one that is no crate.
const ERLANG: &str = "erlang";

/// All rivals, in the order of the report.
pub(crate) fn all() -> impl Iterator<Item = &'static Entry> {
    ALL.iter()
}

impl Entry {
    /// The rival of this name.
    pub(crate) fn named(name: &str) -> Option<&'static Self> {
        all().find(|entry| entry.name == name)
    }

    /// Whether it has what `workload` is about.
    pub(crate) fn does(&self, workload: Workload) -> bool {
        !workload.is_for_some() || self.extra.contains(&workload)
    }

    /// Measures it once, on the calling thread, for about `secs` seconds.
    ///
    /// # Errors
    ///
    /// When it is not in this binary, or did not do the work.
    pub(crate) fn measure(&self, workload: Workload, secs: f64) -> Outcome {
        let Some(measure) = self.measure else {
            return Err(format!("not built into this binary: its feature `{}` is off", self.name));
        };
        measure(workload, secs)
    }

    /// Whether it can be measured on this machine; says so where it cannot.
    pub(crate) fn is_here(&self) -> bool {
        let here = self.name != ERLANG || erlang::version().is_some();
        if !here {
            eprintln!("erlang is left out: erl and erlc are not installed (Debian: erlang-base)");
        }
        here
    }

    /// Whether a measurement of it runs on the thread that asks for it, which is to be pinned then.
    pub(crate) fn runs_here(&self) -> bool {
        self.name != ERLANG
    }

    /// Its version: in the lock file this binary was built from, or as it is installed.
    pub(crate) fn version(&self) -> &'static str {
        if self.name == ERLANG {
            return erlang::version().unwrap_or_default();
        }
        let lock = include_str!("../Cargo.lock");
        let package = format!("name = \"{}\"\nversion = \"", self.package);
        let version = lock.split_once(package.as_str()).map_or("", |(_, rest)| rest);
        version.split('"').next().unwrap_or_default()
    }
}

/// [`Rival::run`] for everything that needs no more than tokio.
fn run_on_tokio<F>(client: impl FnOnce() -> F) -> F::Output
where
    F: Future<Output: Send> + Send + 'static,
{
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("the system gives us an epoll instance");
    runtime.block_on(async move {
        // `client` is called in here because some systems spawn tasks when they are made.
        tokio::spawn(client()).await.expect("the client did not panic")
    })
}

/// [`OnTwoCores::run_on_two`] for everything that needs no more than tokio.
fn run_on_two_of_tokio<F>(client: impl FnOnce() -> F) -> F::Output
where
    F: Future<Output: Send> + Send + 'static,
{
    let started = AtomicUsize::new(0);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .on_thread_start(move || {
            let core = started.fetch_add(1, Ordering::Relaxed) % 2;
            pin::this_thread(core).expect("two cores");
        })
        .build()
        .expect("the system gives us an epoll instance");
    runtime.block_on(async move { tokio::spawn(client()).await.expect("the client did not panic") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_come_from_the_lock_file() {
        for entry in all().filter(|entry| entry.runs_here()) {
            let version = entry.version();
            assert!(version.starts_with(|c: char| c.is_ascii_digit()), "{}: {version}", entry.name);
        }
    }

    #[test]
    fn names_find_their_entry() {
        for entry in all() {
            assert_eq!(Entry::named(entry.name).unwrap().package, entry.package);
        }
        assert!(Entry::named("nobody").is_none());
    }
}
