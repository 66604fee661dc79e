//! Which workloads there are, in which variants, and how each is run.

use greenroom_core::MailboxBound;
use greenroom_shard::IdleStrategy;

use crate::arguments::Arguments;
use crate::meter::Extent;
use crate::report::{Bar, Figure};
use crate::running::{
    BOUND, SPIN_SECS_MAX, bare_here, bare_restarts, bytes, cross, full, here, restarts, secs,
    storm_of, there, there_window, waiting,
};
use crate::workloads::messages::{self, Bonds, Setup};
use crate::workloads::restart::End;
use crate::workloads::storm::Shape;
use crate::workloads::{append, big, echo, fan, floor, kv, latency, scaling, sim, skynet, spawn};
use crate::{bare, mesh};

/// One way to run a workload: a name, a unit, and a sample of so many seconds.
pub(crate) struct Variant {
    pub(crate) name: &'static str,
    pub(crate) unit: &'static str,
    /// The variant of the same workload that this one is told as a multiple of.
    pub(crate) beside: Option<&'static str>,
    /// Fewer cores, and it is left out.
    pub(crate) cores_min: usize,
    /// What the median is held against.
    pub(crate) bar: Option<Bar>,
    pub(crate) sample: fn(Extent) -> f64,
}

impl Variant {
    const fn new(name: &'static str, unit: &'static str, sample: fn(Extent) -> f64) -> Self {
        Self { name, unit, beside: None, cores_min: 1, bar: None, sample }
    }

    const fn beside(self, variant: &'static str) -> Self {
        Self { beside: Some(variant), ..self }
    }

    /// Whether it runs on the production runtime, and so on a driver: all that are named `full`, or
    /// after what a shard without work does.
    pub(crate) fn runs_shards(&self) -> bool {
        self.name.starts_with("full") || matches!(self.name, "spin" | "park")
    }

    const fn bar(self, bar: Bar) -> Self {
        Self { bar: Some(bar), ..self }
    }

    const fn on_two_cores(self) -> Self {
        Self { cores_min: 2, ..self }
    }
}

/// How a workload is measured.
pub(crate) enum Method {
    /// In this process, one variant after the other, everything-on first.
    Here(&'static [Variant]),
    /// In processes of its own.
    Elsewhere(fn(&Arguments) -> Result<Vec<Figure>, String>),
}

/// A workload and how it is measured.
pub(crate) struct Workload {
    pub(crate) name: &'static str,
    pub(crate) method: Method,
}

const fn ns(name: &'static str, sample: fn(Extent) -> f64) -> Variant {
    Variant::new(name, "ns", sample)
}

const fn per_s(name: &'static str, sample: fn(Extent) -> f64) -> Variant {
    Variant::new(name, "per_s", sample)
}

const fn ms(name: &'static str, sample: fn(Extent) -> f64) -> Variant {
    Variant::new(name, "ms", sample)
}

const fn share(name: &'static str, sample: fn(Extent) -> f64) -> Variant {
    Variant::new(name, "share", sample)
}

const fn cpu(name: &'static str, sample: fn(Extent) -> f64) -> Variant {
    Variant::new(name, "us_per_s", sample)
}

/// The floor of `ask_cross`.
const PING_PONG: &str = "floor, two lines";
/// The floor of `cast_cross`.
const CHUNKS: &str = "floor, rtrb chunks of 32";

/// The same counter, as the child of a supervisor.
const SUPERVISED: &str = "bare, supervised";
/// The same counter, linked to an actor that monitors it as well.
const LINKED: &str = "bare, linked";
/// What `spawn_link` is told as a multiple of: the same without the link.
const NO_LINK: &str = "full, no link";

/// What is measured. `full` is the production runtime as it comes; `bare` the state machine in a
/// bare loop, with unbounded mailboxes where one shard does it all, and both shards on one thread
/// where there are two.
pub(crate) const WORKLOADS: &[Workload] = &[
    Workload {
        name: "ask_local",
        method: Method::Here(&[
            ns("full", |extent| {
                full(1, async move |s| messages::measure_ask(s, here(extent)).await)
            }),
            ns("bare", |extent| {
                bare::run(async move |s| messages::measure_ask(s, bare_here(extent)).await)
            }),
            ns(SUPERVISED, |extent| {
                let setup = Setup { bonds: Bonds::Supervised, ..bare_here(extent) };
                bare::run(async move |s| messages::measure_ask(s, setup).await)
            })
            .beside("bare"),
            ns(LINKED, |extent| {
                let setup = Setup { bonds: Bonds::LinkedAndMonitored, ..bare_here(extent) };
                bare::run(async move |s| messages::measure_ask(s, setup).await)
            })
            .beside("bare"),
        ]),
    },
    Workload {
        name: "cast_local",
        method: Method::Here(&[
            ns("full", |extent| {
                full(1, async move |s| messages::measure_cast(s, here(extent)).await)
            }),
            ns("bare", |extent| {
                bare::run(async move |s| messages::measure_cast(s, bare_here(extent)).await)
            }),
            ns(SUPERVISED, |extent| {
                let setup = Setup { bonds: Bonds::Supervised, ..bare_here(extent) };
                bare::run(async move |s| messages::measure_cast(s, setup).await)
            })
            .beside("bare"),
            ns(LINKED, |extent| {
                let setup = Setup { bonds: Bonds::LinkedAndMonitored, ..bare_here(extent) };
                bare::run(async move |s| messages::measure_cast(s, setup).await)
            })
            .beside("bare"),
        ]),
    },
    Workload {
        name: "ring",
        method: Method::Here(&[
            ns("full", |extent| {
                full(1, async move |s| messages::measure_ring(s, extent, BOUND).await)
            }),
            ns("bare", |extent| {
                bare::run(async move |s| {
                    messages::measure_ring(s, extent, MailboxBound::Unbounded).await
                })
            }),
        ]),
    },
    Workload {
        name: "spawn",
        method: Method::Here(&[
            ns("full", |extent| full(1, async move |s| spawn::measure_spawn(s, extent).await)),
            ns("bare", |extent| bare::run(async move |s| spawn::measure_spawn(s, extent).await)),
        ]),
    },
    Workload {
        name: "spawn_link",
        method: Method::Here(&[
            ns("full", |extent| {
                full(1, async move |s| spawn::measure_children(s, true, extent).await)
            })
            .beside(NO_LINK),
            ns(NO_LINK, |extent| {
                full(1, async move |s| spawn::measure_children(s, false, extent).await)
            }),
            ns("bare", |extent| {
                bare::run(async move |s| spawn::measure_children(s, true, extent).await)
            }),
        ]),
    },
    Workload {
        name: "restart",
        method: Method::Here(&[
            per_s("full", |extent| restarts(End::Panic, extent)),
            per_s("bare", |extent| bare_restarts(End::Panic, extent)),
        ]),
    },
    Workload {
        name: "restart_stop",
        method: Method::Here(&[
            per_s("full", |extent| restarts(End::Stop, extent)),
            per_s("bare", |extent| bare_restarts(End::Stop, extent)),
        ]),
    },
    Workload {
        name: "exit_storm",
        method: Method::Here(&[
            ns("full", |extent| storm_of(Shape::Star, extent)),
            ns("full, ring", |extent| storm_of(Shape::Ring, extent)),
        ]),
    },
    Workload {
        name: "exit_chain",
        method: Method::Here(&[ns("full", |extent| storm_of(Shape::Chain, extent))]),
    },
    Workload {
        name: "bytes_idle",
        method: Method::Here(&[Variant::new("full", "bytes", |_| bytes().0)]),
    },
    Workload {
        name: "bytes_after_message",
        method: Method::Here(&[Variant::new("full", "bytes", |_| bytes().1)]),
    },
    Workload {
        name: "ask_cross",
        method: Method::Here(&[
            ns("full", |extent| {
                cross(IdleStrategy::default(), async move |s| {
                    messages::measure_ask(s, there(extent)).await
                })
            })
            .beside(PING_PONG),
            ns("spin", |extent| {
                cross(IdleStrategy::Spin, async move |s| {
                    messages::measure_ask(s, there(extent)).await
                })
            })
            .beside(PING_PONG),
            ns("park", |extent| {
                cross(IdleStrategy::Park, async move |s| {
                    messages::measure_ask(s, there(extent)).await
                })
            })
            .beside(PING_PONG),
            ns(PING_PONG, floor::measure_ping_pong).on_two_cores(),
            ns("bare", |extent| {
                mesh::run_two(async move |s| messages::measure_ask(s, there(extent)).await)
            }),
        ]),
    },
    Workload {
        name: "cast_cross",
        method: Method::Here(&[
            per_s("full", |extent| {
                1e9 / cross(IdleStrategy::default(), async move |s| {
                    messages::measure_stream(s, there_window(extent)).await
                })
            })
            .beside(CHUNKS),
            per_s(CHUNKS, floor::measure_chunks).on_two_cores(),
            per_s("bare", |extent| {
                1e9 / mesh::run_two(async move |s| {
                    messages::measure_stream(s, there_window(extent)).await
                })
            }),
        ]),
    },
    Workload {
        name: "skynet",
        method: Method::Here(&[
            Variant::new("full", "ms", |extent| {
                let root = async move |s| skynet::measure(s, skynet::LEAVES, extent).await;
                full(2, root) / 1e6
            }),
            // An actor's share of a smaller tree on one shard.
            ns("bare", |extent| {
                let root = async move |s| skynet::measure(s, BARE_LEAVES, trees(extent)).await;
                bare::run(root) / BARE_ACTORS as f64
            }),
        ]),
    },
    Workload {
        name: "big",
        method: Method::Here(&[
            per_s("full", |extent| {
                1e9 / full(2, async move |s| {
                    big::measure(s, big::ACTORS, big::PINGS_PER_LAP, extent).await
                })
            }),
            per_s("bare", |extent| {
                1e9 / mesh::run_two(async move |s| {
                    big::measure(s, big::ACTORS, big::PINGS_PER_LAP, extent).await
                })
            }),
        ]),
    },
    Workload {
        name: "fan",
        method: Method::Here(&[
            per_s("full", |extent| 1e9 / full(2, async move |s| fan::measure(s, extent).await)),
            per_s("bare", |extent| {
                1e9 / mesh::run_two(async move |s| fan::measure(s, extent).await)
            }),
        ]),
    },
    Workload {
        name: "sim",
        method: Method::Here(&[
            per_s("intra_node_msgs_per_s", |extent| sim::measure_messages(extent, 4))
                .bar(Bar::Least(3e6)),
            per_s("network_msgs_per_s", sim::measure_network).bar(Bar::Least(1.5e6)),
            per_s("network_frames_alone_per_s", |extent| sim::measure_streams(extent, 2)),
            share("flat_2_to_100_shards", |extent| sim::measure_flatness(secs(extent)))
                .bar(Bar::Least(0.8)),
            ms("idle_hour", |_| sim::measure_hour()).bar(Bar::Most(10.0)),
            per_s("seeds_per_s", sim::measure_seeds).bar(Bar::Least(1e3)),
            share("check_costs", |extent| sim::measure_check(secs(extent))).bar(Bar::Most(0.05)),
            ms("shrink_300_switches", |_| sim::measure_shrink()).bar(Bar::Most(1000.0)),
        ]),
    },
    Workload {
        name: "sim_ping_pong",
        method: Method::Here(&[
            per_s("in_node", |extent| sim::measure_ping_pong(extent, 0)),
            per_s("in_node_2_shards", |extent| sim::measure_ping_pong(extent, 1)),
            per_s("2_nodes", |extent| sim::measure_streams(extent, 2)),
            per_s("10_nodes", |extent| sim::measure_streams(extent, 10)),
            per_s("2_nodes, datagrams", |extent| sim::measure_datagrams(extent, 2)),
            per_s("10_nodes, datagrams", |extent| sim::measure_datagrams(extent, 10)),
        ]),
    },
    Workload {
        name: "idle",
        method: Method::Here(&[
            cpu("full", |extent| waiting(IdleStrategy::default(), secs(extent))),
            cpu("park", |extent| waiting(IdleStrategy::Park, secs(extent))),
            cpu("spin", |extent| waiting(IdleStrategy::Spin, secs(extent).min(SPIN_SECS_MAX))),
        ]),
    },
    Workload {
        name: "latency",
        method: Method::Here(&[
            ns("full, echo p50", |extent| {
                full(1, async move |s| latency::measure_echo(s, secs(extent), 0.5).await)
            }),
            ns("full, echo p99", |extent| {
                full(1, async move |s| latency::measure_echo(s, secs(extent), 0.99).await)
            }),
            ns("full, timer p50", |extent| {
                full(1, async move |s| latency::measure_timer(s, secs(extent), 0.5).await)
            }),
            ns("full, timer p99", |extent| {
                full(1, async move |s| latency::measure_timer(s, secs(extent), 0.99).await)
            }),
        ]),
    },
    Workload { name: "append", method: Method::Elsewhere(append::measure) },
    Workload { name: "kv", method: Method::Elsewhere(kv::measure) },
    Workload { name: "kv_shards", method: Method::Elsewhere(kv::measure_shards) },
    Workload { name: "echo", method: Method::Elsewhere(echo::measure) },
    Workload { name: "scaling", method: Method::Elsewhere(scaling::measure) },
];

/// Leaves of the tree in the bare loop, and all its actors.
const BARE_LEAVES: u64 = 10_000;
const BARE_ACTORS: u64 = 11_111;

/// An extent in actors as one in trees of the bare loop.
const fn trees(extent: Extent) -> Extent {
    match extent {
        Extent::Units(actors) => Extent::Units(actors.div_ceil(BARE_ACTORS)),
        secs => secs,
    }
}
