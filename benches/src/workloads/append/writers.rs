//! The writers: tasks of a shard.

use std::cell::Cell;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::{Duration, Instant};

use greenroom_core::io::disk;
use greenroom_core::runtime::{Blocks, DiskDone, DiskRequest, FileId, OpenMode};
use greenroom_core::{Result, spawn_local};

/// What the writers have in common.
struct Common {
    file: FileId,
    blocks: u64,
    next: Cell<u64>,
    count: Cell<u64>,
    begun: Instant,
    span: Duration,
}

/// Writes a second of so many writers, to a file of so many blocks.
///
/// # Errors
///
/// What the driver says.
pub(super) async fn write(
    path: PathBuf,
    blocks: u64,
    linked: bool,
    depth: usize,
    secs: f64,
) -> Result<f64> {
    let (mode, direct) = (OpenMode::ReadWrite, true);
    let opening = DiskRequest::OpenWith { path, mode, direct, durable: !linked };
    let DiskDone::Opened { file, .. } = disk(opening).await? else {
        return Err("a file was not opened".into());
    };
    let (next, count) = (Cell::new(0), Cell::new(0));
    let (begun, span) = (Instant::now(), Duration::from_secs_f64(secs));
    let common = Rc::new(Common { file, blocks, next, count, begun, span });
    let writers: Vec<_> =
        (0..depth).map(|_| spawn_local(one_writer(common.clone(), linked))).collect();
    for writer in writers {
        writer.await??;
    }
    disk(DiskRequest::Close { file }).await?;
    Ok(common.count.get() as f64 / (common.begun.elapsed() - span / 5).as_secs_f64())
}

async fn one_writer(common: Rc<Common>, sync: bool) -> std::io::Result<()> {
    let Common { file, blocks, next, count, begun, span } = &*common;
    let mut data = Blocks::holding(&[7; Blocks::BYTES]);
    while begun.elapsed() < *span || count.get() == 0 {
        let offset = next.get() % blocks * Blocks::BYTES as u64;
        next.set(next.get() + 1);
        let write = DiskRequest::WriteBlocks { file: *file, offset, data, sync };
        let DiskDone::WroteBlocks(back) = disk(write).await? else {
            return Err(std::io::Error::other("a write that is none"));
        };
        data = back;
        if begun.elapsed() >= *span / 5 {
            count.set(count.get() + 1);
        }
    }
    Ok(())
}
