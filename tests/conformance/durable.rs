//! What writes that are durable, and files past the page cache, must do. As in [`super::files`].

use std::io::ErrorKind;
use std::path::PathBuf;

use greenroom::io::disk;
use greenroom::runtime::{Blocks, DiskDone, DiskRequest, FileId, OpenMode};

use super::files::{FileBody, bodies, end, len, open, read, write};

pub(super) const ALL: &[FileBody] = bodies![
    a_write_and_its_sync_are_one,
    a_write_and_its_sync_say_why_not,
    many_durable_writes_run_together,
    a_durable_file_is_written_like_any_other,
    blocks_are_written_and_read,
    a_direct_file_takes_blocks_alone,
];

async fn write_and_sync(file: FileId, offset: u64, data: Vec<u8>) -> std::io::Result<Vec<u8>> {
    match disk(DiskRequest::WriteAndSync { file, offset, data }).await? {
        DiskDone::Wrote(data) => Ok(data),
        other => panic!("a write came to {other:?}"),
    }
}

async fn write_blocks(
    file: FileId,
    offset: u64,
    data: Blocks,
    sync: bool,
) -> std::io::Result<Blocks> {
    match disk(DiskRequest::WriteBlocks { file, offset, data, sync }).await? {
        DiskDone::WroteBlocks(data) => Ok(data),
        other => panic!("a write came to {other:?}"),
    }
}

async fn read_blocks(file: FileId, offset: u64, blocks: usize) -> std::io::Result<(Blocks, usize)> {
    match disk(DiskRequest::ReadBlocks { file, offset, into: Blocks::new(blocks) }).await? {
        DiskDone::ReadBlocks(blocks, len) => Ok((blocks, len)),
        other => panic!("a read came to {other:?}"),
    }
}

async fn open_with(
    path: PathBuf,
    mode: OpenMode,
    direct: bool,
    durable: bool,
) -> std::io::Result<FileId> {
    match disk(DiskRequest::OpenWith { path, mode, direct, durable }).await? {
        DiskDone::Opened { file, .. } => Ok(file),
        other => panic!("an open came to {other:?}"),
    }
}

async fn a_write_and_its_sync_are_one(dir: PathBuf) {
    let (file, _) = open(&dir.join("file"), OpenMode::CreateNew).await.expect("opened");
    // None, one, and some more than the kernel is given at a time.
    for size in [0, 1, 5000, (2 << 20) + 77] {
        let bytes: Vec<u8> = (0..size).map(|n| (n >> 7) as u8).collect();
        let back = write_and_sync(file, 3, bytes).await.expect("written");
        assert_eq!(back.len(), size);
        assert!(read(file, 3, size).await.expect("read") == back);
    }
    assert_eq!(len(file).await, 3 + (2 << 20) + 77);
    end(DiskRequest::Close { file }).await.expect("closed");
}

async fn a_write_and_its_sync_say_why_not(dir: PathBuf) {
    let path = dir.join("file");
    let kind = |error: std::io::Error| error.kind();
    let (file, _) = open(&path, OpenMode::CreateNew).await.expect("opened");
    end(DiskRequest::Close { file }).await.expect("closed");
    let closed = write_and_sync(file, 0, vec![1]).await.map_err(kind);
    assert_eq!(closed, Err(ErrorKind::InvalidInput));
    let (file, _) = open(&path, OpenMode::Read).await.expect("opened");
    let reader = write_and_sync(file, 0, vec![1]).await.map_err(kind);
    assert_eq!(reader, Err(ErrorKind::PermissionDenied));
    let reader = write_blocks(file, 0, Blocks::new(1), true).await.map(drop).map_err(kind);
    assert_eq!(reader, Err(ErrorKind::PermissionDenied));
    end(DiskRequest::Close { file }).await.expect("closed");
}

async fn many_durable_writes_run_together(dir: PathBuf) {
    let (file, _) = open(&dir.join("file"), OpenMode::CreateNew).await.expect("opened");
    let write = |n: u64| {
        let (offset, data) = (n * 4096, vec![n as u8; 4096]);
        disk(DiskRequest::WriteAndSync { file, offset, data })
    };
    let writes: Vec<_> = (0..64).map(write).collect();
    // Some are given up, which is no harm to the others.
    drop((64..80).map(write).collect::<Vec<_>>());
    for (n, write) in (0..).zip(writes) {
        assert!(matches!(write.await, Ok(DiskDone::Wrote(data)) if data == vec![n; 4096]));
    }
    for n in 0..64_u64 {
        assert_eq!(read(file, n * 4096, 4096).await.expect("read"), vec![n as u8; 4096]);
    }
    end(DiskRequest::Close { file }).await.expect("closed");
}

async fn a_durable_file_is_written_like_any_other(dir: PathBuf) {
    let path = dir.join("file");
    let file = open_with(path.clone(), OpenMode::CreateNew, false, true).await.expect("opened");
    write(file, 1, b"abc".to_vec()).await.expect("written");
    write_and_sync(file, 4, b"def".to_vec()).await.expect("written");
    assert_eq!(read(file, 0, 9).await.expect("read"), b"\0abcdef");
    end(DiskRequest::Close { file }).await.expect("closed");
    let again = open_with(path, OpenMode::CreateNew, false, true).await.map_err(|it| it.kind());
    assert_eq!(again, Err(ErrorKind::AlreadyExists));
}

async fn blocks_are_written_and_read(dir: PathBuf) {
    for (name, direct) in [("cached", false), ("direct", true)] {
        let opened = open_with(dir.join(name), OpenMode::CreateNew, direct, false).await;
        let file = match opened {
            // Not every file system can.
            Err(error) if direct && error.kind() == ErrorKind::Unsupported => continue,
            opened => opened.expect("opened"),
        };
        // More than the kernel is given at a time.
        let bytes: Vec<u8> = (0..(1 << 20) + 3 * 4096_u32).map(|n| (n >> 5) as u8).collect();
        for sync in [false, true] {
            let back = write_blocks(file, 4096, Blocks::holding(&bytes), sync).await;
            assert!(*back.expect("written") == bytes[..]);
        }
        let (blocks, got) = read_blocks(file, 4096, bytes.len() / 4096).await.expect("read");
        assert!(got == bytes.len() && *blocks == bytes[..]);
        assert_eq!(len(file).await, 4096 + bytes.len() as u64);
        end(DiskRequest::SetLen { file, len: 4096 + 10 }).await.expect("shorter");
        let (blocks, got) = read_blocks(file, 4096, 2).await.expect("read");
        assert_eq!((got, &blocks[..got]), (10, &bytes[..10]), "shorter at the end");
        let (_, got) = read_blocks(file, 1 << 30, 1).await.expect("read");
        assert_eq!(got, 0, "and beyond");
        assert_eq!(read_blocks(file, 0, 0).await.expect("read").1, 0);
        end(DiskRequest::Sync { file, data_only: false }).await.expect("synced");
        end(DiskRequest::Close { file }).await.expect("closed");
    }
}

async fn a_direct_file_takes_blocks_alone(dir: PathBuf) {
    let opened = open_with(dir.join("file"), OpenMode::CreateNew, true, true).await;
    let file = match opened {
        Err(error) if error.kind() == ErrorKind::Unsupported => return,
        opened => opened.expect("opened"),
    };
    let kind = |error: std::io::Error| error.kind();
    let refused = Err(ErrorKind::InvalidInput);
    let blocks = || Blocks::holding(b"in blocks");
    write_blocks(file, 0, blocks(), false).await.expect("written");
    assert_eq!(write(file, 0, vec![1; 4096]).await.map(drop).map_err(kind), refused);
    assert_eq!(write_and_sync(file, 0, vec![1]).await.map(drop).map_err(kind), refused);
    assert_eq!(read(file, 0, 4096).await.map(drop).map_err(kind), refused);
    assert_eq!(write_blocks(file, 512, blocks(), true).await.map(drop).map_err(kind), refused);
    assert_eq!(read_blocks(file, 1, 1).await.map(drop).map_err(kind), refused);
    let (blocks, got) = read_blocks(file, 0, 1).await.expect("read");
    assert_eq!((got, &blocks[..9]), (4096, &b"in blocks"[..]));
    end(DiskRequest::Close { file }).await.expect("closed");
}
