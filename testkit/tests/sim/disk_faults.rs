//! What goes wrong with files, and what is left of them after a crash.

use std::cell::Cell;
use std::io::{Error, ErrorKind};
use std::rc::Rc;
use std::sync::Mutex;
use std::time::Duration;

use greenroom_core::io::disk;
use greenroom_core::runtime::{DiskDone, DiskRequest, FileId, OpenMode};
use greenroom_testkit::{Campaign, Crash, Fault, Faults, TestRuntime};

use super::files::{open, read};

pub(crate) const EIO: i32 = 5;
const ENOSPC: i32 = 28;

pub(crate) async fn write(file: FileId, offset: u64, data: Vec<u8>) -> Result<DiskDone, Error> {
    disk(DiskRequest::WriteAt { file, offset, data }).await
}

async fn sync(file: FileId) -> Result<DiskDone, Error> {
    disk(DiskRequest::Sync { file, data_only: false }).await
}

async fn sync_dir() {
    disk(DiskRequest::SyncDir { path: ".".into() }).await.unwrap();
}

/// A file whose name is durable.
pub(crate) async fn durable(path: &str) -> FileId {
    let (file, _) = open(path, OpenMode::CreateNew).await.unwrap();
    sync_dir().await;
    file
}

/// All of a file, on a node that has come back.
pub(crate) fn content(sim: &mut TestRuntime, path: &'static str) -> Vec<u8> {
    sim.run(async move |_| {
        let (file, len) = open(path, OpenMode::Read).await.unwrap();
        read(file, 0, len as usize).await
    })
}

pub(crate) fn crash_and_restart(sim: &mut TestRuntime, how: Crash) {
    sim.crash(0, how);
    sim.restart(0);
}

#[test]
fn what_was_synced_survives_a_loss_of_power_and_the_rest_may_not() {
    let name = "sim::disk_faults::what_was_synced_survives_a_loss_of_power_and_the_rest_may_not";
    let seen = Mutex::new([0; 3]);
    let summary = Campaign::new(name).seeds(100).run(|sim| {
        sim.run(async |_| {
            let file = durable("log").await;
            write(file, 0, b"synced".to_vec()).await.unwrap();
            sync(file).await.unwrap();
            write(file, 6, b"A".to_vec()).await.unwrap();
            write(file, 7, b"B".to_vec()).await.unwrap();
        });
        crash_and_restart(sim, Crash::Power);
        let left = content(sim, "log");
        assert!(left.starts_with(b"synced"), "a sync was lost: {left:?}");
        let which = match &left[6..] {
            b"AB" => 0,
            b"" => 1,
            // The later write without the earlier.
            b"\0B" => 2,
            b"A" => return,
            other => panic!("{other:?}"),
        };
        seen.lock().unwrap()[which] += 1;
    });
    if !summary.is_whole() {
        return;
    }
    let seen = seen.into_inner().unwrap();
    assert!(seen.iter().all(|&count| count > 0), "an outcome was never seen: {seen:?}");
}

#[test]
fn a_killed_process_keeps_its_page_cache() {
    let name = "sim::disk_faults::a_killed_process_keeps_its_page_cache";
    Campaign::new(name).seeds(50).run(|sim| {
        sim.run(async |_| {
            let (file, _) = open("log", OpenMode::CreateNew).await.unwrap();
            write(file, 0, b"not synced".to_vec()).await.unwrap();
        });
        crash_and_restart(sim, Crash::Process);
        assert_eq!(content(sim, "log"), b"not synced");
        assert_eq!(sim.fault_effects(Fault::ProcessKill), 1);
    });
}

#[test]
fn entries_that_were_not_synced_may_be_lost_in_order() {
    let name = "sim::disk_faults::entries_that_were_not_synced_may_be_lost_in_order";
    let seen = Mutex::new(std::collections::BTreeSet::new());
    let summary = Campaign::new(name).seeds(100).run(|sim| {
        sim.run(async |_| {
            let file = durable("old").await;
            // The content is durable, the new name is not.
            write(file, 0, b"x".to_vec()).await.unwrap();
            sync(file).await.unwrap();
            let (from, to) = ("old".into(), "new".into());
            disk(DiskRequest::Rename { from, to }).await.unwrap();
            open("other", OpenMode::CreateNew).await.unwrap();
        });
        crash_and_restart(sim, Crash::Power);
        let files = sim.files(0).into_iter().map(|(path, _)| path.display().to_string());
        seen.lock().unwrap().insert(files.collect::<Vec<_>>());
    });
    if !summary.is_whole() {
        return;
    }
    let seen: Vec<_> = seen.into_inner().unwrap().into_iter().collect();
    assert_eq!(seen, [vec!["new"], vec!["new", "other"], vec!["old"]]);
}

#[test]
fn a_failed_sync_drops_what_the_next_one_does_not_bring_back() {
    let name = "sim::disk_faults::a_failed_sync_drops_what_the_next_one_does_not_bring_back";
    let campaign = Campaign::new(name).seeds(50);
    let faults = Faults::none().sync_error_probability(1.0);
    campaign.runtime(move |builder, _| builder.faults(faults)).run(|sim| {
        let file = sim.run(async |_| {
            let file = durable("log").await;
            write(file, 0, b"lost".to_vec()).await.unwrap();
            assert_eq!(sync(file).await.unwrap_err().raw_os_error(), Some(EIO));
            assert_eq!(read(file, 0, 9).await, b"lost", "the cache still shows it");
            file
        });
        sim.set_faults(Faults::none());
        sim.run(async move |_| {
            write(file, 4, b"kept".to_vec()).await.unwrap();
            sync(file).await.unwrap();
        });
        crash_and_restart(sim, Crash::Power);
        assert_eq!(content(sim, "log"), b"\0\0\0\0kept");
    });
}

#[test]
fn a_write_is_torn_at_a_sector_by_the_loss_of_power() {
    let name = "sim::disk_faults::a_write_is_torn_at_a_sector_by_the_loss_of_power";
    let torn = Mutex::new(0);
    let faults = Faults::none().torn_write_probability(1.0).lost_write_probability(0.1);
    let summary = Campaign::new(name)
        .seeds(50)
        .runtime(move |builder, _| builder.faults(faults))
        .run(|sim| {
            sim.run(async |_| {
                let file = durable("log").await;
                disk(DiskRequest::SetLen { file, len: 2048 }).await.unwrap();
                sync(file).await.unwrap();
                write(file, 0, vec![1; 2048]).await.unwrap();
            });
            crash_and_restart(sim, Crash::Power);
            let left = content(sim, "log");
            let sectors: Vec<bool> = left.chunks(512).map(|sector| sector[0] == 1).collect();
            let whole = |sector: &[u8]| sector.iter().all(|&byte| byte == sector[0]);
            assert!(left.chunks(512).all(whole), "torn inside a sector");
            let (new, count) = (sectors.iter().filter(|&&new| new).count(), sectors.len());
            assert_eq!(count, 4);
            assert_ne!(new, 4, "neither lost nor torn");
            *torn.lock().unwrap() += usize::from(new > 0);
        });
    if !summary.is_whole() {
        return;
    }
    assert!(torn.into_inner().unwrap() > 0, "none was torn");
}

#[test]
fn a_write_under_way_at_a_kill_may_be_short() {
    let name = "sim::disk_faults::a_write_under_way_at_a_kill_may_be_short";
    let lengths = Mutex::new(std::collections::BTreeSet::new());
    let summary = Campaign::new(name).seeds(60).run(|sim| {
        let file = sim.run(async |_| durable("log").await);
        drop(sim.start_on(0, async move |_| drop(write(file, 0, vec![1; 3]).await)));
        while sim.in_use(0, 0).operations == 0 {
            assert!(sim.step());
        }
        crash_and_restart(sim, Crash::Process);
        lengths.lock().unwrap().insert(sim.files(0)[0].1);
    });
    if !summary.is_whole() {
        return;
    }
    let lengths = lengths.into_inner().unwrap();
    assert!(lengths.contains(&0) && lengths.contains(&3), "{lengths:?}");
    assert!(lengths.contains(&1) || lengths.contains(&2), "never short: {lengths:?}");
}

#[test]
fn reads_and_writes_fail_and_room_runs_out() {
    let name = "sim::disk_faults::reads_and_writes_fail_and_room_runs_out";
    let faults = Faults::none()
        .read_error_probability(0.2)
        .write_error_probability(0.2)
        .no_space_probability(0.2);
    let seen = Mutex::new([0; 3]);
    let summary = Campaign::new(name)
        .seeds(50)
        .runtime(move |builder, _| builder.faults(faults))
        .run(|sim| {
            let counts = sim.run(async |_| {
                let file = durable("log").await;
                let mut counts = [0; 3];
                for offset in 0..10 {
                    match write(file, offset, vec![1]).await.map_err(|error| error.raw_os_error()) {
                        Ok(_) => {}
                        Err(Some(EIO)) => counts[0] += 1,
                        Err(Some(ENOSPC)) => counts[1] += 1,
                        Err(other) => panic!("{other:?}"),
                    }
                    let error = disk(DiskRequest::ReadAt { file, offset: 0, len: 1 }).await.err();
                    counts[2] += u64::from(error.and_then(|e| e.raw_os_error()) == Some(EIO));
                }
                counts
            });
            let faults = [Fault::WriteError, Fault::NoSpace, Fault::ReadError];
            assert_eq!(counts, faults.map(|fault| sim.fault_effects(fault)));
            let mut seen = seen.lock().unwrap();
            (0..3).for_each(|kind| seen[kind] += counts[kind]);
        });
    if !summary.is_whole() {
        return;
    }
    assert!(seen.into_inner().unwrap().iter().all(|&count| count > 0));
}

#[test]
fn a_stalled_disk_answers_nobody_until_it_goes_on() {
    let name = "sim::disk_faults::a_stalled_disk_answers_nobody_until_it_goes_on";
    let faults = Faults::none().disk_stall_probability(0.2);
    Campaign::new(name).seeds(30).runtime(move |builder, _| builder.faults(faults)).run(|sim| {
        let file = sim.run(async |_| durable("log").await);
        sim.set_faults(Faults::none());
        sim.stall_disk(0, Duration::from_secs(60));
        let done = Rc::new(Cell::new(false));
        let tells = done.clone();
        drop(sim.start_on(0, async move |_| {
            write(file, 0, vec![1]).await.unwrap();
            tells.set(true);
        }));
        sim.advance(Duration::from_secs(59));
        assert!(!done.get(), "a disk that stands still has written");
        sim.advance(Duration::from_secs(60));
        assert!(done.get());
        assert!(sim.fault_effects(Fault::DiskStall) > 0);
    });
}

#[test]
fn a_cancel_may_come_too_late() {
    let name = "sim::disk_faults::a_cancel_may_come_too_late";
    let seen = Mutex::new([0; 2]);
    let summary = Campaign::new(name).seeds(40).run(|sim| {
        sim.run(async |_| {
            let file = durable("log").await;
            let mut write = std::pin::pin!(write(file, 0, b"x".to_vec()));
            std::future::poll_fn(|cx| {
                assert!(write.as_mut().poll(cx).is_pending());
                std::task::Poll::Ready(())
            })
            .await;
        });
        // Dropping the future has asked for the cancel.
        sim.expect_quiet(Duration::from_secs(60));
        assert_eq!(sim.in_use(0, 0).operations, 0);
        seen.lock().unwrap()[sim.files(0)[0].1 as usize] += 1;
    });
    if !summary.is_whole() {
        return;
    }
    let seen = seen.into_inner().unwrap();
    assert!(seen.iter().all(|&count| count > 0), "always or never: {seen:?}");
}

#[test]
fn a_write_beyond_all_bounds_is_refused_whatever_goes_wrong() {
    let name = "sim::disk_faults::a_write_beyond_all_bounds_is_refused_whatever_goes_wrong";
    let faults = Faults::none().no_space_probability(0.5).write_error_probability(0.2);
    Campaign::new(name).seeds(40).runtime(move |builder, _| builder.faults(faults)).run(|sim| {
        sim.run(async |_| {
            let file = durable("log").await;
            for _ in 0..10 {
                let error = write(file, u64::MAX, vec![1, 2]).await.unwrap_err();
                let code = error.raw_os_error();
                assert!(error.kind() == ErrorKind::FileTooLarge || code.is_some(), "{error}");
            }
        });
        assert_eq!(sim.files(0)[0].1, 0);
    });
}

#[test]
fn a_stall_that_ends_early_holds_nobody_up_and_one_that_lasts_counts_once() {
    const HOUR: Duration = Duration::from_secs(3600);
    let name = "sim::disk_faults::\
        a_stall_that_ends_early_holds_nobody_up_and_one_that_lasts_counts_once";
    Campaign::new(name).seeds(20).run(|sim| {
        let file = sim.run(async |_| durable("log").await);
        sim.stall_disk(0, HOUR);
        let write = sim.start_on(0, async move |_| write(file, 0, vec![1]).await.unwrap());
        sim.advance(HOUR / 2);
        sim.stall_disk(0, HOUR);
        sim.advance(3 * HOUR / 4);
        assert!(!write.is_finished());
        assert_eq!(sim.fault_effects(Fault::DiskStall), 1);
        sim.end_chaos();
        sim.advance(Duration::from_secs(60));
        assert!(write.is_finished());
    });
}
