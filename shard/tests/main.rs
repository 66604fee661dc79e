//! The integration tests of the production runtime.

#[cfg(loom)]
mod loom_mesh;
#[cfg(not(loom))]
mod mesh_stress;
