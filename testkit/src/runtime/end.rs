//! The end of a simulated runtime.

use std::time::Duration;

use greenroom_core::ShutdownReport;

use super::TestRuntime;
use crate::threads::drop_each;

impl TestRuntime {
    /// Ends a node as its owner would: every actor is asked to stop, and after `grace` of virtual
    /// time, which passes in any case, killed. Returns whether everything ended in time.
    ///
    /// # Panics
    ///
    /// When there is no such node; and as [`TestRuntime::step`].
    pub fn close(&mut self, node: u16, grace: Duration) -> bool {
        let first = self.number(node, 0);
        let last = first + u32::from(self.world.nodes[usize::from(node)].shards);
        for number in first..last {
            self.entered(number, |shard| shard.close());
        }
        self.advance(grace);
        let quiet = (first..last).all(|number| self.cells[number as usize].shard.is_quiet());
        for number in first..last {
            self.entered(number, |shard| shard.kill_all());
        }
        self.run_until_idle();
        quiet
    }

    /// Begins the shutdown of a node, the one of production, with so much virtual time until actors
    /// are killed. It goes on as the runtime is stepped; once begun, it is not begun again.
    ///
    /// # Panics
    ///
    /// When there is no such node.
    pub fn begin_shutdown(&mut self, node: u16, limit: Duration) {
        let leader = self.number(node, 0);
        self.entered(leader, |shard| shard.begin_shutdown(limit));
    }

    /// Shuts a node down to its end, and tells how: [`TestRuntime::begin_shutdown`], unless that was
    /// called, and then what is under way is delivered, and what is left dropped where it stands.
    /// The node is of no use afterwards, unless it is crashed and restarted.
    ///
    /// # Panics
    ///
    /// When there is no such node; when it crashes meanwhile; and as [`TestRuntime::step`].
    pub fn shutdown(&mut self, node: u16, limit: Duration) -> ShutdownReport {
        self.begin_shutdown(node, limit);
        let first = self.number(node, 0);
        let last = first + u32::from(self.world.nodes[usize::from(node)].shards);
        while self.cells[first as usize].shard.shutdown_outcome().is_none() {
            assert!(self.step(), "deadlock: a shutdown has no end\n{}", self.report());
            assert!(!self.is_down(node), "node {node} crashed while it was shut down");
        }
        (first..last).for_each(|number| self.entered(number, |shard| shard.seal()));
        self.run_until_idle();
        (first..last).for_each(|number| self.entered(number, |shard| shard.abandon_all()));
        self.run_until_idle();
        let ends = (first..last).map(|number| Some(self.cells[number as usize].shard.end_report()));
        ShutdownReport::new(ends)
    }

    pub(super) fn entered(&mut self, number: u32, f: impl FnOnce(&greenroom_core::Shard)) {
        let shard = &self.cells[number as usize].shard;
        shard.enter(|| f(shard));
        self.rouse(number);
    }
}

impl Drop for TestRuntime {
    /// Drops what users made in a fixed order: the tasks of each shard, shard by shard, then what
    /// was on its way. None of it can reach anybody any more.
    fn drop(&mut self) {
        if self.announces && std::thread::panicking() {
            eprintln!("{}", self.headline());
        }
        for cell in &self.cells {
            cell.shard.enter(|| cell.shard.abandon_all());
        }
        drop_each(self.world.inbox.close().into_iter().flatten());
        for node in &self.nodes {
            drop_each(node.rings.take_all());
        }
        for shard in &self.world.shards {
            shard.drop_inputs();
        }
        self.world.drop_all();
    }
}
