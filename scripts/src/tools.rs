//! The programs that tests start, and how a Debian machine gets them.
//!
//! A test that quietly skips itself because a server is absent proves nothing, so what is absent is
//! installed before the tests run, and a machine where that cannot be done is told the command.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::Command;

use crate::failure::{Failure, failed};
use crate::process;

/// A program that some test starts.
#[derive(Debug, PartialEq)]
pub(crate) struct Tool {
    program: &'static str,
    /// The Debian package that holds it.
    package: &'static str,
}

const REQUIRED: [Tool; 4] = [
    // Reference server and clients of the key-value examples.
    Tool { program: "redis-server", package: "redis-server" },
    Tool { program: "redis-cli", package: "redis-tools" },
    Tool { program: "redis-benchmark", package: "redis-tools" },
    // Counts instructions per message.
    Tool { program: "valgrind", package: "valgrind" },
];

/// Installs what is missing of the programs that tests start.
///
/// # Errors
/// With the exact command, when this process may not install packages or has nothing to do it with.
pub(crate) fn ensure() -> Result<(), Failure> {
    let absent = missing(&search_path());
    if absent.is_empty() {
        return Ok(());
    }
    let packages = packages(&absent);
    println!("missing for the tests: {}", programs(&absent));
    check_allowed(&packages, is_root(), is_on_path("apt-get", &search_path()))?;
    let mut update = Command::new("apt-get");
    update.arg("update");
    process::run(&mut update)?;
    let mut install = Command::new("apt-get");
    install.env("DEBIAN_FRONTEND", "noninteractive");
    install.args(["install", "-y", "--no-install-recommends"]).args(&packages);
    process::run(&mut install)?;
    let absent = missing(&search_path());
    if absent.is_empty() {
        return Ok(());
    }
    Err(failed(format!("installed {packages:?}, and still not on PATH: {}", programs(&absent))))
}

fn check_allowed(packages: &[&str], root: bool, apt: bool) -> Result<(), Failure> {
    let packages = packages.join(" ");
    let install = format!("apt-get install -y --no-install-recommends {packages}");
    match (root, apt) {
        (true, true) => Ok(()),
        (false, true) => Err(failed(format!(
            "only root may install packages; run: sudo apt-get update && sudo {install}"
        ))),
        (_, false) => Err(failed(format!(
            "there is no apt-get here; install what Debian calls: {packages} ({install})"
        ))),
    }
}

fn missing(path: &OsStr) -> Vec<&'static Tool> {
    REQUIRED.iter().filter(|tool| !is_on_path(tool.program, path)).collect()
}

fn packages(absent: &[&'static Tool]) -> Vec<&'static str> {
    let mut packages: Vec<_> = absent.iter().map(|tool| tool.package).collect();
    packages.sort_unstable();
    packages.dedup();
    packages
}

fn programs(absent: &[&'static Tool]) -> String {
    absent.iter().map(|tool| tool.program).collect::<Vec<_>>().join(", ")
}

fn search_path() -> std::ffi::OsString {
    env::var_os("PATH").unwrap_or_default()
}

fn is_on_path(program: &str, path: &OsStr) -> bool {
    env::split_paths(path).any(|folder| is_executable(&folder.join(program)))
}

fn is_executable(file: &Path) -> bool {
    fs::metadata(file).is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
}

/// Whether this process runs as root: its own folder in `/proc` belongs to its effective user.
fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|data| data.uid() == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_absent_programs_are_missing_and_packages_are_named_once() {
        let folder = env::temp_dir().join(format!("greenroom-tools-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let place = |name: &str, mode: u32| {
            fs::write(folder.join(name), "").unwrap();
            fs::set_permissions(folder.join(name), fs::Permissions::from_mode(mode)).unwrap();
        };
        place("redis-server", 0o755);
        place("valgrind", 0o644);
        let absent = missing(folder.as_os_str());
        fs::remove_dir_all(&folder).unwrap();
        assert_eq!(programs(&absent), "redis-cli, redis-benchmark, valgrind");
        assert_eq!(packages(&absent), ["redis-tools", "valgrind"]);
    }

    #[test]
    fn who_may_not_install_is_told_the_command() {
        assert!(check_allowed(&["valgrind"], true, true).is_ok());
        let problem = check_allowed(&["redis-tools", "valgrind"], false, true).unwrap_err();
        assert!(
            problem
                .to_string()
                .contains("sudo apt-get install -y --no-install-recommends redis-tools valgrind"),
            "{problem}"
        );
        let problem = check_allowed(&["valgrind"], true, false).unwrap_err().to_string();
        assert!(problem.contains("no apt-get") && problem.contains("valgrind"), "{problem}");
    }
}
