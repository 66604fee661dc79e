//! Pinning of threads to cores.

use core_affinity::CoreId;
use std::sync::OnceLock;

/// The core of a one-core workload, and of the client where there are two.
pub(crate) const CLIENT: usize = 0;
/// The core of the server in a two-core workload.
pub(crate) const SERVER: usize = 1;

/// The cores this process may use. Read once, before anything is pinned: a pinned thread, and the
/// threads it starts, see only their own core.
static CORES: OnceLock<Vec<CoreId>> = OnceLock::new();

/// Pins the calling thread, and the threads it starts from now on, to the `index`-th core this
/// process may use.
///
/// # Errors
///
/// When there are fewer cores, or the system refuses.
pub(crate) fn this_thread(index: usize) -> Result<(), String> {
    let cores = CORES.get_or_init(|| core_affinity::get_core_ids().unwrap_or_default());
    let core = cores
        .get(index)
        .ok_or_else(|| format!("{} cores are needed, and there are {}", index + 1, cores.len()))?;
    if core_affinity::set_for_current(*core) {
        Ok(())
    } else {
        Err(format!("the system refused to pin a thread to core {}", core.id))
    }
}
