//! The rounds of `append`.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use greenroom_core::runtime::Blocks;
use greenroom_shard::{Builder, Driver, IdleStrategy};

use super::writers;
use crate::arguments::Arguments;
use crate::cores::{self, Core};
use crate::report::Figure;

/// Writes under way at a time.
const DEPTHS: [usize; 2] = [1, 32];
/// How a write becomes durable.
const WAYS: [&str; 2] = ["linked", "dsync"];
/// Blocks of the file: 16 MiB.
const FILE_BLOCKS: u64 = 4096;

/// Who writes.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Writer {
    Ours(Driver),
    Bare(PathBuf),
}

/// A file that goes when this does.
#[derive(Debug)]
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Result<Self, String> {
        let name = format!("greenroom-append-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        let bytes = vec![1; Blocks::BYTES * FILE_BLOCKS as usize];
        let told = |error| format!("append: {}: {error}", path.display());
        std::fs::write(&path, bytes).map_err(told)?;
        let synced = std::fs::File::open(&path).and_then(|file| file.sync_all());
        synced.map_err(told)?;
        Ok(Self(path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What is left of a file of ours in a directory for such files does no harm.
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Measures ours on every driver that is asked for, and the loop by hand where it is named.
///
/// # Errors
///
/// When the file cannot be written past the page cache, or a program is missing or fails.
pub(crate) fn measure(arguments: &Arguments) -> Result<Vec<Figure>, String> {
    let scratch = Scratch::new()?;
    let core = *cores::allowed().first().ok_or("append: no core is ours")?;
    let mut writers: Vec<_> = arguments.drivers.iter().copied().map(Writer::Ours).collect();
    writers.extend(arguments.bare.clone().map(Writer::Bare));
    let mut figures = figures(&writers);
    for _ in 0..arguments.repeats {
        let mut rows = figures.iter_mut();
        for (way, depth) in cases() {
            for (writer, row) in writers.iter().zip(&mut rows) {
                let rate = writer.sample(&scratch.0, core, way, depth, arguments.secs);
                let told = |error| format!("append: `{}`: {error}", row.variant);
                row.samples.push(rate.map_err(told)?);
            }
        }
    }
    Ok(figures)
}

fn cases() -> impl Iterator<Item = (&'static str, usize)> {
    WAYS.into_iter().flat_map(|way| DEPTHS.into_iter().map(move |depth| (way, depth)))
}

/// A row for each writer in each case, in the order in which they are measured.
fn figures(writers: &[Writer]) -> Vec<Figure> {
    let mut rows = Vec::new();
    for (way, depth) in cases() {
        let name = |writer: &Writer| format!("{} {way} x{depth}", writer.name());
        let is_bare = |writer: &&Writer| matches!(writer, Writer::Bare(_));
        let bare = writers.iter().find(is_bare).map(name);
        rows.extend(writers.iter().map(|writer| Figure {
            workload: "append",
            variant: name(writer),
            bar: None,
            unit: "per_s",
            beside: bare.clone().filter(|_| !is_bare(&writer)),
            samples: Vec::new(),
        }));
    }
    rows
}

impl Writer {
    fn name(&self) -> String {
        match self {
            Self::Ours(driver) => format!("full {driver}"),
            Self::Bare(_) => "bare".into(),
        }
    }

    /// Writes a second.
    fn sample(
        &self,
        file: &Path,
        core: Core,
        way: &'static str,
        depth: usize,
        secs: f64,
    ) -> Result<f64, String> {
        match self {
            Self::Ours(driver) => {
                let (path, linked) = (file.to_owned(), way == WAYS[0]);
                // The loop by hand sleeps in the kernel as soon as it has nothing to do.
                let idle = IdleStrategy::Park;
                let builder = Builder::new().driver(*driver).shards(1).idle(idle);
                let ran = builder.run(async move |_| {
                    writers::write(path, FILE_BLOCKS, linked, depth, secs).await
                });
                ran.map_err(|error| error.to_string())
            }
            Self::Bare(program) => {
                let mut command = Command::new(program);
                command.arg("append").arg(file).args([way, &depth.to_string(), &secs.to_string()]);
                command.stdin(Stdio::null()).stdout(Stdio::piped());
                let told = |error| format!("{}: {error}", program.display());
                let child = core.start(&mut command).map_err(told)?;
                let output = child.wait_with_output().map_err(told)?;
                let text = String::from_utf8_lossy(&output.stdout);
                let rate = text.trim().parse().ok().filter(|_| output.status.success());
                rate.ok_or_else(|| format!("{}: no rate in {text:?}", program.display()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ours_is_told_beside_the_loop_by_hand() {
        let rows = figures(&[Writer::Ours(Driver::default()), Writer::Bare("/bare".into())]);
        assert_eq!(rows.len(), 8);
        assert_eq!(rows[0].beside.as_deref(), Some("bare linked x1"));
        assert_eq!((&*rows[1].variant, rows[1].beside.is_none()), ("bare linked x1", true));
        assert_eq!(rows[7].variant, "bare dsync x32");
        assert!(figures(&[Writer::Ours(Driver::default())]).iter().all(|it| it.beside.is_none()));
    }

    #[test]
    fn every_case_is_measured_on_every_driver() {
        let scratch = Scratch::new().unwrap();
        let core = cores::allowed()[0];
        for driver in Driver::ALL {
            for (way, depth) in cases() {
                let rate = Writer::Ours(*driver).sample(&scratch.0, core, way, depth, 0.01);
                assert!(rate.unwrap() > 1.0, "{driver}, {way}, {depth}");
            }
        }
    }

    #[test]
    fn a_program_that_says_nothing_is_named() {
        let (file, core) = ("/nowhere".as_ref(), cores::allowed()[0]);
        let silent = Writer::Bare("/bin/true".into()).sample(file, core, "linked", 1, 0.01);
        assert!(silent.unwrap_err().starts_with("/bin/true: no rate"));
    }
}
