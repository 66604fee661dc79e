//! From settings to a running system.

use std::io;
use std::num::NonZero;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{JoinHandle, available_parallelism};
use std::time::Duration;

use greenroom_core::mesh::Packet;
use greenroom_core::process::register_node;
use greenroom_core::runtime::Injector;
use greenroom_core::{ShardId, SystemHandle};

use super::running::Parts;
use super::signals::SignalWatch;
use super::thread::{Common, Place};
use super::watchdog::Watching;
use super::{Builder, Phase, Running, Stage, StartError};
use crate::doctor::{Facts, Report};
use crate::driver::{Bell, Cores, Inject, NodeClock, entropy};
use crate::mesh::{Port, grid};
use crate::pool::Workers;

/// What a shard's thread says of its start: the system's handle, or why there is none.
pub(super) type Started = Result<SystemHandle, StartError>;

/// Starts a system. Where a shard does not start and the doctor knows why, that and the fix are told.
pub(super) fn start(builder: Builder) -> Result<Running, StartError> {
    attempt(builder).map_err(|error| {
        let lack = match &error {
            StartError::Shard(..) => Report::of(&Facts::all()).fatal(),
            _ => None,
        };
        lack.map_or(error, StartError::Machine)
    })
}

fn attempt(builder: Builder) -> Result<Running, StartError> {
    let wanted = builder.shards.unwrap_or_else(|| available_parallelism().map_or(1, NonZero::get));
    let shards = u16::try_from(wanted).ok().filter(|shards| *shards > 0);
    let shards = shards.ok_or(StartError::Shards(wanted))?;
    if let Some(lack) = Report::of(&Facts::cheap()).fatal() {
        return Err(StartError::Machine(lack));
    }
    let first = |error| StartError::Shard(ShardId(0), error);
    let allowed = Cores::allowed().map_err(first)?;
    let cores = builder.pin.cores(shards, &allowed)?;

    let ports = ports(shards)?;
    let doorbells: Vec<_> = ports.iter().map(|port| port.sleeper.doorbell()).collect();
    let stage = Arc::new(Stage::new(shards, builder.shutdown_limit));
    stage.set_bells(doorbells.clone());
    let doors: Vec<_> = doorbells.into_iter().map(Inject::new).collect();
    let (doors, queues): (Vec<_>, Vec<_>) =
        doors.into_iter().map(|(door, queue)| (Arc::new(door), queue)).unzip();
    let injectors = doors.iter().map(|door| door.clone() as Arc<dyn Injector>).collect();
    let registration =
        register_node(&builder.name, injectors).map_err(|_| StartError::ProcessFull)?;
    let threads_max = builder.blocking_threads_max;
    let (clock, reporter) = (NodeClock::new(), builder.reporter.clone());
    let workers = Workers::new(&builder.name, Some(allowed), threads_max);

    let common = Common {
        node: registration.node(),
        shards,
        seed: entropy().map_err(first)?,
        clock,
        driver: builder.driver,
        idle: builder.idle,
        #[cfg(feature = "driver-uring")]
        ring: builder.ring,
        reporter: builder.reporter,
        on_shard_start: builder.on_shard_start,
        workers: workers.clone(),
    };
    let (sender, started) = channel();
    let mut places = Vec::with_capacity(usize::from(shards));
    for ((index, port), (door, queue)) in (0..).zip(ports).zip(doors.into_iter().zip(queues)) {
        let id = ShardId(index);
        let unique = registration.unique(id);
        let (core, seat) = (cores[id.index()], stage.seat(id));
        places.push(Place { id, unique, core, port, door, queue, seat, common: common.clone() });
    }
    let threads = spawn(&builder.name, places, &sender);
    drop(sender);
    let outcome = threads.1.map_or_else(|| wait(&started, shards), Err);
    let parts =
        Parts { stage, threads: threads.0, workers, registration, watching: None, signals: None };
    let watched = outcome.and_then(|handle| {
        let (name, vitals) = (&builder.name, parts.registration.vitals());
        let watching = |limit| Watching::start(name, vitals, limit, clock, reporter);
        let watching = builder.stall_limit.map(watching).transpose().map_err(first)?;
        let signals = builder.stop_on_signals.then(|| SignalWatch::start(name, &parts.stage));
        Ok((handle, watching, signals.transpose().map_err(first)?))
    });
    begin(watched, parts, builder.shutdown_limit)
}

/// A system that has started, and who watches it.
type Watched = (SystemHandle, Option<Watching>, Option<SignalWatch>);

/// Lets the shards run, once all of them are there.
fn begin(
    watched: Result<Watched, StartError>,
    parts: Parts,
    shutdown_limit: Duration,
) -> Result<Running, StartError> {
    match watched {
        Ok((handle, watching, signals)) => {
            parts.stage.advance(Phase::Running);
            Ok(Running::new(handle, shutdown_limit, Parts { watching, signals, ..parts }))
        }
        Err(error) => {
            parts.stage.advance(Phase::Abandoning);
            drop(parts.shut_down(Duration::ZERO));
            Err(error)
        }
    }
}

/// The mesh: every shard's rings and its bell.
fn ports(shards: u16) -> Result<Vec<Port<Packet, Bell>>, StartError> {
    let bells: io::Result<Vec<_>> = (0..shards).map(|_| Bell::new()).collect();
    let mut bells = bells.map_err(|error| StartError::Shard(ShardId(0), error))?.into_iter();
    Ok(grid(usize::from(shards), |_| bells.next().expect("one bell per shard")))
}

/// Starts the shards' threads, up to the first that cannot be; the seats of the others are dropped,
/// which tells those that run.
fn spawn(
    name: &str,
    places: Vec<Place>,
    started: &Sender<Started>,
) -> (Vec<JoinHandle<()>>, Option<StartError>) {
    let mut threads = Vec::with_capacity(places.len());
    for place in places {
        let (id, started) = (place.id, started.clone());
        let thread = std::thread::Builder::new().name(format!("{name}-{id}"));
        match thread.spawn(move || place.run(started)) {
            Ok(thread) => threads.push(thread),
            Err(error) => return (threads, Some(StartError::Shard(id, error))),
        }
    }
    (threads, None)
}

/// Waits until every shard has started, or one has not.
fn wait(started: &Receiver<Started>, shards: u16) -> Started {
    let died = || {
        let what = "a shard's thread ended before the shard had started";
        StartError::Shard(ShardId(0), io::Error::other(what))
    };
    let mut handle = None;
    for _ in 0..shards {
        handle = Some(started.recv().map_err(|_| died())??);
    }
    handle.ok_or_else(died)
}
