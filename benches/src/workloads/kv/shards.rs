//! One shard against two.

use std::time::Duration;

use super::client::Client;
use super::measure::{Contender, ONE_SHARD, named, rounds};
use super::server::Program;
use crate::arguments::Arguments;
use crate::cores;
use crate::programs;
use crate::report::Figure;

/// Keys, half of which belong to the shard that has not got the connection.
const KEYS: u64 = 100_000;

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
    let client = Client { program, core: client_core, limit, keys: Some(KEYS) };
    let mut figures = Vec::new();
    for driver in &arguments.drivers {
        let contender = |name: &str, shards, core| Contender {
            name: named(name, *driver, &arguments.drivers),
            program: Program::Ours(ours.clone(), *driver, shards),
            core,
        };
        let both = [contender("two shards", 2, None), contender(ONE_SHARD, 1, Some(core))];
        let measured = rounds("kv_shards", &both, &client, arguments.secs, arguments.repeats);
        figures.extend(measured.map_err(told)?);
    }
    Ok(figures)
}
