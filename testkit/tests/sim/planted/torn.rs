//! A write that is acknowledged before it is durable, and is torn by a loss of power.

use std::cell::Cell;
use std::rc::Rc;

use greenroom_core::always;
use greenroom_core::io::disk;
use greenroom_core::runtime::{DiskRequest, OpenMode};
use greenroom_testkit::{Crash, Faults, TestRuntime};

use super::hunt::{campaign, hunt};
use crate::sim::disk_faults::write;
use crate::sim::files::{open, read};

/// Several sectors.
const RECORD: [u8; 4 * 4096] = [0xa5; 4 * 4096];

fn program(sim: &mut TestRuntime, planted: bool) {
    let count = sim.extent(8);
    let acknowledged = Rc::new(Cell::new(0));
    let confirm = acknowledged.clone();
    let writer = sim.start_on(0, async move |_| {
        let (file, _) = open("log", OpenMode::CreateNew).await.unwrap();
        disk(DiskRequest::SyncDir { path: ".".into() }).await.unwrap();
        for number in 0..count {
            write(file, number * RECORD.len() as u64, RECORD.to_vec()).await.unwrap();
            if !planted {
                disk(DiskRequest::Sync { file, data_only: false }).await.unwrap();
            }
            confirm.set(number as usize + 1);
        }
    });
    for _ in 0..sim.draw(60) {
        sim.step();
    }
    drop(writer);
    sim.crash(0, Crash::Power);
    sim.restart(0);
    let left = sim.run(async |_| match open("log", OpenMode::Read).await {
        Ok((file, len)) => read(file, 0, len as usize).await,
        Err(_) => Vec::new(),
    });
    let (records, _) = left.as_chunks::<{ RECORD.len() }>();
    let whole = records.iter().take_while(|record| **record == RECORD).count();
    always!(whole >= acknowledged.get(), "what was acknowledged is there and whole");
}

#[test]
fn a_torn_write_that_was_acknowledged_is_found() {
    let campaign = campaign("torn::a_torn_write_that_was_acknowledged_is_found");
    let campaign = campaign
        .runtime(|builder, _| builder.shards(1).faults(Faults::none().torn_write_probability(0.5)));
    hunt(&campaign, "what was acknowledged is there and whole", program);
}
