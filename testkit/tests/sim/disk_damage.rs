//! Disks that lie.

use std::collections::BTreeSet;
use std::io::Error;
use std::sync::Mutex;

use greenroom_core::io::disk;
use greenroom_core::runtime::{DiskDone, DiskRequest, FileId, OpenMode};
use greenroom_testkit::{Campaign, Crash, Fault, Faults, TestRuntime};

use super::disk_faults::write;
use super::files::{NEW, open};

const EIO: i32 = 5;
const LEN: usize = 4096;

async fn read(file: FileId) -> Result<Vec<u8>, Error> {
    match disk(DiskRequest::ReadAt { file, offset: 0, len: LEN }).await? {
        DiskDone::Read(bytes) => Ok(bytes),
        other => panic!("{other:?}"),
    }
}

/// A file of one byte value that is durable.
async fn filled(path: &str, value: u8) -> FileId {
    let (file, _) = open(path, NEW).await.unwrap();
    write(file, 0, vec![value; LEN]).await.unwrap();
    disk(DiskRequest::Sync { file, data_only: false }).await.unwrap();
    disk(DiskRequest::SyncDir { path: ".".into() }).await.unwrap();
    file
}

async fn read_again(path: &str) -> Result<Vec<u8>, Error> {
    let (file, _) = open(path, OpenMode::ReadWrite).await.unwrap();
    read(file).await
}

fn restart(sim: &mut TestRuntime) {
    sim.crash(0, Crash::Power);
    sim.restart(0);
}

fn bits_set(bytes: &[u8]) -> u32 {
    bytes.iter().map(|byte| byte.count_ones()).sum()
}

#[test]
fn a_bit_rots_for_good_once_it_was_synced() {
    let name = "sim::disk_damage::a_bit_rots_for_good_once_it_was_synced";
    Campaign::new(name).seeds(40).run(|sim| {
        let file = sim.run(async |_| filled("data", 0).await);
        sim.set_faults(Faults::none().bit_rot_probability(1.0));
        let first = sim.run(async move |_| read(file).await.unwrap());
        assert_eq!(bits_set(&first), 1, "one bit a read");
        assert_eq!(sim.fault_effects(Fault::BitRot), 1);
        // What is only in the cache does not rot.
        let unsynced = sim.run(async move |_| {
            write(file, 0, vec![0; LEN]).await.unwrap();
            read(file).await.unwrap()
        });
        assert_eq!(bits_set(&unsynced), 0);
        sim.set_faults(Faults::none());
        restart(sim);
        let left = sim.run(async |_| read_again("data").await.unwrap());
        let count = sim.fault_effects(Fault::BitRot);
        // The write over it was lost with the power, or not.
        assert!(left == first && count == 2 || bits_set(&left) == 0 && count == 1, "{count}");
    });
}

#[test]
fn a_sector_that_cannot_be_read_is_mended_by_a_write() {
    let name = "sim::disk_damage::a_sector_that_cannot_be_read_is_mended_by_a_write";
    Campaign::new(name).seeds(40).run(|sim| {
        let file = sim.run(async |_| filled("data", 7).await);
        sim.set_faults(Faults::none().latent_error_probability(1.0));
        let code = |result: Result<Vec<u8>, Error>| result.unwrap_err().raw_os_error();
        assert_eq!(sim.run(async move |_| code(read(file).await)), Some(EIO));
        sim.set_faults(Faults::none());
        restart(sim);
        assert_eq!(sim.run(async move |_| code(read_again("data").await)), Some(EIO));
        assert_eq!(sim.fault_effects(Fault::LatentError), 2);
        sim.run(async |_| {
            let (file, _) = open("data", OpenMode::ReadWrite).await.unwrap();
            write(file, 0, vec![8; LEN]).await.unwrap();
            assert_eq!(read(file).await.unwrap(), vec![8; LEN]);
        });
    });
}

#[test]
fn a_test_damages_what_it_wants() {
    let mut sim = TestRuntime::new_with_seed(9);
    let file = sim.run(async |_| filled("data", 0).await);
    assert!(sim.rot_bit(0, "data", 700));
    assert!(!sim.rot_bit(0, "data", LEN) && !sim.spoil_sector(0, "other", 0));
    let seen = sim.run(async move |_| read(file).await.unwrap());
    assert_eq!((seen[700], bits_set(&seen)), (1, 1));
    assert!(sim.spoil_sector(0, "data", 700));
    let error = sim.run(async move |_| read(file).await.unwrap_err());
    assert_eq!(error.raw_os_error(), Some(EIO));
    let rest = sim.run(async move |_| {
        let rest = DiskRequest::ReadAt { file, offset: 1024, len: LEN };
        matches!(disk(rest).await, Ok(DiskDone::Read(bytes)) if bytes.len() == LEN - 1024)
    });
    assert!(rest, "the other sectors can be read");
}

#[test]
fn a_misdirected_read_gives_what_is_elsewhere() {
    let name = "sim::disk_damage::a_misdirected_read_gives_what_is_elsewhere";
    let faults = Faults::none().misdirected_read_probability(1.0);
    Campaign::new(name).seeds(40).run(|sim| {
        let file = sim.run(async |_| {
            filled("other", 2).await;
            filled("data", 1).await
        });
        sim.set_faults(faults);
        let mut wrong = 0;
        for _ in 0..10 {
            let bytes = sim.run(async move |_| read(file).await.unwrap());
            assert_eq!(bytes.len(), LEN);
            wrong += u64::from(bytes != [1; LEN]);
        }
        assert!(wrong > 0, "always the right one");
        assert_eq!(sim.fault_effects(Fault::MisdirectedRead), wrong);
        sim.set_faults(Faults::none());
        let bytes = sim.run(async move |_| read(file).await.unwrap());
        assert_eq!(bytes, [1; LEN], "the disk itself is in order");
    });
}

#[test]
fn a_phantom_write_has_no_effect() {
    let name = "sim::disk_damage::a_phantom_write_has_no_effect";
    Campaign::new(name).seeds(40).run(|sim| {
        let file = sim.run(async |_| filled("data", 1).await);
        sim.set_faults(Faults::none().phantom_write_probability(1.0));
        sim.run(async move |_| {
            write(file, 0, vec![1; 512]).await.unwrap();
            assert_eq!(read(file).await.unwrap(), [1; LEN]);
        });
        assert_eq!(sim.fault_effects(Fault::PhantomWrite), 0, "nobody can tell");
        sim.run(async move |_| {
            write(file, 0, vec![2; LEN]).await.unwrap();
            disk(DiskRequest::Sync { file, data_only: false }).await.unwrap();
        });
        assert_eq!(sim.fault_effects(Fault::PhantomWrite), 0, "nobody has looked");
        sim.set_faults(Faults::none());
        restart(sim);
        assert_eq!(sim.run(async |_| read_again("data").await.unwrap()), [1; LEN]);
        assert_eq!(sim.fault_effects(Fault::PhantomWrite), 1);
    });
}

#[test]
fn a_misdirected_write_is_found_elsewhere() {
    let name = "sim::disk_damage::a_misdirected_write_is_found_elsewhere";
    let seen = Mutex::new(BTreeSet::new());
    let summary = Campaign::new(name).seeds(60).run(|sim| {
        let files = sim.run(async |_| [filled("data", 1).await, filled("other", 2).await]);
        sim.set_faults(Faults::none().misdirected_write_probability(1.0));
        let file = files[0];
        sim.run(async move |_| write(file, 0, vec![3; 512]).await.unwrap());
        sim.set_faults(Faults::none());
        let (data, other) =
            sim.run(async move |_| (read(files[0]).await.unwrap(), read(files[1]).await.unwrap()));
        let sector = |bytes: &[u8]| bytes.chunks(512).position(|sector| sector == [3; 512]);
        let found = (sector(&data), sector(&other));
        // It may hit its own place.
        assert!(found.0.is_some() != found.1.is_some(), "{found:?}");
        let astray = found != (Some(0), None);
        assert_eq!(astray, sim.fault_effects(Fault::MisdirectedWrite) > 0);
        seen.lock().unwrap().insert((found.0.is_some(), astray));
    });
    if !summary.is_whole() {
        return;
    }
    let seen = seen.into_inner().unwrap();
    assert!(seen.contains(&(true, true)) && seen.contains(&(false, true)), "{seen:?}");
}

#[test]
fn no_more_disks_are_damaged_than_may_be() {
    let name = "sim::disk_damage::no_more_disks_are_damaged_than_may_be";
    let faults = Faults::none()
        .bit_rot_probability(0.2)
        .latent_error_probability(0.1)
        .misdirected_read_probability(0.1)
        .misdirected_write_probability(0.1)
        .phantom_write_probability(0.1)
        .disks_bad_max(2);
    let most = Mutex::new(0);
    let configure =
        move |builder: greenroom_testkit::Builder, _| builder.nodes(4).shards(1).faults(faults);
    let summary = Campaign::new(name).seeds(60).runtime(configure).run(|sim| {
        let mut bad = 0;
        for node in 0..4 {
            let root = sim.start_on(node, async |_| {
                let file = filled("data", 1).await;
                filled("other", 9).await;
                let mut bad = false;
                for value in 2..8 {
                    write(file, 0, vec![value; LEN]).await.unwrap();
                    disk(DiskRequest::Sync { file, data_only: false }).await.unwrap();
                    bad |= !read(file).await.is_ok_and(|bytes| bytes == [value; LEN]);
                }
                bad
            });
            bad += usize::from(sim.finish(root));
        }
        assert!(bad <= 2, "{bad} disks are bad");
        let most = &mut *most.lock().unwrap();
        *most = bad.max(*most);
    });
    if !summary.is_whole() {
        return;
    }
    assert_eq!(most.into_inner().unwrap(), 2, "fewer than may be");
}
