//! Ends that nothing holds up, and that nothing outlives.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use greenroom_core::runtime::{DiskDone, DiskRequest, OpenMode};
use greenroom_core::{io, spawn_local};
use rustix::fs::{CWD, FileType, Mode, mknodat};
use rustix::thread::gettid;

use super::super::ring::lose_completions;
use super::rig::{close, end_sends, listen, on_ring, pair, receive, receive_to_end, turn};
use crate::driver::{Driver, RingLimits};
use crate::{Builder, IdleStrategy, Pin};

/// Far longer than an end takes; a hang is for ever.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs `body` on a ring, and fails where its shard does not end.
fn ends<F>(body: F)
where
    F: AsyncFnOnce() -> greenroom_core::Result + Send + 'static,
{
    let (sender, ended) = mpsc::channel();
    let run = move || {
        let builder = Builder::new().driver(Driver::Uring).shards(1).pin(Pin::None);
        // Who waits for so long is held up.
        let builder = builder.shutdown_limit(10 * PATIENCE);
        builder.run(async |_| body().await).expect("the body passes");
        sender.send(()).expect("somebody waits");
    };
    let thread = thread::Builder::new().spawn(run).expect("a thread");
    assert_eq!(ended.recv_timeout(PATIENCE), Ok(()), "the shard does not end");
    thread.join().expect("it has ended");
}

fn pipe(name: &str) -> PathBuf {
    let name = format!("greenroom-{}-{name}", std::process::id());
    let path = std::env::temp_dir().join(name);
    mknodat(CWD, &path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).expect("a pipe");
    path
}

/// Opening a pipe waits for who opens its other end. (The kernel tries without waiting first, and
/// waits where that is not enough to follow the path.)
#[test]
fn a_shard_ends_while_a_file_is_being_opened() {
    let path = pipe("opened");
    let at = Path::new("/proc/self/root").join(path.strip_prefix("/").expect("it is absolute"));
    ends(async move || {
        let open = DiskRequest::Open { path: at, mode: OpenMode::Read };
        drop(spawn_local(io::disk(open)));
        turn().await;
        Ok(())
    });
    fs::remove_file(path).expect("it is there");
}

/// Nothing comes out of a pipe into which nobody writes.
#[test]
fn a_shard_ends_while_a_file_is_being_read() {
    let path = pipe("read");
    let at = path.clone();
    ends(async move || {
        let open = DiskRequest::Open { path: at, mode: OpenMode::ReadWrite };
        let DiskDone::Opened { file, .. } = io::disk(open).await? else {
            return Err("not opened".into());
        };
        drop(spawn_local(io::disk(DiskRequest::ReadAt { file, offset: 0, len: 10 })));
        turn().await;
        drop(spawn_local(io::disk(DiskRequest::Close { file })));
        turn().await;
        Ok(())
    });
    fs::remove_file(path).expect("it is there");
}

/// A completion that the kernel has no memory for is an operation that never ends: the shard fails,
/// says why, and does not wait for it.
#[test]
fn a_shard_whose_completions_are_lost_fails_and_ends() {
    let (sender, ended) = mpsc::channel();
    let run = move || {
        let builder = Builder::new().driver(Driver::Uring).shards(1).pin(Pin::None);
        let ran = builder.run(async |_| {
            let (listener, address) = listen().await?;
            let (near, _far) = pair(listener, address).await?;
            lose_completions();
            Ok(receive(near, 1).await.map(drop)?)
        });
        sender.send(ran.expect_err("no shard goes on like this").to_string()).expect("us");
    };
    let thread = thread::Builder::new().spawn(run).expect("a thread");
    let why = ended.recv_timeout(PATIENCE).expect("the shard does not end");
    assert!(why.contains("has dropped it"), "{why}");
    thread.join().expect("it has ended");
}

/// Threads that the kernel has started for this thread's rings.
fn kernel_threads() -> usize {
    let name = format!("iou-wrk-{}", gettid().as_raw_nonzero());
    let tasks = fs::read_dir("/proc/self/task").expect("Linux has it").flatten();
    let names = tasks.filter_map(|task| fs::read_to_string(task.path().join("comm")).ok());
    names.filter(|found| found.trim() == name).count()
}

/// A connection's life needs no thread of the kernel's: connected, ended, closed.
#[test]
fn connections_come_and_go_without_kernel_threads() {
    on_ring(RingLimits::default(), IdleStrategy::Park, async |_| {
        let (listener, address) = listen().await?;
        for _ in 0..10 {
            let (near, far) = pair(listener, address).await?;
            end_sends(near).await?;
            assert!(receive_to_end(far).await?.is_empty());
            end_sends(far).await?;
            assert!(receive(near, 1).await?.is_empty());
            close(near).await?;
            close(far).await?;
        }
        assert_eq!(kernel_threads(), 0, "started by the kernel");
        Ok(close(listener).await?)
    });
}
