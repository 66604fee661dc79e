//! A run of the simulator from the trace it left, as a table or as pictures.

use std::path::{Path, PathBuf};
use std::{fmt, fs};

use crate::{Selection, Trace, Words};

/// Why nothing is shown.
#[derive(Debug)]
#[non_exhaustive]
pub enum ShowError {
    /// The arguments make no sense.
    Usage(String),
    /// A file cannot be read or written, is no trace, or has no such event.
    Failed(String),
}

/// The page of the whole run that is in a trace file's bytes.
///
/// # Errors
///
/// What makes it no trace.
pub fn page_of(bytes: &[u8]) -> Result<String, String> {
    let trace = Trace::parse(bytes)?;
    Ok(crate::page(&trace, &Words::of(&trace), &Selection::default()))
}

/// Gives the run as a table, or writes the pictures that are asked for and gives their paths. The
/// arguments are those of `greenroom-show`.
///
/// # Errors
///
/// As [`ShowError`] says.
pub fn show(args: &[String]) -> Result<String, ShowError> {
    let Options { file, selection, perfetto, mermaid, html } = Options::parse(args)?;
    let problem = |path: &Path, said: &dyn fmt::Display| {
        ShowError::Failed(format!("{}: {said}", path.display()))
    };
    let bytes = fs::read(&file).map_err(|error| problem(&file, &error))?;
    let trace = Trace::parse(&bytes).map_err(|said| problem(&file, &said))?;
    let words = Words::of(&trace);
    let chosen = selection.of(&trace, &words);
    if chosen.is_empty() {
        return Err(problem(&file, &"it has no such event"));
    }
    let mut wrote = String::new();
    let mut write = |path: Option<PathBuf>, picture: &dyn Fn() -> Result<String, String>| {
        let Some(path) = path else { return Ok(()) };
        let text = picture().map_err(|said| problem(&path, &said))?;
        fs::write(&path, text).map_err(|error| problem(&path, &error))?;
        wrote.push_str(&format!("{}\n", path.display()));
        Ok(())
    };
    write(perfetto, &|| Ok(crate::chrome_trace(&trace, &words, &chosen)))?;
    write(mermaid, &|| crate::diagram(&trace, &words, &chosen))?;
    write(html, &|| Ok(crate::page(&trace, &words, &selection)))?;
    if wrote.is_empty() {
        return Ok(crate::table(&trace, &words, &chosen));
    }
    Ok(wrote)
}

impl fmt::Display for ShowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Usage(said) | Self::Failed(said)) = self;
        f.write_str(said)
    }
}

impl std::error::Error for ShowError {}

#[derive(Debug, Default, PartialEq)]
struct Options {
    file: PathBuf,
    selection: Selection,
    perfetto: Option<PathBuf>,
    mermaid: Option<PathBuf>,
    html: Option<PathBuf>,
}

impl Options {
    fn parse(args: &[String]) -> Result<Self, ShowError> {
        let (mut options, mut file) = (Self::default(), None);
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            let mut value = || {
                let value = args.next().ok_or_else(|| format!("`{arg}` wants a value"));
                value.map_err(ShowError::Usage)
            };
            match arg.as_str() {
                "--actor" => options.selection.actor = Some(value()?.clone()),
                "--node" => options.selection.node = Some(number(arg, value()?)?),
                "--around" => options.selection.around = Some(number(arg, value()?)?),
                "--last" => options.selection.last = Some(number(arg, value()?)?),
                "--perfetto" => options.perfetto = Some(value()?.into()),
                "--mermaid" => options.mermaid = Some(value()?.into()),
                "--html" => options.html = Some(value()?.into()),
                flag if flag.starts_with('-') || file.is_some() => {
                    return Err(ShowError::Usage(format!("a show takes no argument `{arg}`")));
                }
                path => file = Some(PathBuf::from(path)),
            }
        }
        options.file =
            file.ok_or_else(|| ShowError::Usage("a show wants the file of a trace".into()))?;
        Ok(options)
    }
}

fn number<T: std::str::FromStr>(flag: &str, text: &str) -> Result<T, ShowError> {
    let text = text.trim_start_matches('#');
    text.parse().map_err(|_| ShowError::Usage(format!("`{flag}` wants a number, not `{text}`")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Options, ShowError> {
        let args: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        Options::parse(&args)
    }

    #[test]
    fn filters_and_pictures_come_in_any_order() {
        let read =
            parse("--last 7 a.trace --actor bank --html a.html --node 2 --around #9").unwrap();
        let selection =
            Selection { actor: Some("bank".into()), node: Some(2), around: Some(9), last: Some(7) };
        let expected = Options {
            file: "a.trace".into(),
            selection,
            html: Some("a.html".into()),
            ..Options::default()
        };
        assert_eq!(read, expected);
    }

    #[test]
    fn a_trace_of_the_testkit_becomes_every_picture() {
        let folder = std::env::temp_dir().join(format!("greenroom-show-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let path = |name: &str| folder.join(name).display().to_string();
        let mut sim = greenroom_testkit::TestRuntime::builder().seed(7).nodes(2).build();
        sim.run(async |_| greenroom_core::sleep(std::time::Duration::from_millis(1)).await);
        sim.save_trace(path("run.trace")).unwrap();
        let words = ["--html", "a.html", "--perfetto", "a.json", "--mermaid", "a.mmd"];
        let mut args = vec![path("run.trace")];
        args.extend(words.chunks(2).flat_map(|pair| [pair[0].to_owned(), path(pair[1])]));
        let wrote = show(&args).unwrap();
        assert_eq!(
            wrote.lines().collect::<Vec<_>>(),
            [path("a.json"), path("a.mmd"), path("a.html")]
        );
        assert!(show(&args[..1]).unwrap().contains("TimersFired"));
        let read = |name| fs::read_to_string(path(name)).unwrap();
        let (page, json, diagram) = (read("a.html"), read("a.json"), read("a.mmd"));
        fs::remove_dir_all(&folder).unwrap();
        assert!(page.contains(&format!("\"events\":{}", sim.events())), "another number of events");
        assert!(page.trim_end().ends_with("</html>") && page.contains("\"TimersFired\""));
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert!(json["traceEvents"].as_array().unwrap().len() as u64 > sim.events());
        assert!(diagram.contains("sequenceDiagram\n    participant n0_0 as n0.0\n"), "{diagram}");
        // Every kind that occurs is known by name: the file is not older than its reader.
        let trace = Trace::parse(sim_bytes(&sim).as_slice()).unwrap();
        let words = Words::of(&trace);
        assert!(trace.records.iter().all(|record| words.kind(record) != "?"));
    }

    fn sim_bytes(sim: &greenroom_testkit::TestRuntime) -> Vec<u8> {
        let path = std::env::temp_dir().join(format!("greenroom-read-{}", std::process::id()));
        sim.save_trace(&path).unwrap();
        let bytes = fs::read(&path).unwrap();
        fs::remove_file(&path).unwrap();
        bytes
    }

    #[test]
    fn what_is_no_trace_or_has_no_such_event_is_told_with_its_name() {
        let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml").to_owned();
        let said = show(std::slice::from_ref(&manifest)).unwrap_err().to_string();
        assert!(said.starts_with(&manifest) && said.contains("no trace"), "{said}");
        assert!(show(&["/no/such/file".to_owned()]).unwrap_err().to_string().contains("/no/such"));
    }

    #[test]
    fn what_makes_no_sense_is_a_usage_error() {
        for line in ["", "a b", "a --last", "a --last x", "a --node 70000", "a --svg b"] {
            assert!(matches!(parse(line), Err(ShowError::Usage(_))), "{line}");
        }
    }
}
