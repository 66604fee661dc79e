//! Operations that are linked, and what becomes of them in queues of any fill.

use std::io::ErrorKind;

use greenroom_core::runtime::{DiskDone, DiskRequest, OpenMode};
use greenroom_core::{io, spawn_local};

use super::rig::on_ring;
use crate::IdleStrategy;
use crate::driver::RingLimits;

fn small() -> RingLimits {
    RingLimits { submissions: 4, ..RingLimits::default() }
}

/// The device that has no room refuses the write; what is told is that, and not the cancel.
#[test]
fn a_write_that_fails_is_told_and_not_its_sync() {
    for limits in [RingLimits::default(), small()] {
        on_ring(limits, IdleStrategy::Park, async |_| {
            let open = DiskRequest::Open { path: "/dev/full".into(), mode: OpenMode::ReadWrite };
            let DiskDone::Opened { file, .. } = io::disk(open).await? else {
                return Err("not opened".into());
            };
            let write = |n: u8| {
                let (offset, data) = (0, vec![n; 100]);
                spawn_local(io::disk(DiskRequest::WriteAndSync { file, offset, data }))
            };
            for write in (0..50).map(write).collect::<Vec<_>>() {
                assert_eq!(write.await?.unwrap_err().kind(), ErrorKind::StorageFull);
            }
            Ok(io::disk(DiskRequest::Close { file }).await.map(drop)?)
        });
    }
}

/// More pairs than the queue has places for, of more than one part each.
#[test]
fn pairs_that_have_no_place_wait_and_are_done() {
    const LEN: usize = (1 << 20) + 4096;
    let name = format!("greenroom-{}-pairs", std::process::id());
    let path = std::env::temp_dir().join(name);
    let at = path.clone();
    on_ring(small(), IdleStrategy::Park, async move |_| {
        let open = DiskRequest::Open { path: at, mode: OpenMode::CreateNew };
        let DiskDone::Opened { file, .. } = io::disk(open).await? else {
            return Err("not opened".into());
        };
        let write = |n: u64| {
            let (offset, data) = (n * LEN as u64, vec![n as u8; LEN]);
            spawn_local(io::disk(DiskRequest::WriteAndSync { file, offset, data }))
        };
        for write in (0..20).map(write).collect::<Vec<_>>() {
            assert!(matches!(write.await??, DiskDone::Wrote(data) if data.len() == LEN));
        }
        Ok(io::disk(DiskRequest::Close { file }).await.map(drop)?)
    });
    let written = std::fs::read(&path).unwrap();
    std::fs::remove_file(path).unwrap();
    assert!(written.chunks(LEN).zip(0..).all(|(part, n)| part.iter().all(|byte| *byte == n)));
    assert_eq!(written.len(), 20 * LEN);
}
