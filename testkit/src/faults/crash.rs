//! How a node goes down.

/// How a node goes down.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Crash {
    /// The power fails: what was not synced is lost, or torn, and the peers hear nothing.
    Power,
    /// The process is killed: the page cache stays, and the kernel closes its connections.
    Process,
}
