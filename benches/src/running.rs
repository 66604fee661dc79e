//! Running a workload on the production runtime, or on one of its parts.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use greenroom_core::{MailboxBound, Placement, Silent, System};
use greenroom_shard::{Builder, Driver, IdleStrategy, Pin};

use crate::meter::Extent;
use crate::workloads::messages::{self, Bonds, Setup};
use crate::workloads::restart::{self, End};
use crate::workloads::storm::{self, Shape};
use crate::workloads::{idle, spawn};
use crate::{alloc, bare};

/// Where in [`Driver::ALL`] the driver of the next samples stands.
static DRIVER: AtomicUsize = AtomicUsize::new(0);

/// Has the samples from now on run on that driver.
pub(crate) fn run_on(driver: Driver) {
    let place = Driver::ALL.iter().position(|other| *other == driver);
    DRIVER.store(place.expect("every driver is one of all"), Ordering::Relaxed);
}

fn driver() -> Driver {
    Driver::ALL[DRIVER.load(Ordering::Relaxed)]
}

pub(crate) const BOUND: MailboxBound = MailboxBound::Fixed(greenroom_core::limits::MAILBOX_DEPTH);

/// A system that spins takes every core of the machine, and shows it within a moment.
pub(crate) const SPIN_SECS_MAX: f64 = 0.25;

/// What an actor of this machine weighs is the same each time: a million are built once a sample.
const ACTORS: usize = 1_000_000;

pub(crate) fn bytes() -> (f64, f64) {
    alloc::count();
    bare::run(async |s| spawn::measure_bytes(s, ACTORS).await)
}

pub(crate) const fn here(extent: Extent) -> Setup {
    Setup { extent, counter: Placement::Here, mailbox: BOUND, batch: 100, bonds: Bonds::None }
}

pub(crate) const fn bare_here(extent: Extent) -> Setup {
    Setup { mailbox: MailboxBound::Unbounded, ..here(extent) }
}

/// On the other shard.
pub(crate) const fn there(extent: Extent) -> Setup {
    Setup { counter: Placement::Shard(1), ..here(extent) }
}

/// The same, with a mailbox that holds what is sent ahead.
pub(crate) const fn there_window(extent: Extent) -> Setup {
    Setup { mailbox: MailboxBound::Fixed(messages::WINDOW_DEPTH), ..there(extent) }
}

pub(crate) const fn secs(extent: Extent) -> f64 {
    match extent {
        Extent::Secs(secs) => secs,
        Extent::Units(_) => 1.0,
    }
}

/// On the production runtime with its defaults, on the first cores.
pub(crate) fn full<F>(shards: usize, root: F) -> f64
where
    F: AsyncFnOnce(System) -> f64 + Send + 'static,
{
    production(Builder::new().shards(shards), root)
}

/// Restarts a second. Failures go to a reporter that prints none of them, as it is not printing that
/// is measured.
pub(crate) fn restarts(end: End, extent: Extent) -> f64 {
    let builder = Builder::new().shards(1).reporter(Arc::new(Silent));
    1e9 / production(builder, async move |s| restart::measure(s, end, extent).await)
}

pub(crate) fn bare_restarts(end: End, extent: Extent) -> f64 {
    1e9 / bare::run(async move |s| restart::measure(s, end, extent).await)
}

/// The same for linked exits, of which each is reported.
pub(crate) fn storm_of(shape: Shape, extent: Extent) -> f64 {
    let builder = Builder::new().shards(2).reporter(Arc::new(Silent));
    let root = async move |s| storm::measure(s, shape, storm::ACTORS, extent).await;
    production(builder, root)
}

pub(crate) fn cross<F>(idle: IdleStrategy, root: F) -> f64
where
    F: AsyncFnOnce(System) -> f64 + Send + 'static,
{
    production(Builder::new().shards(2).idle(idle), root)
}

pub(crate) fn waiting(idle: IdleStrategy, secs: f64) -> f64 {
    production(Builder::new().idle(idle), async move |s| idle::measure_cpu(s, secs).await)
}

fn production<F>(builder: Builder, root: F) -> f64
where
    F: AsyncFnOnce(System) -> f64 + Send + 'static,
{
    let builder = builder.pin(Pin::default()).driver(driver());
    let run = builder.run(async move |system| Ok(root(system).await));
    run.expect("the runtime starts and the workload ends")
}
