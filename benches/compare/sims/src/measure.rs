//! A rival, run for a while.

use std::time::{Duration, Instant};

/// Bytes of a message between nodes.
pub const FRAME: usize = 16;
/// Messages that each player sends to another node and gets back, in one run.
pub const ROUNDS: u64 = 300;
/// Messages that two tasks of one node pass each other in one run.
pub const PASSES: u64 = 20_000;
/// Nodes of the runs between nodes.
pub const NODES: [u16; 2] = [2, 10];

/// One thing that a rival is measured at: a name, and a run with a seed that says how many messages
/// it delivered.
pub type Workload = (String, Box<dyn Fn(u64) -> u64>);

/// A workload of so many nodes.
pub fn workload(name: impl Into<String>, run: impl Fn(u64) -> u64 + 'static) -> Workload {
    (name.into(), Box::new(run))
}

/// Runs each workload for so many seconds, as the first argument says, and prints a line
/// `name messages-a-second` for each.
pub fn measure(workloads: impl IntoIterator<Item = Workload>) {
    let secs: f64 = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(1.0);
    let limit = Duration::from_secs_f64(secs);
    for (name, run) in workloads {
        let (begun, mut messages, mut seed) = (Instant::now(), 0, 0);
        while seed == 0 || begun.elapsed() < limit {
            messages += run(seed);
            seed += 1;
        }
        println!("{name} {:.0}", messages as f64 / begun.elapsed().as_secs_f64());
    }
}
