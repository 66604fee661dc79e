//! Simulated disks: one per node, in memory.
//!
//! An operation has three times, each drawn: it is submitted, it has its effect, and its completion
//! is seen. Two operations under way at the same time take effect in either order, so a program
//! that relies on an order has to wait for completions; but a close comes after all others on its
//! file. A cancel is a race that the operation may win. What goes wrong is what [`crate::Faults`]
//! says.
//!
//! Each file is two images: what reads see, and what the device has for certain, with the changes
//! that separate them. A sync brings the second up to the first; a loss of power goes back to the
//! second and draws for each change whether it was lost, torn or kept. Names are kept in the same
//! way, and a sync of their directory makes them durable. A kill of the process loses neither.

mod content;
mod damage;
mod faults;
mod files;
mod form;
mod image;
mod names;
mod operate;

pub(crate) use files::Disks;
pub(crate) use operate::{cancel, happen, submit};
