//! The servers that are measured.

use std::path::{Path, PathBuf};
use std::process::Command;

use greenroom_shard::Driver;

use crate::arguments::Arguments;
use crate::cores::Core;
use crate::process::{Server, listens_on};
use crate::programs;

/// What a shard of ours does when it has nothing to do, by the name in the report.
const IDLE: [(&str, Option<&str>); 3] =
    [("full", None), ("park", Some("park")), ("spin", Some("spin"))];

/// How the loop by hand waits and sends; see `greenroom-bare`.
const BARE: [&[&str]; 4] = [&[], &["ring"], &["spin"], &["spin", "ring"]];

/// A server that takes part.
#[derive(Debug)]
pub(super) struct Contender {
    pub(super) name: String,
    program: PathBuf,
    options: Vec<String>,
}

/// Ours on every driver that is asked for, and the others where their program is named.
///
/// # Errors
///
/// When a program is missing, or does not say whom it can serve as, or no variant has that name.
pub(super) fn contenders(arguments: &Arguments) -> Result<Vec<Contender>, String> {
    let path = programs::ours("echo", arguments.echo.as_deref())?;
    eprintln!("echo: ours is {}", path.display());
    let mut all = Vec::new();
    for driver in &arguments.drivers {
        let chosen =
            |name: &str| arguments.variant.as_deref().is_none_or(|variant| variant == name);
        let idle = IDLE.into_iter().filter(|(name, _)| chosen(name));
        all.extend(idle.map(|(name, idle)| ours(&path, *driver, name, idle)));
    }
    if all.is_empty() {
        let name = arguments.variant.as_deref().unwrap_or_default();
        return Err(format!("echo has no variant `{name}`"));
    }
    if let Some(path) = &arguments.rivals {
        all.extend(rivals(path)?);
    }
    all.extend(arguments.bare.iter().flat_map(|path| BARE.map(|how| bare(path, how))));
    Ok(all)
}

fn ours(path: &Path, driver: Driver, name: &str, idle: Option<&str>) -> Contender {
    let driver = driver.to_string();
    // One shard, bound to the only core that it can see.
    let mut options = vec!["--port", "0", "--shards", "1", "--driver", &driver];
    options.extend(idle.into_iter().flat_map(|idle| ["--idle", idle]));
    Contender {
        name: format!("{name} {driver}"),
        program: path.into(),
        options: options.into_iter().map(Into::into).collect(),
    }
}

/// The loop by hand around a ring.
fn bare(path: &Path, how: &[&str]) -> Contender {
    Contender {
        name: ["bare"].iter().chain(how).copied().collect::<Vec<_>>().join(", "),
        program: path.into(),
        options: ["echo"].iter().chain(how).map(ToString::to_string).collect(),
    }
}

/// Whom the program of the comparison can serve as: it says so, a line each.
fn rivals(path: &Path) -> Result<Vec<Contender>, String> {
    let output = Command::new(path).arg("serve").output();
    let output = output.map_err(|error| format!("echo: {}: {error}", path.display()))?;
    let names = String::from_utf8_lossy(&output.stdout);
    let rival = |name: &str| Contender {
        name: name.into(),
        program: path.into(),
        options: vec!["serve".into(), name.into()],
    };
    let rivals: Vec<_> = names.lines().map(rival).collect();
    if rivals.is_empty() || !output.status.success() {
        return Err(format!("echo: {} serves as nobody", path.display()));
    }
    Ok(rivals)
}

impl Contender {
    /// Starts the server on `core` and waits until it listens.
    ///
    /// # Errors
    ///
    /// When it ends before it does; with what it printed.
    pub(super) fn start(&self, core: Core) -> Result<Server, String> {
        let options: Vec<_> = self.options.iter().map(|it| &**it).collect();
        Server::start(&self.program, &options, Some(core), listens_on)
    }
}
