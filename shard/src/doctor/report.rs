//! Findings, and what to do about each.

use std::fmt;

use rustix::io::Errno;

use super::Facts;
use crate::IdleStrategy;
use crate::driver::FoundFeature;

/// How bad a finding is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Severity {
    /// As it should be.
    Fine,
    /// Works, less well than it could.
    Warning,
    /// A system cannot start.
    Fatal,
}

/// One thing the doctor looked at.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// What was found.
    pub what: String,
    /// The exact fix; empty where nothing is to be done.
    pub fix: &'static str,
}

/// What the doctor found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Report {
    /// One finding for each thing looked at.
    pub findings: Vec<Finding>,
}

/// Looks at kernel, io_uring, limits and filters, and makes a ring. Takes a few milliseconds.
#[must_use]
pub fn doctor() -> Report {
    Report::of(&Facts::all())
}

/// The oldest kernel whose io_uring the runtime's executor can use.
const KERNEL_MIN: (u32, u32) = (5, 8);

/// Locked memory under which an executor is known not to start.
const MEMLOCK_MIN_BYTES: u64 = 512 * 1024;

/// Locked memory with room for several shards.
const MEMLOCK_GOOD_BYTES: u64 = 8 * 1024 * 1024;

impl Report {
    pub(crate) fn of(facts: &Facts) -> Self {
        let looks = [kernel(facts), switch(facts), memlock(facts), ring(facts)];
        let looks = looks.into_iter().flatten();
        Self { findings: looks.chain(facts.features.iter().map(feature)).collect() }
    }

    /// Whether a system can start here.
    #[must_use]
    pub fn is_fit(&self) -> bool {
        self.findings.iter().all(|finding| finding.severity < Severity::Fatal)
    }

    /// The fatal findings as one text; `None` when there are none.
    pub(crate) fn fatal(&self) -> Option<String> {
        let fatal = self.findings.iter().filter(|finding| finding.severity == Severity::Fatal);
        let lines: Vec<String> = fatal.map(|f| format!("{}; fix: {}", f.what, f.fix)).collect();
        (!lines.is_empty()).then(|| lines.join("\n"))
    }
}

fn kernel(facts: &Facts) -> Option<Finding> {
    let (major, minor) = facts.kernel?;
    let what = format!("kernel {major}.{minor}");
    Some(if (major, minor) < KERNEL_MIN {
        let fix = "boot a kernel of 5.8 or later: io_uring before it lacks what the runtime needs";
        Finding { severity: Severity::Fatal, what, fix }
    } else {
        Finding { severity: Severity::Fine, what, fix: "" }
    })
}

fn switch(facts: &Facts) -> Option<Finding> {
    let disabled = facts.io_uring_disabled?;
    let what = format!("kernel.io_uring_disabled = {disabled}");
    let fix = "sysctl -w kernel.io_uring_disabled=0";
    Some(match disabled {
        0 => Finding { severity: Severity::Fine, what, fix: "" },
        // Root, and a group that is named beside it, may still use it: making a ring tells.
        1 => Finding { severity: Severity::Warning, what, fix },
        _ => Finding { severity: Severity::Fatal, what, fix },
    })
}

fn memlock(facts: &Facts) -> Option<Finding> {
    let bytes = facts.memlock_bytes?;
    let what = match bytes {
        u64::MAX => "locked memory is not limited".to_owned(),
        bytes => format!("locked memory is limited to {} KiB", bytes / 1024),
    };
    let fix = "ulimit -l 8192 (in a container --ulimit memlock=8388608, in a unit LimitMEMLOCK=8M)";
    Some(match bytes {
        // Root is not held to the limit, so this alone does not say that nothing works.
        ..MEMLOCK_MIN_BYTES => Finding { severity: Severity::Warning, what, fix },
        MEMLOCK_MIN_BYTES..MEMLOCK_GOOD_BYTES => Finding { severity: Severity::Warning, what, fix },
        _ => Finding { severity: Severity::Fine, what, fix: "" },
    })
}

fn ring(facts: &Facts) -> Option<Finding> {
    let made = facts.ring.as_ref()?;
    let Err(error) = made else {
        let what = "a ring can be made".to_owned();
        return Some(Finding { severity: Severity::Fine, what, fix: "" });
    };
    let fix = match error.number {
        // The switch has a finding of its own.
        Some(Errno::PERM | Errno::NOSYS) if facts.io_uring_disabled.is_some_and(|it| it > 0) => {
            "sysctl -w kernel.io_uring_disabled=0"
        }
        // A filter may pretend that there is no such call.
        Some(Errno::PERM | Errno::NOSYS) if facts.seccomp == Some(true) => {
            "allow io_uring in the seccomp profile, which that of Docker and of most container \
             runtimes does not: docker run --security-opt seccomp=FILE, with a FILE that allows \
             io_uring_setup, io_uring_enter and io_uring_register (or seccomp=unconfined)"
        }
        Some(Errno::PERM | Errno::ACCESS) => {
            "have the security module (SELinux, AppArmor) allow io_uring to this program"
        }
        Some(Errno::NOSYS) => "boot a kernel that was built with CONFIG_IO_URING",
        Some(Errno::MFILE) => "ulimit -n 4096: each shard holds a handful of descriptors",
        Some(Errno::NFILE) => "sysctl -w fs.file-max=1000000: the machine has no descriptor left",
        _ if facts.memlock_bytes.is_some_and(|bytes| bytes < MEMLOCK_MIN_BYTES) => {
            "ulimit -l 8192: the rings need locked memory"
        }
        _ => "see the error: the kernel refused a ring",
    };
    let what = format!("a ring cannot be made: {}", error.text);
    Some(Finding { severity: Severity::Fatal, what, fix })
}

/// A feature that is missing is no fault: the driver does without it, at a price.
fn feature(found: &FoundFeature) -> Finding {
    let FoundFeature { name, kernel: (major, minor), found, without } = found;
    if *found {
        let what = format!("io_uring has {name} (kernel {major}.{minor})");
        return Finding { severity: Severity::Fine, what, fix: "" };
    }
    let what = format!("io_uring lacks {name}, which kernel {major}.{minor} brings: {without}");
    Finding { severity: Severity::Warning, what, fix: "boot a kernel that has it" }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Finding { severity, what, fix } in &self.findings {
            let mark = match severity {
                Severity::Fine => "ok",
                Severity::Warning => "warning",
                Severity::Fatal => "FATAL",
            };
            writeln!(f, "{mark:8} {what}")?;
            if !fix.is_empty() {
                writeln!(f, "{:8} fix: {fix}", "")?;
            }
        }
        writeln!(
            f,
            "idling: Park costs nothing while idle, and a wake-up at each message to an idle shard;"
        )?;
        let spin = IdleStrategy::SPIN.as_micros();
        writeln!(f, "        the default spins {spin} us each time work runs out, then sleeps;")?;
        write!(f, "        Spin costs one core per shard at all times")
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;
    use crate::doctor::facts::Refusal;

    fn fit() -> Facts {
        Facts {
            kernel: Some((6, 1)),
            io_uring_disabled: Some(0),
            memlock_bytes: Some(u64::MAX),
            seccomp: Some(false),
            ring: Some(Ok(())),
            features: Vec::new(),
        }
    }

    #[test]
    fn a_fit_machine_has_nothing_to_mend() {
        let report = Report::of(&fit());
        assert!(report.is_fit() && report.fatal().is_none());
        assert!(report.findings.iter().all(|finding| finding.fix.is_empty()));
    }

    #[test]
    fn each_lack_is_named_with_its_fix() {
        let refused = |number| {
            let error = io::Error::from(number);
            Some(Err(Refusal { number: Errno::from_io_error(&error), text: error.to_string() }))
        };
        let filtered = Facts { seccomp: Some(true), ..fit() };
        let container = Facts { memlock_bytes: Some(65_536), ..filtered.clone() };
        let cases = [
            (Facts { kernel: Some((5, 7)), ..fit() }, "kernel of 5.8"),
            (Facts { io_uring_disabled: Some(2), ..fit() }, "sysctl -w"),
            (Facts { ring: refused(Errno::PERM), ..filtered.clone() }, "seccomp"),
            (Facts { ring: refused(Errno::NOSYS), ..filtered.clone() }, "seccomp"),
            (Facts { ring: refused(Errno::PERM), ..container.clone() }, "seccomp"),
            (Facts { ring: refused(Errno::NOMEM), ..container }, "ulimit -l"),
            (
                Facts { io_uring_disabled: Some(1), ring: refused(Errno::PERM), ..filtered },
                "sysctl -w",
            ),
            (Facts { ring: refused(Errno::PERM), ..fit() }, "security module"),
            (Facts { ring: refused(Errno::NOSYS), ..fit() }, "CONFIG_IO_URING"),
            (Facts { ring: refused(Errno::MFILE), ..fit() }, "ulimit -n"),
            (Facts { ring: refused(Errno::NFILE), ..fit() }, "file-max"),
            (Facts { ring: refused(Errno::INVAL), ..fit() }, "see the error"),
        ];
        for (facts, fix) in cases {
            let report = Report::of(&facts);
            assert!(!report.is_fit(), "{facts:?}");
            let text = report.fatal().unwrap();
            assert!(text.contains(fix), "{text}");
            assert!(report.to_string().contains("FATAL"));
        }
    }

    #[test]
    fn a_missing_feature_is_told_with_the_kernel_that_brings_it() {
        let feature = |found| FoundFeature {
            name: "TELEPATHY",
            kernel: (9, 1),
            found,
            without: "one has to ask",
        };
        let report = Report::of(&Facts { features: vec![feature(false)], ..fit() });
        assert!(report.is_fit());
        let text = report.to_string();
        assert!(
            text.contains("lacks TELEPATHY, which kernel 9.1 brings: one has to ask"),
            "{text}"
        );
        let report = Report::of(&Facts { features: vec![feature(true)], ..fit() });
        assert!(report.to_string().contains("has TELEPATHY (kernel 9.1)"));
    }

    /// Each feature of the driver is looked for.
    #[cfg(feature = "driver-uring")]
    #[test]
    fn the_features_of_this_kernel_are_told() {
        let text = doctor().to_string();
        for name in [
            "EXT_ARG",
            "MSG_RING",
            "COOP_TASKRUN",
            "multishot accept",
            "buffer rings",
            "SINGLE_ISSUER",
            "multishot receive",
            "SEND_ZC",
            "DEFER_TASKRUN",
        ] {
            assert!(text.contains(name), "{name} is missing: {text}");
        }
    }

    #[test]
    fn unknown_facts_accuse_nobody() {
        assert!(Report::of(&Facts::default()).is_fit());
    }

    /// Tests of this crate run where systems start.
    #[test]
    fn this_machine_is_fit() {
        let report = doctor();
        assert!(report.is_fit(), "{report}");
        assert!(report.findings.iter().any(|finding| finding.what.contains("a ring")));
    }
}
