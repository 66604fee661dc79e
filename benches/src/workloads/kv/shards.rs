//! One shard against two.

use std::time::Duration;

use super::client::Client;
use super::lean::Lean;
use super::load::Load;
use super::measure::{Contender, DEPTHS, LEAN, ONE_SHARD, named, rounds};
use super::server::Program;
use crate::arguments::Arguments;
use crate::cores;
use crate::programs;
use crate::report::Figure;

/// Keys, half of which belong to the shard that has not got the connection.
const KEYS: u64 = 100_000;
/// Requests that the lean client sends together. Client and servers share two cores, so the more a
/// send holds, the more of their time is the server's.
const LEAN_DEPTHS: &[u64] = &[1, 16, 128];

/// Measures ours on two shards, on every core there is, and on one.
///
/// # Errors
///
/// As `kv`.
pub(crate) fn measure(arguments: &Arguments) -> Result<Vec<Figure>, String> {
    let told = |error| format!("kv_shards: {error}");
    let [core, client_core] = cores::two().map_err(told)?;
    let ours = programs::ours("kv", arguments.kv.as_deref())?;
    let program = programs::on_path("redis-benchmark");
    let program = program.ok_or("kv_shards: redis-benchmark is not on the PATH")?;
    let limit = Duration::from_secs_f64(60.0 + 20.0 * arguments.secs);
    let benchmark = Load::Benchmark(Client { program, core: client_core, limit, keys: Some(KEYS) });
    let lean = |cores| Load::Lean(Lean { cores, keys: KEYS });
    // A client beside two shards has a half of each core; beside one, a core of its own.
    let loads = [
        ("", DEPTHS, benchmark.clone(), benchmark),
        (LEAN, LEAN_DEPTHS, lean(vec![core, client_core]), lean(vec![client_core])),
    ];
    let mut figures = Vec::new();
    for driver in &arguments.drivers {
        for (suffix, depths, two, one) in &loads {
            let contender = |name: &str, shards, core, load: &Load| Contender {
                name: named(&format!("{name}{suffix}"), *driver, &arguments.drivers),
                program: Program::Ours(ours.clone(), *driver, shards),
                core,
                load: load.clone(),
            };
            let both =
                [contender("two shards", 2, None, two), contender(ONE_SHARD, 1, Some(core), one)];
            let measured = rounds("kv_shards", &both, depths, arguments.secs, arguments.repeats);
            figures.extend(measured.map_err(told)?);
        }
    }
    Ok(figures)
}
