//! Files: what their operations promise.

use std::future::poll_fn;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc;
use std::task::Poll;

use greenroom_core::runtime::{Blocks, DiskDone, DiskRequest, FileId, OpenMode};
use greenroom_core::{Result, io, spawn_blocking, spawn_local};
use greenroom_shard::{Driver, IdleStrategy};

use crate::common::{alone, descriptors_with, on_each_driver, system};

on_each_driver! {
    what_was_written_is_read_back,
    names_and_lengths_change,
    what_cannot_be_done_says_why,
    a_close_comes_after_what_is_under_way,
    a_close_comes_after_what_waits_for_the_pool,
    dropped_operations_leak_no_descriptor,
}

/// A directory that goes when this does.
struct Scratch(PathBuf);

impl Scratch {
    fn new(test: &str) -> Self {
        // The same test on another driver may run beside.
        static MADE: AtomicU32 = AtomicU32::new(0);
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let name = format!("greenroom-{}-{test}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

async fn open(path: &Path, mode: OpenMode) -> std::io::Result<(FileId, u64)> {
    match io::disk(DiskRequest::Open { path: path.into(), mode }).await? {
        DiskDone::Opened { file, len } => Ok((file, len)),
        other => Err(std::io::Error::other(format!("{other:?}"))),
    }
}

async fn write(file: FileId, offset: u64, data: Vec<u8>) -> std::io::Result<Vec<u8>> {
    match io::disk(DiskRequest::WriteAt { file, offset, data }).await? {
        DiskDone::Wrote(data) => Ok(data),
        other => Err(std::io::Error::other(format!("{other:?}"))),
    }
}

async fn read(file: FileId, offset: u64, len: usize) -> std::io::Result<Vec<u8>> {
    match io::disk(DiskRequest::ReadAt { file, offset, len }).await? {
        DiskDone::Read(data) => Ok(data),
        other => Err(std::io::Error::other(format!("{other:?}"))),
    }
}

async fn len(file: FileId) -> std::io::Result<u64> {
    match io::disk(DiskRequest::Len { file }).await? {
        DiskDone::Len(len) => Ok(len),
        other => Err(std::io::Error::other(format!("{other:?}"))),
    }
}

/// An operation that only ends.
async fn end(request: DiskRequest) -> std::io::Result<()> {
    match io::disk(request).await? {
        DiskDone::Ended => Ok(()),
        other => Err(std::io::Error::other(format!("{other:?}"))),
    }
}

fn what_was_written_is_read_back(driver: Driver) {
    let scratch = Scratch::new("written");
    let path = scratch.file("data");
    let on_disk = path.clone();
    for (n, idle) in
        [IdleStrategy::Park, IdleStrategy::default(), IdleStrategy::Spin].into_iter().enumerate()
    {
        let path = path.with_extension(n.to_string());
        // Larger than a chunk of the ring, and at an odd place.
        let bytes: Vec<u8> = (0..(5 << 20) + 77_u32).map(|n| (n >> 7) as u8).collect();
        let expected = bytes.clone();
        system(driver, 1)
            .idle(idle)
            .run(async move |_| {
                let (file, fresh) = open(&path, OpenMode::CreateNew).await?;
                assert_eq!(fresh, 0);
                end(DiskRequest::Allocate { file, len: 8 << 20 }).await?;
                assert_eq!(len(file).await?, 0, "room is not length");
                let back = write(file, 3, bytes).await?;
                end(DiskRequest::Sync { file, data_only: true }).await?;
                end(DiskRequest::Sync { file, data_only: false }).await?;
                assert_eq!(len(file).await?, 3 + back.len() as u64);
                assert!(read(file, 3, back.len()).await? == back);
                assert_eq!(read(file, 1, 4).await?, [0, 0, back[0], back[1]]);
                assert_eq!(read(file, 3 + back.len() as u64 - 1, 9).await?.len(), 1);
                assert!(read(file, 1 << 40, 9).await?.is_empty());
                end(DiskRequest::Close { file }).await?;
                Ok(())
            })
            .unwrap();
        let bytes = std::fs::read(on_disk.with_extension(n.to_string())).unwrap();
        assert!(bytes[3..] == expected[..] && bytes[..3] == [0; 3]);
    }
}

fn names_and_lengths_change(driver: Driver) {
    let scratch = Scratch::new("names");
    let (first, second, dir) = (scratch.file("first"), scratch.file("second"), scratch.0.clone());
    system(driver, 1)
        .run(async move |_| {
            let (file, _) = open(&first, OpenMode::ReadWrite).await?;
            write(file, 0, b"0123456789".to_vec()).await?;
            end(DiskRequest::SetLen { file, len: 4 }).await?;
            assert_eq!(read(file, 0, 100).await?, b"0123");
            end(DiskRequest::Rename { from: first.clone(), to: second.clone() }).await?;
            end(DiskRequest::SyncDir { path: dir }).await?;
            assert_eq!(read(file, 0, 100).await?, b"0123", "an open file is not its name");
            end(DiskRequest::Close { file }).await?;
            let (file, length) = open(&second, OpenMode::ReadWrite).await?;
            assert_eq!(length, 4, "kept when there");
            end(DiskRequest::Remove { path: second.clone() }).await?;
            end(DiskRequest::Close { file }).await?;
            let gone = open(&second, OpenMode::Read).await.unwrap_err();
            assert_eq!(gone.kind(), ErrorKind::NotFound);
            Ok(())
        })
        .unwrap();
}

fn what_cannot_be_done_says_why(driver: Driver) {
    let scratch = Scratch::new("errors");
    let (path, dir) = (scratch.file("file"), scratch.0.clone());
    system(driver, 1)
        .run(async move |_| {
            let kind = |error: std::io::Error| error.kind();
            let missing = open(&path, OpenMode::Read).await.map_err(kind);
            assert_eq!(missing, Err(ErrorKind::NotFound));
            let (file, _) = open(&path, OpenMode::CreateNew).await?;
            let again = open(&path, OpenMode::CreateNew).await.map_err(kind);
            assert_eq!(again, Err(ErrorKind::AlreadyExists));
            let far = write(file, u64::MAX, vec![1]).await.map_err(kind);
            assert_eq!(far, Err(ErrorKind::FileTooLarge));
            end(DiskRequest::Close { file }).await?;
            let closed = read(file, 0, 1).await.map_err(kind);
            assert_eq!(closed, Err(ErrorKind::InvalidInput));
            let closed = end(DiskRequest::Close { file }).await.map_err(kind);
            assert_eq!(closed, Err(ErrorKind::InvalidInput));
            let (file, _) = open(&path, OpenMode::Read).await?;
            let reader = write(file, 0, vec![1]).await.map_err(kind);
            assert_eq!(reader, Err(ErrorKind::PermissionDenied));
            let (file, _) = open(&dir, OpenMode::Read).await?;
            assert_eq!(read(file, 0, 1).await.map_err(kind), Err(ErrorKind::IsADirectory));
            let zero = open(Path::new("a\0b"), OpenMode::Read).await.map_err(kind);
            assert_eq!(zero, Err(ErrorKind::InvalidInput));
            Ok(())
        })
        .unwrap();
}

fn a_close_comes_after_what_is_under_way(driver: Driver) {
    let scratch = Scratch::new("close");
    let path = scratch.file("file");
    let on_disk = path.clone();
    system(driver, 1)
        .run(async move |_| {
            let (file, _) = open(&path, OpenMode::CreateNew).await?;
            let mut writes = Vec::new();
            for n in 0..32 {
                let data = vec![n as u8; 4096];
                writes.push(io::disk(DiskRequest::WriteAt { file, offset: n * 4096, data }));
            }
            end(DiskRequest::Close { file }).await?;
            for write in writes {
                assert!(matches!(write.await?, DiskDone::Wrote(_)));
            }
            Ok(())
        })
        .unwrap();
    assert_eq!(std::fs::read(on_disk).unwrap().len(), 32 * 4096);
}

/// What a future has come to by now.
async fn now<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
    poll_fn(|cx| match Pin::new(&mut *future).poll(cx) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => Poll::Ready(None),
    })
    .await
}

fn a_close_comes_after_what_waits_for_the_pool(driver: Driver) {
    let scratch = Scratch::new("pool");
    let (path, other) = (scratch.file("direct"), scratch.file("other"));
    let ran = system(driver, 1).blocking_threads_max(1).run(async move |_| {
        let mode = OpenMode::CreateNew;
        let request = DiskRequest::OpenWith { path, mode, direct: true, durable: false };
        let file = match io::disk(request).await {
            // Not every file system can.
            Err(error) if error.kind() == ErrorKind::Unsupported => return Ok(()),
            Ok(DiskDone::Opened { file, .. }) => file,
            other => return Err(format!("{other:?}").into()),
        };
        // The only thread is busy.
        let (go, held) = mpsc::channel::<()>();
        let job = spawn_blocking(move || held.recv().is_err());
        let data = Blocks::holding(b"in blocks");
        let request = DiskRequest::WriteBlocks { file, offset: 0, data, sync: true };
        let mut write = Box::pin(io::disk(request));
        let mut close = Box::pin(io::disk(DiskRequest::Close { file }));
        // A close that waited for nothing would be done by then.
        for _ in 0..20 {
            let (file, _) = open(&other, OpenMode::ReadWrite).await?;
            end(DiskRequest::Close { file }).await?;
        }
        let closed = now(&mut close).await;
        let written = now(&mut write).await;
        assert!(closed.is_none() || written.is_some(), "closed under a write");
        drop(go);
        let written = if let Some(written) = written { written } else { write.await };
        assert!(matches!(written?, DiskDone::WroteBlocks(_)));
        let closed = if let Some(closed) = closed { closed } else { close.await };
        assert!(matches!(closed?, DiskDone::Ended));
        assert!(job.await?);
        Ok(())
    });
    ran.unwrap();
}

/// Futures are dropped before, while and after their operation is done; systems end with files
/// open and operations under way. No descriptor stays.
fn dropped_operations_leak_no_descriptor(driver: Driver) {
    alone(&format!("files::on_{driver}::dropped_operations_leak_no_descriptor"), || {
        let scratch = Scratch::new("dropped");
        let mut counts = Vec::new();
        for _ in 0..4 {
            let path = scratch.file("file");
            let ran = system(driver, 1).run(async move |_| {
                for n in 0..200_u64 {
                    drop_somewhere(n, &path).await?;
                }
                // Files that were opened for nobody are on their way to be closed; each turn of
                // the driver brings them nearer.
                while open_descriptors(&path) > 0 {
                    let (file, _) = open(&path, OpenMode::ReadWrite).await?;
                    end(DiskRequest::Close { file }).await?;
                }
                // The system ends with these as they are.
                for _ in 0..8 {
                    let (file, _) = open(&path, OpenMode::ReadWrite).await?;
                    let data = vec![1; 1 << 20];
                    drop(io::disk(DiskRequest::WriteAt { file, offset: 0, data }));
                }
                Ok(())
            });
            ran.unwrap();
            assert_eq!(open_descriptors(&scratch.file("file")), 0);
            counts.push(descriptors_with(2));
        }
        assert!(counts.iter().all(|count| *count == counts[0]), "{counts:?}");
    });
}

async fn drop_somewhere(n: u64, path: &Path) -> Result {
    let opening = io::disk(DiskRequest::Open { path: path.into(), mode: OpenMode::ReadWrite });
    if n.is_multiple_of(2) {
        drop(opening);
        return Ok(());
    }
    let DiskDone::Opened { file, .. } = opening.await? else { return Err("not opened".into()) };
    drop(io::disk(DiskRequest::WriteAt { file, offset: n, data: vec![1; 100] }));
    let sync = spawn_local(end(DiskRequest::Sync { file, data_only: true }));
    if n % 4 == 1 {
        sync.await??;
    }
    Ok(end(DiskRequest::Close { file }).await?)
}

/// How many descriptors of this process name that file.
fn open_descriptors(path: &Path) -> usize {
    let all = std::fs::read_dir("/proc/self/fd").unwrap();
    // One may be closed between its name and the look at it.
    let links = all.filter_map(|fd| std::fs::read_link(fd.unwrap().path()).ok());
    links.filter(|link| link == path).count()
}
