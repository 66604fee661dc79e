//! Which workloads there are, in which variants, and how each is run.

use greenroom_core::{MailboxBound, Placement, System};
use greenroom_shard::{Builder, IdleStrategy, Pin};

use crate::meter::Extent;
use crate::workloads::messages::{self, Setup};
use crate::workloads::{sim, spawn};
use crate::{alloc, bare};

/// One way to run a workload: a name, a unit, and a sample of so many seconds.
pub(crate) struct Variant {
    pub(crate) name: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) sample: fn(Extent) -> f64,
}

/// A workload and its variants, everything-on first.
pub(crate) struct Workload {
    pub(crate) name: &'static str,
    pub(crate) variants: &'static [Variant],
}

const fn ns(name: &'static str, sample: fn(Extent) -> f64) -> Variant {
    Variant { name, unit: "ns", sample }
}

const fn per_s(name: &'static str, sample: fn(Extent) -> f64) -> Variant {
    Variant { name, unit: "per_s", sample }
}

/// What is measured. `full` is the production runtime as it comes; `bare` the state machine in a
/// bare loop, with unbounded mailboxes.
pub(crate) const WORKLOADS: &[Workload] = &[
    Workload {
        name: "ask_local",
        variants: &[
            ns("full", |extent| {
                full(1, async move |s| messages::measure_ask(s, here(extent)).await)
            }),
            ns("bare", |extent| {
                bare::run(async move |s| messages::measure_ask(s, bare_here(extent)).await)
            }),
        ],
    },
    Workload {
        name: "cast_local",
        variants: &[
            ns("full", |extent| {
                full(1, async move |s| messages::measure_cast(s, here(extent)).await)
            }),
            ns("bare", |extent| {
                bare::run(async move |s| messages::measure_cast(s, bare_here(extent)).await)
            }),
        ],
    },
    Workload {
        name: "ring",
        variants: &[
            ns("full", |extent| {
                full(1, async move |s| messages::measure_ring(s, extent, BOUND).await)
            }),
            ns("bare", |extent| {
                bare::run(async move |s| {
                    messages::measure_ring(s, extent, MailboxBound::Unbounded).await
                })
            }),
        ],
    },
    Workload {
        name: "spawn",
        variants: &[
            ns("full", |extent| full(1, async move |s| spawn::measure_spawn(s, extent).await)),
            ns("bare", |extent| bare::run(async move |s| spawn::measure_spawn(s, extent).await)),
        ],
    },
    Workload {
        name: "bytes_idle",
        variants: &[Variant { name: "full", unit: "bytes", sample: |_| bytes().0 }],
    },
    Workload {
        name: "bytes_after_message",
        variants: &[Variant { name: "full", unit: "bytes", sample: |_| bytes().1 }],
    },
    Workload {
        name: "ask_cross",
        variants: &[
            ns("full", |extent| {
                cross(IdleStrategy::default(), async move |s| {
                    messages::measure_ask(s, there(extent)).await
                })
            }),
            ns("spin", |extent| {
                cross(IdleStrategy::Spin, async move |s| {
                    messages::measure_ask(s, there(extent)).await
                })
            }),
            ns("park", |extent| {
                cross(IdleStrategy::Park, async move |s| {
                    messages::measure_ask(s, there(extent)).await
                })
            }),
        ],
    },
    Workload {
        name: "cast_cross",
        variants: &[per_s("full", |extent| {
            1e9 / cross(IdleStrategy::default(), async move |s| {
                messages::measure_cast(s, there(extent)).await
            })
        })],
    },
    Workload {
        name: "sim",
        variants: &[
            per_s("intra_node_msgs_per_s", |extent| sim::measure_messages(secs(extent), 4)),
            per_s("network_msgs_per_s", |extent| sim::measure_messages(secs(extent), 12)),
            per_s("seeds_per_s", |extent| sim::measure_seeds(secs(extent))),
        ],
    },
];

const BOUND: MailboxBound = MailboxBound::Fixed(greenroom_core::limits::MAILBOX_DEPTH);

/// What an actor of this machine weighs is the same each time: a million are built once a sample.
const ACTORS: usize = 1_000_000;

fn bytes() -> (f64, f64) {
    alloc::count();
    bare::run(async |s| spawn::measure_bytes(s, ACTORS).await)
}

const fn here(extent: Extent) -> Setup {
    Setup { extent, counter: Placement::Here, mailbox: BOUND, batch: 100 }
}

pub(crate) const fn bare_here(extent: Extent) -> Setup {
    Setup { mailbox: MailboxBound::Unbounded, ..here(extent) }
}

/// On the other shard; half a mailbox of casts between two asks.
const fn there(extent: Extent) -> Setup {
    Setup { counter: Placement::Shard(1), batch: 500, ..here(extent) }
}

const fn secs(extent: Extent) -> f64 {
    match extent {
        Extent::Secs(secs) => secs,
        Extent::Units(_) => 1.0,
    }
}

/// On the production runtime with its defaults, on the first cores.
fn full<F>(shards: usize, root: F) -> f64
where
    F: AsyncFnOnce(System) -> f64 + Send + 'static,
{
    production(Builder::new().shards(shards), root)
}

fn cross<F>(idle: IdleStrategy, root: F) -> f64
where
    F: AsyncFnOnce(System) -> f64 + Send + 'static,
{
    production(Builder::new().shards(2).idle(idle), root)
}

fn production<F>(builder: Builder, root: F) -> f64
where
    F: AsyncFnOnce(System) -> f64 + Send + 'static,
{
    let run = builder.pin(Pin::default()).run(async move |system| Ok(root(system).await));
    run.expect("the runtime starts and the workload ends")
}
