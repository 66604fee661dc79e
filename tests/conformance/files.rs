//! What files must do, whatever they lie on. Each body has a directory of its own.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::pin::Pin;

use greenroom::io::disk;
use greenroom::runtime::{DiskDone, DiskRequest, FileId, OpenMode};

/// A body, its name, and how it is run in a directory.
#[derive(Clone, Copy)]
pub(super) struct FileBody {
    pub(super) name: &'static str,
    pub(super) run: fn(PathBuf) -> Pin<Box<dyn Future<Output = ()>>>,
}

macro_rules! bodies {
    ($($name:ident),+ $(,)?) => {
        &[$($crate::conformance::files::FileBody {
            name: stringify!($name),
            run: |dir| Box::pin($name(dir)),
        }),+]
    };
}

pub(super) use bodies;

pub(super) const ALL: &[FileBody] = bodies![
    what_was_written_is_read_back,
    names_and_lengths_change,
    what_cannot_be_done_says_why,
    operations_given_up_do_no_harm,
    many_operations_run_together,
    a_close_comes_after_what_is_under_way,
];

pub(super) async fn open(path: &Path, mode: OpenMode) -> std::io::Result<(FileId, u64)> {
    match disk(DiskRequest::Open { path: path.into(), mode }).await? {
        DiskDone::Opened { file, len } => Ok((file, len)),
        other => panic!("an open came to {other:?}"),
    }
}

pub(super) async fn read(file: FileId, offset: u64, len: usize) -> std::io::Result<Vec<u8>> {
    match disk(DiskRequest::ReadAt { file, offset, len }).await? {
        DiskDone::Read(data) => Ok(data),
        other => panic!("a read came to {other:?}"),
    }
}

pub(super) async fn write(file: FileId, offset: u64, data: Vec<u8>) -> std::io::Result<Vec<u8>> {
    match disk(DiskRequest::WriteAt { file, offset, data }).await? {
        DiskDone::Wrote(data) => Ok(data),
        other => panic!("a write came to {other:?}"),
    }
}

pub(super) async fn len(file: FileId) -> u64 {
    match disk(DiskRequest::Len { file }).await {
        Ok(DiskDone::Len(len)) => len,
        other => panic!("a question for a length came to {other:?}"),
    }
}

pub(super) async fn end(request: DiskRequest) -> std::io::Result<()> {
    match disk(request).await? {
        DiskDone::Ended => Ok(()),
        other => panic!("it came to {other:?}"),
    }
}

async fn what_was_written_is_read_back(dir: PathBuf) {
    let (file, fresh) = open(&dir.join("file"), OpenMode::CreateNew).await.expect("opened");
    assert_eq!(fresh, 0);
    end(DiskRequest::Allocate { file, len: 1 << 20 }).await.expect("allocated");
    assert_eq!(len(file).await, 0, "room is not length");
    let bytes: Vec<u8> = (0..(2 << 20) + 77_u32).map(|n| (n >> 7) as u8).collect();
    let back = write(file, 3, bytes).await.expect("written");
    end(DiskRequest::Sync { file, data_only: true }).await.expect("synced");
    end(DiskRequest::Sync { file, data_only: false }).await.expect("synced");
    assert_eq!(len(file).await, 3 + back.len() as u64);
    assert!(read(file, 3, back.len()).await.expect("read") == back);
    assert_eq!(read(file, 1, 4).await.expect("read"), [0, 0, back[0], back[1]]);
    let last = 3 + back.len() as u64 - 1;
    assert_eq!(read(file, last, 9).await.expect("read").len(), 1, "shorter at the end");
    assert!(read(file, 1 << 40, 9).await.expect("read").is_empty());
    assert!(read(file, 0, 0).await.expect("read").is_empty());
    assert!(write(file, 0, Vec::new()).await.expect("written").is_empty());
    end(DiskRequest::Close { file }).await.expect("closed");
}

async fn names_and_lengths_change(dir: PathBuf) {
    let (first, second) = (dir.join("first"), dir.join("second"));
    let (file, _) = open(&first, OpenMode::ReadWrite).await.expect("opened");
    write(file, 0, b"0123456789".to_vec()).await.expect("written");
    end(DiskRequest::SetLen { file, len: 4 }).await.expect("shorter");
    assert_eq!(read(file, 0, 100).await.expect("read"), b"0123");
    end(DiskRequest::SetLen { file, len: 6 }).await.expect("longer");
    assert_eq!(read(file, 0, 100).await.expect("read"), b"0123\0\0");
    end(DiskRequest::Rename { from: first.clone(), to: second.clone() }).await.expect("renamed");
    end(DiskRequest::SyncDir { path: dir }).await.expect("synced");
    assert_eq!(read(file, 0, 4).await.expect("read"), b"0123", "an open file is not its name");
    end(DiskRequest::Close { file }).await.expect("closed");
    let (file, length) = open(&second, OpenMode::ReadWrite).await.expect("opened");
    assert_eq!(length, 6, "kept when there");
    end(DiskRequest::Remove { path: second.clone() }).await.expect("removed");
    assert_eq!(read(file, 0, 4).await.expect("read"), b"0123", "nor is it gone with it");
    end(DiskRequest::Close { file }).await.expect("closed");
    for path in [first, second] {
        let gone = open(&path, OpenMode::Read).await.expect_err("it has no such name");
        assert_eq!(gone.kind(), ErrorKind::NotFound);
    }
}

async fn what_cannot_be_done_says_why(dir: PathBuf) {
    let path = dir.join("file");
    let kind = |error: std::io::Error| error.kind();
    assert_eq!(open(&path, OpenMode::Read).await.map_err(kind), Err(ErrorKind::NotFound));
    let (file, _) = open(&path, OpenMode::CreateNew).await.expect("opened");
    let again = open(&path, OpenMode::CreateNew).await.map_err(kind);
    assert_eq!(again, Err(ErrorKind::AlreadyExists));
    end(DiskRequest::Close { file }).await.expect("closed");
    assert_eq!(read(file, 0, 1).await.map_err(kind), Err(ErrorKind::InvalidInput));
    let closed = end(DiskRequest::Close { file }).await.map_err(kind);
    assert_eq!(closed, Err(ErrorKind::InvalidInput));
    let (file, _) = open(&path, OpenMode::Read).await.expect("opened");
    let reader = write(file, 0, vec![1]).await.map_err(kind);
    assert_eq!(reader, Err(ErrorKind::PermissionDenied));
    end(DiskRequest::Close { file }).await.expect("closed");
    let nowhere = end(DiskRequest::Remove { path: dir.join("other") }).await.map_err(kind);
    assert_eq!(nowhere, Err(ErrorKind::NotFound));
}

async fn operations_given_up_do_no_harm(dir: PathBuf) {
    let path = dir.join("file");
    for _ in 0..20 {
        drop(disk(DiskRequest::Open { path: path.clone(), mode: OpenMode::ReadWrite }));
        let (file, _) = open(&path, OpenMode::ReadWrite).await.expect("opened");
        drop(disk(DiskRequest::WriteAt { file, offset: 0, data: vec![1; 1000] }));
        drop(disk(DiskRequest::ReadAt { file, offset: 0, len: 1000 }));
        write(file, 2000, vec![2; 1000]).await.expect("written");
        assert_eq!(read(file, 2000, 1000).await.expect("read"), [2; 1000]);
        end(DiskRequest::Close { file }).await.expect("closed");
    }
}

async fn many_operations_run_together(dir: PathBuf) {
    let (file, _) = open(&dir.join("file"), OpenMode::CreateNew).await.expect("opened");
    let pieces = 0..64_u64;
    let writes: Vec<_> = pieces
        .clone()
        .map(|n| {
            let data = vec![n as u8; 4096];
            disk(DiskRequest::WriteAt { file, offset: n * 4096, data })
        })
        .collect();
    for write in writes {
        assert!(matches!(write.await, Ok(DiskDone::Wrote(data)) if data.len() == 4096));
    }
    let reads: Vec<_> =
        pieces.map(|n| disk(DiskRequest::ReadAt { file, offset: n * 4096, len: 4096 })).collect();
    for (n, read) in (0..).zip(reads) {
        assert!(matches!(read.await, Ok(DiskDone::Read(data)) if data == vec![n; 4096]));
    }
    end(DiskRequest::Close { file }).await.expect("closed");
}

async fn a_close_comes_after_what_is_under_way(dir: PathBuf) {
    let path = dir.join("file");
    let (file, _) = open(&path, OpenMode::CreateNew).await.expect("opened");
    let write = |n: u64| {
        let (offset, data) = (n * 4096, vec![n as u8; 4096]);
        disk(DiskRequest::WriteAt { file, offset, data })
    };
    let writes: Vec<_> = (0..16).map(write).collect();
    end(DiskRequest::Close { file }).await.expect("closed");
    let (again, length) = open(&path, OpenMode::Read).await.expect("opened");
    assert_eq!(length, 16 * 4096, "the close was first");
    for write in writes {
        assert!(matches!(write.await, Ok(DiskDone::Wrote(_))));
    }
    end(DiskRequest::Close { file: again }).await.expect("closed");
}
