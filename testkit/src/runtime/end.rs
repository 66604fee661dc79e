//! The end of a simulated runtime.

use std::time::Duration;

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
        drop(self.world.inbox.close());
        for node in &self.nodes {
            drop(node.rings.take_all());
        }
        for shard in &self.world.shards {
            let arriving = std::mem::take(&mut *shard.arriving.borrow_mut());
            let injected = std::mem::take(&mut *shard.injected.borrow_mut());
            let completions = std::mem::take(&mut *shard.completions.borrow_mut());
            drop((arriving, injected));
            drop_each(completions);
        }
        self.world.drop_all();
    }
}
