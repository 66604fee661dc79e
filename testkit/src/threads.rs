//! Threads that an actor has to itself: places in a table, whose jobs run inline at drawn times, one
//! after the other.

use std::any::Any;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};

use greenroom_core::runtime::{IoDone, IoResult, Kept, OpId, ThreadId, ThreadJob};

use crate::blocking::panicked;
use crate::draws::Site;
use crate::events::What;
use crate::slots::Slots;
use crate::trace::Kind;
use crate::world::World;

/// All threads of a run.
#[derive(Default)]
pub(crate) struct Threads {
    threads: Slots<Thread>,
    tasks: Slots<Task>,
}

struct Thread {
    shard: u32,
    kept: Kept,
    /// When its last job is to run: no later one does so before.
    last_at: u64,
}

/// A thing to do on a thread.
struct Task {
    thread: u32,
    shard: u32,
    /// `None` ends the thread.
    job: Option<(OpId, ThreadJob)>,
}

/// What nobody will do or use any more.
pub(crate) type Void = Vec<Box<dyn Any>>;

/// Drops what users made. A panic of one has nobody to be told to, and ends nothing.
pub(crate) fn drop_each<T>(things: impl IntoIterator<Item = T>) {
    for thing in things {
        drop(catch_unwind(AssertUnwindSafe(|| drop(thing))));
    }
}

/// Starts a thread.
pub(crate) fn open(world: &World, shard: u32) -> ThreadId {
    let thread = Thread { shard, kept: None, last_at: 0 };
    ThreadId(u64::from(world.threads.borrow_mut().threads.insert(thread)))
}

/// Lets a job run later.
pub(crate) fn submit(world: &World, shard: u32, op: OpId, thread: ThreadId, job: ThreadJob) {
    if let Some((_, job)) = enter(world, shard, thread, Some((op, job))) {
        let gone = io::Error::new(io::ErrorKind::NotFound, "there is no such thread");
        world.complete_after(0, shard, op, Err(gone));
        drop(job);
    }
}

/// Lets a thread end later.
pub(crate) fn close(world: &World, shard: u32, thread: ThreadId) {
    enter(world, shard, thread, None);
}

/// Enters what is to be done on a thread; gives it back where there is none of that name.
fn enter(
    world: &World,
    shard: u32,
    thread: ThreadId,
    job: Option<(OpId, ThreadJob)>,
) -> Option<(OpId, ThreadJob)> {
    let delay = world.draws.heavy_tail(Site::Blocking, shard, world.swarm.device);
    let number = thread.0 as u32;
    let entered = {
        let threads = &mut *world.threads.borrow_mut();
        let found = threads.threads.get_mut(number).filter(|thread| thread.shard == shard);
        let Some(thread) = found else { return job };
        thread.last_at = thread.last_at.max(world.now() + delay);
        (threads.tasks.insert(Task { thread: number, shard, job }), thread.last_at)
    };
    world.enter_after(entered.1 - world.now(), What::OnThread(entered.0));
    None
}

/// Does what is to be done, outside of any shard.
pub(crate) fn run(world: &World, slot: u32) {
    let Some(task) = world.threads.borrow_mut().tasks.remove(slot) else { return };
    let Some((op, job)) = task.job else {
        let ended = world.threads.borrow_mut().threads.remove(task.thread);
        return drop_each(ended);
    };
    // The job may do anything but reach this thread: it is the one who runs on it.
    let mut kept = world.keep(task.thread, None);
    let result: IoResult =
        catch_unwind(AssertUnwindSafe(|| (job.0)(&mut kept))).map(IoDone::Ran).map_err(panicked);
    let none = world.keep(task.thread, kept);
    assert!(none.is_none(), "a thread runs one job at a time");
    let detail = op.as_word().rotate_left(1) ^ u64::from(result.is_ok());
    world.note(task.shard, Kind::Job, 0, detail);
    let delay = world.draws.heavy_tail(Site::Blocking, task.shard, world.swarm.device);
    world.complete_after(delay, task.shard, op, result);
}

impl World {
    /// Swaps what a thread keeps.
    fn keep(&self, thread: u32, kept: Kept) -> Kept {
        let threads = &mut *self.threads.borrow_mut();
        threads.threads.get_mut(thread).and_then(|it| std::mem::replace(&mut it.kept, kept))
    }

    /// Takes out the threads of those shards and what was to be done on them, for the caller to
    /// drop, with the numbers of the events.
    pub(crate) fn void_threads(&self, of: impl Fn(u32) -> bool) -> (Void, Vec<u32>) {
        let threads = &mut *self.threads.borrow_mut();
        let ended = threads.threads.drain_where(|thread| of(thread.shard));
        let void = threads.tasks.drain_where(|task| of(task.shard));
        let (slots, tasks): (Vec<_>, Vec<_>) = void.into_iter().unzip();
        let ended = ended.into_iter().map(|(_, thread)| Box::new(thread) as Box<dyn Any>);
        let tasks = tasks.into_iter().map(|task| Box::new(task) as Box<dyn Any>);
        (tasks.chain(ended).collect(), slots)
    }
}
