//! Writes that the kernel cuts short: at the limit that a process has for the size of its files.

use std::io::ErrorKind;

use greenroom_core::io;
use greenroom_core::runtime::{DiskDone, DiskRequest, OpenMode};
use greenroom_shard::Driver;

use crate::common::{on_each_driver, system};

on_each_driver! {
    a_write_cut_short_goes_on_and_its_sync_is_no_success,
}

const MARK: &str = "GREENROOM_TEST_FILE_SIZE_LIMITED";

/// The most bytes a file of this process may have.
fn limit() -> usize {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap();
    let line = limits.lines().find_map(|line| line.strip_prefix("Max file size")).unwrap();
    line.split_whitespace().next().and_then(|limit| limit.parse().ok()).unwrap()
}

fn a_write_cut_short_goes_on_and_its_sync_is_no_success(driver: Driver) {
    if std::env::var_os(MARK).is_some() {
        return cut_short(driver);
    }
    let test =
        format!("short_writes::on_{driver}::a_write_cut_short_goes_on_and_its_sync_is_no_success");
    // Beyond the limit a write fails, rather than end the process, when the signal is ignored.
    let script = "trap '' XFSZ; ulimit -f 16; exec \"$0\" --exact \"$1\" --nocapture";
    let child = std::process::Command::new("sh")
        .args(["-c", script])
        .arg(std::env::current_exe().unwrap())
        .arg(test)
        .env(MARK, "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&child.stdout);
    let cried = String::from_utf8_lossy(&child.stderr);
    assert!(child.status.success() && said.contains("1 passed"), "{said}{cried}");
}

fn cut_short(driver: Driver) {
    let limit = limit();
    let name = format!("greenroom-{}-short-{driver}", std::process::id());
    let path = std::env::temp_dir().join(name);
    let at = path.clone();
    let ran = system(driver, 1).run(async move |_| {
        let open = DiskRequest::Open { path: at, mode: OpenMode::CreateNew };
        let DiskDone::Opened { file, .. } = io::disk(open).await? else {
            return Err("not opened".into());
        };
        // The first 1000 bytes fit, in two parts of a write; the rest is refused.
        let (offset, data) = (limit as u64 - 1000, vec![1; 5000]);
        let write = io::disk(DiskRequest::WriteAndSync { file, offset, data });
        assert_eq!(write.await.unwrap_err().kind(), ErrorKind::FileTooLarge);
        let len = io::disk(DiskRequest::Len { file }).await?;
        assert!(matches!(len, DiskDone::Len(len) if len == limit as u64), "{len:?}");
        let (offset, data) = (limit as u64 - 1000, vec![2; 1000]);
        let write = io::disk(DiskRequest::WriteAndSync { file, offset, data });
        assert!(matches!(write.await?, DiskDone::Wrote(data) if data == [2; 1000]));
        io::disk(DiskRequest::Close { file }).await?;
        Ok(())
    });
    let written = std::fs::read(&path);
    drop(std::fs::remove_file(path));
    ran.unwrap();
    assert!(written.unwrap()[limit - 1000..] == [2; 1000]);
}
