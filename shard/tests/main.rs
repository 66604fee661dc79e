//! The integration tests of the production runtime.

#[cfg(not(loom))]
mod actors;
#[cfg(not(loom))]
mod backends;
#[cfg(not(loom))]
mod churn;
#[cfg(not(loom))]
mod churn_body;
#[cfg(not(loom))]
mod common;
#[cfg(not(loom))]
mod datagrams;
#[cfg(not(loom))]
mod files;
#[cfg(loom)]
mod loom_bell;
#[cfg(loom)]
mod loom_mesh;
#[cfg(not(loom))]
mod mesh_stress;
#[cfg(not(loom))]
mod outside;
#[cfg(not(loom))]
mod short_writes;
#[cfg(not(loom))]
mod shutdown;
#[cfg(not(loom))]
mod signals;
#[cfg(not(loom))]
mod stalls;
#[cfg(not(loom))]
mod tcp;
#[cfg(not(loom))]
mod unix;
#[cfg(not(loom))]
mod wake;
