//! Erlang/OTP, where it is installed: a module of its own language in `erlang/`, compiled and run by
//! `erlc` and `erl`.
//!
//! One-core workloads run on one scheduler (`+S 1:1`) in a process that is pinned to the first core;
//! the others on two that are bound to a core each (`+S 2:2 +sbt db`). In `ask_cross` and
//! `cast_cross` the two processes are held on different schedulers by an option of `spawn_opt` that
//! OTP does not document. Elsewhere its schedulers share processes out as they do.
//!
//! Bytes of an actor are those the runtime counts for processes (`erlang:memory`), not those asked of
//! an allocator.

use crate::child;
use crate::pin;
use crate::workloads::{Outcome, Workload};
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;
use std::{env, fs, process};

/// The release of OTP that is installed, as `OTP 25`; none without both its programs.
pub(super) fn version() -> Option<&'static str> {
    static VERSION: OnceLock<Option<String>> = OnceLock::new();
    let ask = || {
        const SHOW: &str = "io:format(\"OTP ~s~n\", [erlang:system_info(otp_release)]), halt(0).";
        Command::new("erlc").arg("-help").output().ok()?;
        let mut erl = Command::new("erl");
        child::first_line(erl.args(["-noshell", "-eval", SHOW]), Duration::from_secs(20)).ok()
    };
    VERSION.get_or_init(ask).as_deref()
}

/// Measures it once, in a process of its own.
pub(super) fn measure(workload: Workload, secs: f64) -> Outcome {
    let folder = env::temp_dir().join(format!("greenroom-compare-{}", process::id()));
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let outcome = compile(&folder).and_then(|()| run(&folder, workload, secs));
    // What cannot be removed is the system's to clean: it is in the folder for that.
    let _ = fs::remove_dir_all(&folder);
    outcome
}

fn compile(folder: &Path) -> Result<(), String> {
    let source = folder.join("greenroom_rival.erl");
    fs::write(&source, include_str!("../../erlang/greenroom_rival.erl"))
        .map_err(|error| format!("{}: {error}", source.display()))?;
    let compiled = Command::new("erlc").arg("-o").args([folder, &source]).output();
    let compiled = compiled.map_err(|error| format!("erlc does not start: {error}"))?;
    let told = String::from_utf8_lossy(&compiled.stdout);
    if compiled.status.success() { Ok(()) } else { Err(format!("erlc: {}", told.trim())) }
}

fn run(folder: &Path, workload: Workload, secs: f64) -> Outcome {
    let mut erl = Command::new("erl");
    if workload.cores() == 1 {
        // A child has the cores of the thread that starts it.
        pin::this_thread(pin::CLIENT)?;
        erl.args(["+S", "1:1"]);
    } else {
        erl.args(["+S", "2:2", "+sbt", "db"]);
    }
    // More processes than the default allows.
    erl.args(["+P", "4000000", "-noshell", "-pa"]).arg(folder);
    erl.args(["-run", "greenroom_rival", "main", workload.name(), &format!("{secs:.3}")]);
    let line = child::first_line(&mut erl, Duration::from_secs_f64(100.0 + 10.0 * secs))?;
    line.parse().map_err(|_| format!("erl said {line:?}"))
}
