//! What can be known of the machine, as plain values.

use std::fs;
use std::io;

use rustix::io::Errno;

use crate::driver::{self, Driver, FoundFeature};
use crate::kernel;

/// What was found. Unknown facts are `None`: a machine without `/proc` is not refused for it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facts {
    /// Major and minor version of the kernel.
    pub(super) kernel: Option<(u32, u32)>,
    /// `kernel.io_uring_disabled`: 0 for nobody, 1 for the unprivileged, 2 for everybody.
    pub(super) io_uring_disabled: Option<u32>,
    /// The soft limit on locked memory in bytes; `u64::MAX` when there is none.
    pub(super) memlock_bytes: Option<u64>,
    /// Whether system calls are filtered.
    pub(super) seccomp: Option<bool>,
    /// What came of making a ring: `None` where nobody tried.
    pub(super) ring: Option<Result<(), Refusal>>,
    /// What a ring of our own can use, as one that was made tells.
    pub(super) features: Vec<FoundFeature>,
}

/// Why there is no ring.
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    /// What the kernel said, where that is known.
    pub(super) number: Option<Errno>,
    /// The same for people.
    pub(super) text: String,
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        // The other driver's errors keep the kind and lose the number.
        let kind = match error.kind() {
            io::ErrorKind::PermissionDenied => Some(Errno::PERM),
            io::ErrorKind::Unsupported => Some(Errno::NOSYS),
            io::ErrorKind::OutOfMemory => Some(Errno::NOMEM),
            _ => None,
        };
        Self { number: Errno::from_io_error(&error).or(kind), text: error.to_string() }
    }
}

impl Facts {
    /// The facts that reading a few small files tells.
    pub(crate) fn cheap() -> Self {
        let read = |path: &str| fs::read_to_string(path).ok();
        Self {
            kernel: kernel::version(),
            io_uring_disabled: read("/proc/sys/kernel/io_uring_disabled")
                .and_then(|text| text.trim().parse().ok()),
            memlock_bytes: read("/proc/self/limits").and_then(|text| memlock(&text)),
            seccomp: read("/proc/self/status").and_then(|text| seccomp(&text)),
            ring: None,
            features: Vec::new(),
        }
    }

    /// All of them: what the default driver stands on is made on a thread of its own, and ended.
    pub(crate) fn all() -> Self {
        let made = driver::on_a_thread("doctor", || {
            driver::try_out(Driver::default()).map(|()| driver::look_for_features())
        });
        let made = match made {
            Ok(Ok(Ok(features))) => Ok(features),
            Ok(Ok(Err(error))) | Err(error) => Err(Refusal::from(error)),
            Ok(Err(panic)) => Err(Refusal { number: None, text: panic.to_string() }),
        };
        let (ring, features) = match made {
            Ok(features) => (Ok(()), features),
            Err(error) => (Err(error), Vec::new()),
        };
        Self { ring: Some(ring), features, ..Self::cheap() }
    }
}

/// The soft limit in the line `Max locked memory  SOFT  HARD  bytes`.
fn memlock(limits: &str) -> Option<u64> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max locked memory"))?;
    match line.split_whitespace().next()? {
        "unlimited" => Some(u64::MAX),
        bytes => bytes.parse().ok(),
    }
}

/// Whether the line `Seccomp:` is other than 0.
fn seccomp(status: &str) -> Option<bool> {
    let mode = status.lines().find_map(|line| line.strip_prefix("Seccomp:"))?;
    Some(mode.trim() != "0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_are_read_from_what_the_kernel_writes() {
        let limits = "Max cpu time  unlimited  unlimited  seconds\n\
                      Max locked memory         65536                65536                bytes\n";
        assert_eq!(memlock(limits), Some(65536));
        assert_eq!(memlock("Max locked memory  unlimited  unlimited  bytes"), Some(u64::MAX));
        assert_eq!(memlock("Max open files 1 1 files"), None);
        assert_eq!(seccomp("Name:\tx\nSeccomp:\t2\n"), Some(true));
        assert_eq!(seccomp("Seccomp:\t0\n"), Some(false));
    }
}
