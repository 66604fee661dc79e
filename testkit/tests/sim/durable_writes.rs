//! Writes that are durable when they complete, and crashes around them.

use std::io::Error;
use std::sync::Mutex;

use greenroom_core::io::disk;
use greenroom_core::runtime::{DiskDone, DiskRequest, FileId, OpenMode};
use greenroom_testkit::{Campaign, Crash, Fault, Faults};

use super::disk_faults::{EIO, content, crash_and_restart, durable, write};
use super::files::read;

async fn write_and_sync(file: FileId, offset: u64, data: &[u8]) -> Result<DiskDone, Error> {
    let data = data.to_vec();
    disk(DiskRequest::WriteAndSync { file, offset, data }).await
}

#[test]
fn a_write_with_its_sync_survives_a_loss_of_power() {
    let name = "sim::durable_writes::a_write_with_its_sync_survives_a_loss_of_power";
    Campaign::new(name).seeds(60).run(|sim| {
        sim.run(async |_| {
            let file = durable("log").await;
            write_and_sync(file, 0, b"durable").await.unwrap();
        });
        crash_and_restart(sim, Crash::Power);
        assert_eq!(content(sim, "log"), b"durable");
    });
}

#[test]
fn between_a_write_and_its_sync_the_power_may_fail() {
    let name = "sim::durable_writes::between_a_write_and_its_sync_the_power_may_fail";
    let seen = Mutex::new([0; 2]);
    let summary = Campaign::new(name).seeds(60).run(|sim| {
        let file = sim.run(async |_| durable("log").await);
        drop(sim.start_on(0, async move |_| drop(write_and_sync(file, 0, b"x").await)));
        while sim.files(0)[0].1 == 0 {
            assert!(sim.step());
        }
        assert_eq!(sim.in_use(0, 0).operations, 1, "the sync is a later effect");
        crash_and_restart(sim, Crash::Power);
        seen.lock().unwrap()[content(sim, "log").len()] += 1;
    });
    if !summary.is_whole() {
        return;
    }
    let seen = seen.into_inner().unwrap();
    assert!(seen.iter().all(|&count| count > 0), "an outcome was never seen: {seen:?}");
}

#[test]
fn a_write_that_fails_is_not_followed_by_its_sync() {
    let name = "sim::durable_writes::a_write_that_fails_is_not_followed_by_its_sync";
    let lost = Mutex::new(0);
    let summary = Campaign::new(name).seeds(50).run(|sim| {
        let file = sim.run(async |_| {
            let file = durable("log").await;
            write(file, 0, b"before".to_vec()).await.unwrap();
            file
        });
        sim.set_faults(Faults::none().write_error_probability(1.0));
        sim.run(async move |_| {
            let failed = write_and_sync(file, 10, b"failed").await.unwrap_err();
            assert_eq!(failed.raw_os_error(), Some(EIO));
        });
        assert_eq!(sim.fault_effects(Fault::WriteError), 1);
        crash_and_restart(sim, Crash::Power);
        *lost.lock().unwrap() += usize::from(!content(sim, "log").starts_with(b"before"));
    });
    if !summary.is_whole() {
        return;
    }
    assert!(lost.into_inner().unwrap() > 0, "a sync has made durable what was there");
}

#[test]
fn a_sync_that_fails_after_its_write_is_not_mended() {
    let name = "sim::durable_writes::a_sync_that_fails_after_its_write_is_not_mended";
    let campaign = Campaign::new(name).seeds(50);
    let faults = Faults::none().sync_error_probability(1.0);
    campaign.runtime(move |builder, _| builder.faults(faults)).run(|sim| {
        let file = sim.run(async |_| {
            let file = durable("log").await;
            let failed = write_and_sync(file, 0, b"lost").await.unwrap_err();
            assert_eq!(failed.raw_os_error(), Some(EIO));
            assert_eq!(read(file, 0, 9).await, b"lost", "the cache still shows it");
            file
        });
        sim.set_faults(Faults::none());
        sim.run(async move |_| drop(write_and_sync(file, 4, b"kept").await.unwrap()));
        crash_and_restart(sim, Crash::Power);
        assert_eq!(content(sim, "log"), b"\0\0\0\0kept");
    });
}

#[test]
fn a_durable_file_s_writes_survive_and_say_nothing_of_others() {
    let name = "sim::durable_writes::a_durable_file_s_writes_survive_and_say_nothing_of_others";
    let lost = Mutex::new(0);
    let summary = Campaign::new(name).seeds(60).run(|sim| {
        sim.run(async |_| {
            let file = durable("log").await;
            let path = "log".into();
            let mode = OpenMode::ReadWrite;
            let opening = DiskRequest::OpenWith { path, mode, direct: false, durable: true };
            let Ok(DiskDone::Opened { file: durable, .. }) = disk(opening).await else {
                panic!("not opened")
            };
            write(file, 0, b"other".to_vec()).await.unwrap();
            write(durable, 8, b"durable".to_vec()).await.unwrap();
        });
        crash_and_restart(sim, Crash::Power);
        let left = content(sim, "log");
        assert_eq!(&left[8..], b"durable");
        *lost.lock().unwrap() += usize::from(left[..5] == [0; 5]);
    });
    if !summary.is_whole() {
        return;
    }
    assert!(lost.into_inner().unwrap() > 0, "the other write was never lost");
}
