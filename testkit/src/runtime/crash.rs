//! Nodes that go down and come back.

use std::path::Path;
use std::time::Duration;

use super::TestRuntime;
use super::cell::{NodeCell, ShardCell};
use crate::events::What;
use crate::faults::{Crash, Fault};
use crate::monitor::Happening;
use crate::net;
use crate::threads::drop_each;

impl TestRuntime {
    /// Takes a node down, now: every task is dropped where it stands, and what it had under way
    /// has its effect, a part of it, or none. After [`Crash::Power`] its disk holds what was synced
    /// and a drawn part of the rest, and its peers hear nothing until they send and give up, or the
    /// node is back; after [`Crash::Process`] its disk holds what was written, and its connections
    /// are closed. Its refs are unreachable for ever: what comes back is another incarnation.
    ///
    /// # Panics
    ///
    /// When there is no such node, or it is down.
    pub fn crash(&mut self, node: u16, how: Crash) {
        self.world.trace.because_of_nothing();
        self.take_down(node, how);
    }

    /// The same, as a consequence of what happens now.
    pub(super) fn take_down(&mut self, node: u16, how: Crash) {
        let first = self.number(node, 0);
        let last = first + u32::from(self.world.nodes[usize::from(node)].shards);
        assert!(!self.is_down(node), "node {node} is down already");
        let fault = if how == Crash::Power { Fault::PowerLoss } else { Fault::ProcessKill };
        self.world.went_wrong(fault, node, 0);
        // From here on what tasks do while they are dropped reaches nobody.
        self.world.nodes[usize::from(node)].down.set(true);
        for cell in &self.cells[first as usize..last as usize] {
            cell.shard.enter(|| cell.shard.abandon_all());
        }
        drop_each(self.nodes[usize::from(node)].rings.take_all());
        self.void_events(node, how, first..last);
        net::steer(&self.world, |net| net.crash(node, how));
        self.replace(node, first..last);
        self.show(node, Happening::Crashed(how));
    }

    /// Lets a node come back that is down, with the disk it has. Nothing runs on it until the test
    /// starts something: [`TestRuntime::start_on`].
    ///
    /// # Panics
    ///
    /// When there is no such node, or it is not down.
    pub fn restart(&mut self, node: u16) {
        assert!(self.is_down(node), "node {node} is not down");
        let state = &self.world.nodes[usize::from(node)];
        state.down.set(false);
        if state.returns.replace(false) {
            self.world.events.borrow_mut().retain(|what| what != What::Restart(node));
        }
        net::steer(&self.world, |net| net.restart(node));
        self.show(node, Happening::Restarted);
    }

    /// Takes everything off the disk of a node that is down, the paths of its Unix sockets as well.
    ///
    /// # Panics
    ///
    /// When there is no such node, or it is not down.
    pub fn wipe_disk(&mut self, node: u16) {
        assert!(self.is_down(node), "node {node} is not down");
        self.world.disks.borrow_mut().wipe(node);
        net::wipe_paths(&self.world, node);
    }

    /// Whether a node has crashed and was not restarted.
    ///
    /// # Panics
    ///
    /// When there is no such node.
    #[must_use]
    pub fn is_down(&self, node: u16) -> bool {
        self.number(node, 0);
        self.world.nodes[usize::from(node)].down.get()
    }

    /// Lets a node's whole disk stand still for that long.
    ///
    /// # Panics
    ///
    /// When there is no such node.
    pub fn stall_disk(&mut self, node: u16, time: Duration) {
        self.number(node, 0);
        let until = self.world.now() + time.as_nanos() as u64;
        self.world.disks.borrow_mut().stall(node, until);
    }

    /// Flips a bit of a byte of a file on a node's disk, for good. False when there is no such
    /// byte.
    ///
    /// # Panics
    ///
    /// When there is no such node.
    pub fn rot_bit(&mut self, node: u16, path: impl AsRef<Path>, byte: usize) -> bool {
        self.number(node, 0);
        self.world.disks.borrow_mut().rot(node, path.as_ref(), byte)
    }

    /// Lets the sector of a byte of a file fail to be read until it is written again, as a whole.
    /// False when there is no such byte.
    ///
    /// # Panics
    ///
    /// When there is no such node.
    pub fn spoil_sector(&mut self, node: u16, path: impl AsRef<Path>, byte: usize) -> bool {
        self.number(node, 0);
        self.world.disks.borrow_mut().spoil(node, path.as_ref(), byte)
    }

    /// Lets a shard stand still for that long, whatever reaches it.
    ///
    /// # Panics
    ///
    /// When there is no such shard.
    pub fn stall(&mut self, node: u16, shard: u16, time: Duration) {
        let number = self.number(node, shard);
        self.stand_still(number, time.as_nanos() as u64, Fault::ShardStall);
    }

    /// Makes every round of a shard take that many times as long as it does; 1 is as usual.
    ///
    /// # Panics
    ///
    /// When there is no such shard; at a factor of 0.
    pub fn slow(&mut self, node: u16, shard: u16, factor: u32) {
        assert!(factor > 0, "a round takes some time");
        let number = self.number(node, shard);
        self.world.shards[number as usize].slowness.set(factor);
    }

    /// What goes wrong with a shard after a round that cost that much.
    pub(super) fn strain(&mut self, number: u32, cost: u64) {
        let state = &self.world.shards[number as usize];
        let (node, factor) = (state.place.node, state.slowness.get());
        if factor > 1 {
            let extra = cost * u64::from(factor - 1);
            self.world.went_wrong(Fault::SlowShard, node, extra);
            self.stand_still(number, extra, Fault::SlowShard);
        }
        if self.world.goes_wrong(Fault::ShardStall, number) {
            let time = self.world.fault_time(number, |times| times.shard_stall_max);
            self.stand_still(number, time, Fault::ShardStall);
        }
    }

    /// Takes a shard off those that can run until that time has passed, because of that fault.
    fn stand_still(&mut self, number: u32, time: u64, why: Fault) {
        let state = &self.world.shards[number as usize];
        let end = self.world.now() + time;
        if end <= state.stalled_until.get() {
            return;
        }
        let is_counted = state.held.get() && state.stalled_by.get() == Fault::ShardStall;
        state.stalled_until.set(end);
        state.stalled_by.set(why);
        if let Some(index) = self.ready.iter().position(|&other| other == number) {
            self.ready.remove(index);
            state.held.set(true);
            self.begin_stall(number);
        }
        if state.held.get() && !is_counted {
            self.count_stall(number);
        }
        self.watch_stall(number);
        self.world.enter_after(time, What::StallEnd(number));
    }

    /// Lets a shard run; one that stands still runs when that is over.
    pub(super) fn make_ready(&mut self, number: u32) {
        let state = &self.world.shards[number as usize];
        if state.stalled_until.get() <= self.world.now() {
            self.ready.push(number);
        } else if !state.held.replace(true) {
            self.begin_stall(number);
            self.watch_stall(number);
            self.count_stall(number);
        }
    }

    pub(super) fn end_stall(&mut self, number: u32) {
        let state = &self.world.shards[number as usize];
        if state.stalled_until.get() <= self.world.now() && state.held.replace(false) {
            self.cells[number as usize].shard.end_step();
            self.ready.push(number);
        }
    }

    /// Counts that a shard that could run does not. What a slow shard loses is counted by the round.
    fn count_stall(&self, number: u32) {
        let state = &self.world.shards[number as usize];
        let left = state.stalled_until.get() - self.world.now();
        if state.stalled_by.get() == Fault::ShardStall {
            self.world.went_wrong(Fault::ShardStall, state.place.node, left);
            state.cause.set(self.world.trace.cause());
        }
    }

    /// Takes back what would reach a node that is down.
    fn void_events(&self, node: u16, how: Crash, numbers: std::ops::Range<u32>) {
        let world = &*self.world;
        drop_each(world.inbox.remove(|shard| numbers.contains(&shard)));
        let completions = world.void_completions(|shard| numbers.contains(&shard));
        let (jobs, void_jobs) = world.void_jobs(|shard| numbers.contains(&shard));
        let (threads, void_tasks) = world.void_threads(|shard| numbers.contains(&shard));
        let operations = world.disks.borrow_mut().crash(world, node, how);
        world.events.borrow_mut().retain(|what| match what {
            What::Deadline(shard)
            | What::Doorbell(shard)
            | What::Spurious(shard)
            | What::Notice(shard)
            | What::SpinEnd(shard, _)
            | What::StallEnd(shard)
            | What::Watch(shard)
            | What::Inject(shard) => !numbers.contains(&shard),
            What::Complete(slot) => !completions.contains(&slot),
            What::Job(slot) => !void_jobs.contains(&slot),
            What::OnThread(slot) => !void_tasks.contains(&slot),
            What::Disk(slot) => !operations.contains(&slot),
            What::Net(_) | What::GiveUp(_) | What::Unanswered(_) => true,
            What::Crash(..) | What::Restart(_) => true,
        });
        // Only now may users' drops run.
        drop_each(jobs);
        drop_each(threads);
    }

    /// Puts a fresh incarnation in the place of a node.
    fn replace(&mut self, node: u16, numbers: std::ops::Range<u32>) {
        let world = self.world.clone();
        let state = &world.nodes[usize::from(node)];
        state.incarnation.set(state.incarnation.get() + 1);
        let cell = NodeCell::new(&world, state);
        for number in numbers {
            world.shards[number as usize].reset();
            self.ready.retain(|&other| other != number);
            self.cells[number as usize] =
                ShardCell::new(&world, &cell, number, self.reporter.clone());
        }
        self.nodes[usize::from(node)] = cell;
    }
}
