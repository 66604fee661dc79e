//! Name resolution and blocking jobs: what production gives to other threads, here inline at a
//! drawn time.

use std::any::Any;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::panic::{AssertUnwindSafe, catch_unwind};

use greenroom_core::runtime::{IoDone, IoResult, Job, OpId, ResolveRequest};

use crate::draws::Site;
use crate::events::What;
use crate::trace::Kind;
use crate::world::World;

/// Looks a host up among literals, `localhost`, and the names that the run knows.
pub(crate) fn resolve(world: &World, shard: u32, op: OpId, request: &ResolveRequest) {
    let address = match request.host.parse::<IpAddr>() {
        Ok(literal) => Some(literal),
        Err(_) if request.host == "localhost" => Some(IpAddr::V4(Ipv4Addr::LOCALHOST)),
        Err(_) => world.look_up(shard, &request.host),
    };
    let result: IoResult = match address {
        Some(address) => Ok(IoDone::Resolved(vec![SocketAddr::new(address, request.port)])),
        None => {
            let what = format!("no host is called {}", request.host);
            Err(io::Error::new(io::ErrorKind::NotFound, what))
        }
    };
    let delay = world.draws.heavy_tail(Site::Blocking, shard, world.swarm.device);
    world.complete_after(delay, shard, op, result);
}

/// Lets a job run later.
pub(crate) fn submit(world: &World, shard: u32, op: OpId, job: Job) {
    let slot = world.jobs.borrow_mut().insert((shard, op, job));
    let delay = world.draws.heavy_tail(Site::Blocking, shard, world.swarm.device);
    world.enter_after(delay, What::Job(slot));
}

/// Runs a job, outside of any shard.
pub(crate) fn run(world: &World, slot: u32) {
    let taken = world.jobs.borrow_mut().remove(slot);
    let Some((shard, op, job)) = taken else { return };
    let result: IoResult = catch_unwind(AssertUnwindSafe(job.0)).map(IoDone::Ran).map_err(panicked);
    world.note(shard, Kind::Job, 0, op.as_word().rotate_left(1) ^ u64::from(result.is_ok()));
    let delay = world.draws.heavy_tail(Site::Blocking, shard, world.swarm.device);
    world.complete_after(delay, shard, op, result);
}

pub(crate) fn panicked(payload: Box<dyn Any + Send>) -> io::Error {
    let message = payload.downcast_ref::<&'static str>().copied();
    let message = message.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    io::Error::other(format!("a blocking job panicked: {}", message.unwrap_or("no message")))
}
