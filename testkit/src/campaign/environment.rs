//! What the environment of a test run says.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::tag::Tag;
use crate::policy::Policy;

/// How the environment steers a campaign.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(super) struct Steering {
    /// `SIM_SEED`: the seed to run alone.
    pub(super) seed: Option<u64>,
    /// Behind it, the tag of what it was found in.
    pub(super) tag: Option<Tag>,
    /// `SIM_BASE`: what the seeds follow from, beside the test's name.
    pub(super) base: String,
    /// `SIM_SEEDS`: how many seeds to run.
    pub(super) seeds: Option<u64>,
    /// `SIM_TIME`: how long to go on with new seeds, in real time.
    pub(super) time: Option<Duration>,
    /// `SIM_POLICY`: how shards are chosen under every seed.
    pub(super) policy: Option<Policy>,
    /// `SIM_REPLAY`: the log to run instead of seeds.
    pub(super) replay: Option<PathBuf>,
    /// `SIM_RECORD`: whether logs in the tree that have drifted are written anew.
    pub(super) record: bool,
    /// `SIM_CHECK`: whether every seed is run twice, or none; else one in 24 is.
    pub(super) check: Option<bool>,
    /// `SIM_GUIDED`: whether all campaigns are guided, or none.
    pub(super) guided: Option<bool>,
    /// `SIM_JOBS`: how many seeds run side by side.
    pub(super) jobs: u64,
}

impl Steering {
    /// What the environment of this process says.
    ///
    /// # Panics
    ///
    /// When a variable holds what it cannot: a typo must not run something else.
    pub(super) fn read() -> Self {
        Self::of(|variable| std::env::var(variable).ok()).unwrap_or_else(|wrong| panic!("{wrong}"))
    }

    fn of(variable: impl Fn(&str) -> Option<String>) -> Result<Self, String> {
        let read = |name| variable(name).map(|text| (name, text.trim().to_owned()));
        let from_one = |text: &str| parse(text).filter(|&n| n > 0);
        let jobs = value(read("SIM_JOBS"), "a number from 1", from_one);
        let seed = value(read("SIM_SEED"), "a number, nor one with its tag", Tag::parse_behind)?;
        let path = |text: &str| (!text.is_empty()).then(|| PathBuf::from(text));
        let replay = value(read("SIM_REPLAY"), "the path of a log", path)?;
        if seed.is_some() && replay.is_some() {
            return Err("SIM_SEED and SIM_REPLAY are two runs: say one of them".into());
        }
        Ok(Self {
            seed: seed.map(|(seed, _)| seed),
            tag: seed.and_then(|(_, tag)| tag),
            base: variable("SIM_BASE").unwrap_or_default(),
            seeds: value(read("SIM_SEEDS"), "a number from 1", from_one)?,
            time: value(read("SIM_TIME"), "a time such as 90s or 10m", parse_duration)?,
            policy: value(read("SIM_POLICY"), Policy::NAMES, |text| text.parse().ok())?,
            replay: replay.map(found),
            record: value(read("SIM_RECORD"), "0 or 1", yes)?.unwrap_or(false),
            check: value(read("SIM_CHECK"), "0 or 1", yes)?,
            guided: value(read("SIM_GUIDED"), "0 or 1", yes)?,
            jobs: jobs?.unwrap_or(1),
        })
    }

    /// Whether a campaign of so many seeds is run as it is: all of them, and no other run.
    pub(super) fn runs_whole(&self, count: u64) -> bool {
        let alone = self.seed.is_some() || self.replay.is_some() || self.time.is_some();
        !alone && !self.record && self.seeds.is_none_or(|seeds| seeds >= count)
    }

    /// What is left of it where each run is to be the same in any environment.
    pub(super) fn unsteered(self) -> Self {
        Self { jobs: self.jobs, ..Self::default() }
    }

    /// The line that makes a failing run again.
    pub(super) fn repeat_line(&self, test: &str, seed: u64, tag: Tag) -> String {
        if let Some(path) = &self.replay {
            return Self::replay_line(test, path);
        }
        let policy = self.policy.map(|policy| format!(" SIM_POLICY={policy}")).unwrap_or_default();
        format!("SIM_SEED={seed:#x}{tag}{policy} cargo test -p {} {test}", package())
    }

    /// The line that makes the run of a log again.
    pub(super) fn replay_line(test: &str, log: &Path) -> String {
        format!("SIM_REPLAY={} cargo test -p {} {test}", log.display(), package())
    }

    /// The line that writes anew what has drifted of the logs that are kept of a test.
    pub(super) fn record_line(test: &str) -> String {
        format!("SIM_RECORD=1 cargo test -p {} {test}", package())
    }
}

/// A log where it is said to be, seen from here, from the package's folder or from one above it: cargo
/// runs tests in their package's folder, wherever it was called itself.
fn found(path: PathBuf) -> PathBuf {
    let folder = package_folder();
    let seen = folder.ancestors().map(|folder| folder.join(&path)).find(|path| path.exists());
    if path.exists() { path } else { seen.unwrap_or(path) }
}

fn package() -> String {
    std::env::var("CARGO_PKG_NAME").unwrap_or_else(|_| "<package>".into())
}

/// The folder of the package that is tested: cargo says it, and starts tests there.
pub(super) fn package_folder() -> PathBuf {
    std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| ".".into(), PathBuf::from)
}

fn yes(text: &str) -> Option<bool> {
    match text {
        "0" => Some(false),
        "1" => Some(true),
        _ => None,
    }
}

fn value<T>(
    read: Option<(&str, String)>,
    wanted: &str,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>, String> {
    let Some((name, text)) = read else { return Ok(None) };
    let value = parse(&text).ok_or_else(|| format!("{name}={text} is not {wanted}"))?;
    Ok(Some(value))
}

/// A number, decimal or with `0x` in front.
pub(super) fn parse(text: &str) -> Option<u64> {
    match text.trim().strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => text.trim().parse().ok(),
    }
}

/// A whole number of milliseconds (`ms`), seconds (`s`), minutes (`m`) or hours (`h`).
fn parse_duration(text: &str) -> Option<Duration> {
    let end = text.find(|c: char| !c.is_ascii_digit())?;
    let (count, unit) = (text[..end].parse::<u64>().ok()?, &text[end..]);
    let millis = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    Some(Duration::from_millis(count.checked_mul(millis)?))
}

/// Appends a seed's hash to the file that `SIM_HASHES` names.
///
/// # Panics
///
/// When the file cannot be written: a comparison of hashes would be of nothing.
pub(super) fn note_hash(test: &str, seed: u64, hash: u64) {
    let Some(path) = std::env::var_os("SIM_HASHES") else { return };
    let line = format!("{test} {seed:#018x} {hash:#018x}\n");
    let file = OpenOptions::new().create(true).append(true).open(&path);
    // One write: other tests append to the same file.
    let written = file.and_then(|mut file| file.write_all(line.as_bytes()));
    written.unwrap_or_else(|error| panic!("SIM_HASHES={}: {error}", path.display()));
}

/// Writes something of a run to `sim/<test>/<seed><suffix>` (`::` is written as `.`) below cargo's
/// target folder. Returns where.
///
/// # Errors
///
/// When it cannot be written.
pub(super) fn store(
    (test, seed): (&str, u64),
    suffix: &str,
    bytes: &[u8],
) -> std::io::Result<PathBuf> {
    let folder = target_folder().join("sim").join(test.replace("::", "."));
    std::fs::create_dir_all(&folder)?;
    let path = folder.join(format!("{seed:#x}{suffix}"));
    // At once: whoever reads it meanwhile finds the one before.
    let written = path.with_added_extension(format!("{}.tmp", std::process::id()));
    std::fs::write(&written, bytes)?;
    std::fs::rename(&written, &path)?;
    Ok(path)
}

/// Cargo marks its target folder with a file; this program is in it, save for tests in docs.
fn target_folder() -> PathBuf {
    let program = std::env::current_exe().unwrap_or_default();
    let marked = program.ancestors().find(|folder| folder.join("CACHEDIR.TAG").exists());
    let named = || std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    marked.map(Path::to_path_buf).or_else(named).unwrap_or_else(|| "target".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(variables: &[(&str, &str)]) -> Result<Steering, String> {
        let find = |name: &str| variables.iter().find(|(other, _)| *other == name);
        Steering::of(|name| find(name).map(|(_, text)| (*text).to_owned()))
    }

    #[test]
    fn seeds_are_read_in_both_notations() {
        assert_eq!(parse("0x1f3"), Some(0x1f3));
        assert_eq!(parse(" 42 "), Some(42));
        assert_eq!(parse("1f3"), None);
    }

    #[test]
    fn every_variable_is_read() {
        let steering = of(&[
            ("SIM_SEED", "0x1f"),
            ("SIM_SEEDS", "9"),
            ("SIM_BASE", "a commit"),
            ("SIM_TIME", "10m"),
            ("SIM_POLICY", "pct3"),
            ("SIM_RECORD", "1"),
            ("SIM_CHECK", "1"),
            ("SIM_GUIDED", "1"),
            ("SIM_JOBS", "2"),
        ]);
        let expected = Steering {
            seed: Some(0x1f),
            tag: None,
            base: "a commit".into(),
            seeds: Some(9),
            time: Some(Duration::from_secs(600)),
            policy: Some(Policy::Pct { depth: 3 }),
            replay: None,
            record: true,
            check: Some(true),
            guided: Some(true),
            jobs: 2,
        };
        assert_eq!(steering, Ok(expected));
        assert_eq!(of(&[]), Ok(Steering { jobs: 1, ..Steering::default() }));
        assert_eq!(of(&[("SIM_REPLAY", "a.dec")]).unwrap().replay, Some("a.dec".into()));
    }

    #[test]
    fn a_campaign_is_whole_with_all_its_seeds_and_no_other_run() {
        let whole = |name, text| of(&[(name, text)]).unwrap().runs_whole(40);
        assert!(of(&[]).unwrap().runs_whole(40));
        assert!(whole("SIM_SEEDS", "40") && whole("SIM_SEEDS", "200") && !whole("SIM_SEEDS", "39"));
        assert!(whole("SIM_JOBS", "2") && whole("SIM_CHECK", "1"));
        for (name, text) in [("SIM_SEED", "1"), ("SIM_TIME", "1h"), ("SIM_RECORD", "1")] {
            assert!(!whole(name, text), "{name}");
        }
        let steering = of(&[("SIM_SEEDS", "1"), ("SIM_JOBS", "2")]).unwrap().unsteered();
        assert_eq!(steering, Steering { jobs: 2, ..Steering::default() });
    }

    #[test]
    fn what_cannot_be_is_refused_with_the_variables_name() {
        let wrong = [
            ("SIM_SEED", "1f3"),
            ("SIM_SEED", "0x1f3@"),
            ("SIM_SEEDS", "0"),
            ("SIM_REPLAY", ""),
            ("SIM_TIME", "10"),
            ("SIM_TIME", "m"),
            ("SIM_POLICY", "pct0"),
            ("SIM_POLICY", "fair"),
            ("SIM_RECORD", ""),
            ("SIM_CHECK", "yes"),
            ("SIM_GUIDED", "2"),
            ("SIM_JOBS", "0"),
        ];
        for (name, text) in wrong {
            let said = of(&[(name, text)]).unwrap_err();
            assert!(said.starts_with(&format!("{name}={text} is not ")), "{said}");
        }
        let both = of(&[("SIM_SEED", "1"), ("SIM_REPLAY", "a.dec")]).unwrap_err();
        assert!(both.contains("say one of them"), "{both}");
    }

    #[test]
    fn a_log_is_found_from_the_packages_folder_upwards() {
        let folder = package_folder();
        let above = folder.file_name().map(|name| Path::new(name).join("src/lib.rs")).unwrap();
        assert_eq!(found("src/lib.rs".into()), Path::new("src/lib.rs"));
        assert_eq!(found(above.clone()), folder.parent().unwrap().join(above));
        assert_eq!(found("no/such.dec".into()), Path::new("no/such.dec"));
    }
}
