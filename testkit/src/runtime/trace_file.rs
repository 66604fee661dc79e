//! The trace of a run on its way into a file.

use std::path::Path;
use std::rc::Rc;

use super::TestRuntime;
use crate::trace::{Head, Mishap, TraceFile, encoded};
use crate::world::World;

impl TestRuntime {
    /// Writes the events of the run to a file that `greenroom-show` reads: all of them (the last
    /// four million at least) where the builder said to keep the trace, else the last 4,096.
    ///
    /// # Errors
    ///
    /// When the file cannot be written.
    pub fn save_trace(&self, path: impl AsRef<Path>) -> std::io::Result<()> {
        std::fs::write(path, self.trace_file("", None).bytes())
    }

    /// The bytes of such a file.
    pub(crate) fn trace_file(&self, test: &str, mishap: Option<Mishap>) -> TraceFile {
        let trace = &self.world.trace;
        let noted = trace.names();
        let names = match noted.is_empty() {
            true => self.cells.iter().flat_map(|cell| cell.observer.names()).collect(),
            false => noted,
        };
        let head = Head {
            test,
            seed: self.world.seed,
            policy: self.world.swarm.policy.to_string(),
            hash: self.trace_hash(),
            shards: self.world.nodes.iter().map(|node| node.shards).collect(),
            events: self.events(),
            names,
            mishap,
        };
        encoded(&head, &trace.records(usize::MAX))
    }

    /// How many events there are, at any time, as long as the runtime lives.
    pub(crate) fn events_so_far(&self) -> impl Fn() -> u64 + use<> {
        let world: std::rc::Weak<World> = Rc::downgrade(&self.world);
        move || world.upgrade().map_or(0, |world| world.trace.events())
    }
}
