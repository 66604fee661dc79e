//! `System::builder()`.

use greenroom_core::System;
use greenroom_shard::Builder;

/// Gives [`System`] its builder: core, where it lives, knows no runtime to build one on.
pub trait SystemBuilder {
    /// Settings of a system to run: shards, pinning, idling, name, hooks.
    fn builder() -> Builder {
        Builder::new()
    }
}

impl SystemBuilder for System {}
