//! Pictures of a simulated run, from the trace it left: a table, a page, a trace for Perfetto, a
//! sequence diagram.
//!
//! A trace file says itself what its numbers mean (`greenroom-testkit` writes it, in
//! `src/trace/file.rs`), so nothing here depends on the program that wrote it, nor on the testkit.
//! What is added here is what each kind of event has to say: `Words`.
//!
//! A failing test of the simulator leaves its page beside its trace; `greenroom-show`, the program of
//! this crate, makes the other pictures.

#![forbid(unsafe_code)]

mod base64;
mod file;
mod html;
mod json;
mod mermaid;
mod perfetto;
mod select;
mod show;
mod table;
mod words;

#[cfg(test)]
mod sample;

pub(crate) use file::{NO_SHARD, Record, Trace};
pub(crate) use html::page;
pub(crate) use mermaid::diagram;
pub(crate) use perfetto::chrome_trace;
pub(crate) use select::Selection;
pub use show::{ShowError, page_of, show};
pub(crate) use table::table;
pub(crate) use words::Words;
