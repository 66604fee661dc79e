//! Whole lives under storms: links, monitors, supervision, names and groups, on two to four shards,
//! while anybody may be killed, or panic anywhere, at any moment.

mod book;
mod branches;
mod checks;
mod crowd;
mod links;
mod meddling;
mod registry;
mod rows;
mod setting;
mod souls;
mod storm;
mod trees;
mod workers;
