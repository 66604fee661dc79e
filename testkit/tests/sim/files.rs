//! Files, names and blocking jobs.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::path::PathBuf;

use greenroom_core::io::{blocking, disk, resolve};
use greenroom_core::runtime::{DiskDone, DiskRequest, FileId, OpenMode};
use greenroom_testkit::Campaign;

use super::actors::come_to_rest;

pub(crate) const NEW: OpenMode = OpenMode::CreateNew;

pub(crate) async fn open(path: &str, mode: OpenMode) -> std::io::Result<(FileId, u64)> {
    match disk(DiskRequest::Open { path: path.into(), mode }).await? {
        DiskDone::Opened { file, len } => Ok((file, len)),
        other => panic!("{other:?}"),
    }
}

pub(crate) async fn read(file: FileId, offset: u64, len: usize) -> Vec<u8> {
    match disk(DiskRequest::ReadAt { file, offset, len }).await {
        Ok(DiskDone::Read(bytes)) => bytes,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_was_written_and_synced_is_read() {
    let name = "sim::files::what_was_written_and_synced_is_read";
    Campaign::new(name).seeds(100).runtime(|builder, _| builder.nodes(2)).run(|sim| {
        sim.run(async |_| {
            let missing = open("log", OpenMode::Read).await.unwrap_err();
            assert_eq!(missing.kind(), ErrorKind::NotFound);
            let (file, len) = open("log", OpenMode::CreateNew).await.unwrap();
            assert_eq!(len, 0);
            let data = b"hello, disk".to_vec();
            let write = DiskRequest::WriteAt { file, offset: 5, data };
            let Ok(DiskDone::Wrote(data)) = disk(write).await else { panic!("no write") };
            assert_eq!(data, b"hello, disk");
            disk(DiskRequest::Sync { file, data_only: true }).await.unwrap();
            assert_eq!(read(file, 5, 100).await, b"hello, disk");
            assert_eq!(read(file, 0, 6).await, b"\0\0\0\0\0h");
            assert_eq!(read(file, 99, 6).await, b"");
            let from = "log".into();
            disk(DiskRequest::Rename { from, to: "old".into() }).await.unwrap();
            disk(DiskRequest::SyncDir { path: PathBuf::from(".") }).await.unwrap();
            // Open files outlive their names.
            disk(DiskRequest::Remove { path: "old".into() }).await.unwrap();
            assert_eq!(read(file, 5, 5).await, b"hello");
            disk(DiskRequest::Close { file }).await.unwrap();
            let closed = disk(DiskRequest::Len { file }).await.unwrap_err();
            assert_eq!(closed.kind(), ErrorKind::InvalidInput);
            let (kept, _) = open("kept", OpenMode::ReadWrite).await.unwrap();
            disk(DiskRequest::SetLen { file: kept, len: 9 }).await.unwrap();
            let again = open("kept", OpenMode::CreateNew).await.unwrap_err();
            assert_eq!(again.kind(), ErrorKind::AlreadyExists);
            disk(DiskRequest::Close { file: kept }).await.unwrap();
        });
        assert_eq!(sim.files(0), [(PathBuf::from("kept"), 9)]);
        assert_eq!(sim.files(1), [], "nodes share a disk");
        come_to_rest(sim, 2, 2);
    });
}

#[test]
fn writes_under_way_together_take_effect_in_either_order() {
    let both = std::sync::Mutex::new([false; 2]);
    let name = "sim::files::writes_under_way_together_take_effect_in_either_order";
    let summary = Campaign::new(name).seeds(60).run(|sim| {
        let first = sim.run(async |_| {
            let (file, _) = open("f", OpenMode::ReadWrite).await.unwrap();
            let write = |byte| disk(DiskRequest::WriteAt { file, offset: 0, data: vec![byte] });
            let (one, two) = (write(1), write(2));
            one.await.unwrap();
            two.await.unwrap();
            // A read that nobody waits for, and its cancel.
            drop(disk(DiskRequest::ReadAt { file, offset: 0, len: 1 }));
            let last = read(file, 0, 1).await[0];
            disk(DiskRequest::Close { file }).await.unwrap();
            last == 1
        });
        both.lock().unwrap()[usize::from(first)] = true;
        come_to_rest(sim, 1, 2);
    });
    if !summary.is_whole() {
        return;
    }
    assert_eq!(both.into_inner().unwrap(), [true; 2], "one order was never seen");
}

#[test]
fn blocking_jobs_run_and_their_panics_are_errors() {
    let name = "sim::files::blocking_jobs_run_and_their_panics_are_errors";
    Campaign::new(name).seeds(50).run(|sim| {
        sim.run(async |_| {
            assert_eq!(blocking(|| 6 * 7).await.unwrap(), 42);
            let error = blocking(|| panic!("no disk")).await.unwrap_err();
            assert!(error.to_string().contains("no disk"), "{error}");
            assert_eq!(blocking(|| 1).await.unwrap(), 1, "the pool is gone");
        });
        come_to_rest(sim, 1, 2);
    });
}

#[test]
fn names_are_resolved() {
    let name = "sim::files::names_are_resolved";
    let configure = |builder: greenroom_testkit::Builder, _| {
        builder.nodes(2).host("db.example", [10, 0, 0, 2].into())
    };
    Campaign::new(name).seeds(20).runtime(configure).run(|sim| {
        sim.run(async |_| {
            for host in ["n1", "db.example", "10.0.0.2"] {
                let expected: SocketAddr = "10.0.0.2:7".parse().unwrap();
                assert_eq!(resolve(host, 7).await.unwrap(), [expected]);
            }
            assert!(resolve("localhost", 1).await.unwrap()[0].ip().is_loopback());
            let unknown = resolve("nowhere", 1).await.unwrap_err();
            assert_eq!(unknown.kind(), ErrorKind::NotFound);
        });
    });
}
