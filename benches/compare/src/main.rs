//! Measures other actor frameworks, and Greenroom beside them, on the same workloads.
//!
//! A figure is worth something only beside another one from the same machine and the same minutes.
//! So a comparison runs every measurement in a process of its own (allocators and runtimes cannot
//! disturb each other), takes the rivals in turn, several times round (a slow minute hits all of
//! them), pins threads to cores, and prints medians with their spread. The workloads are defined
//! once, in [`workloads`], as code that is generic over a [`rivals::Rival`]: a rival only says how
//! its own verbs are spelled, so none can do less work than another.

mod alloc;
mod child;
mod cli;
mod compare;
mod line;
mod ours;
mod pin;
mod probe;
mod record;
mod report;
mod rivals;
mod samples;
mod servers;
mod workloads;

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: alloc::Counting = alloc::Counting;

fn main() -> ExitCode {
    cli::main(std::env::args().skip(1))
}
