//! A process that is run for its first line.

use std::io::{self, Read};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// Runs `command` to its end and returns the first line of its standard output.
///
/// Nothing polls while it runs, so that the measurement in it has the cores to itself.
///
/// # Errors
///
/// When it cannot be started, fails (the end of its standard error says why), prints nothing, or has
/// not closed its output after `limit`, in which case it is killed.
pub(crate) fn first_line(command: &mut Command, limit: Duration) -> Result<String, String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("{program} does not start: {error}"))?;
    let output = read_aside(child.stdout.take());
    let errors = read_aside(child.stderr.take());
    let Ok(output) = output.recv_timeout(limit) else {
        // It may have ended in this very moment, and then there is nothing to kill.
        let _ = child.kill();
        let _ = child.wait();
        return Err(format!("not done after {limit:.0?}, killed"));
    };
    let status = child.wait().map_err(|error| format!("{program} is lost: {error}"))?;
    if !status.success() {
        let errors = errors.recv_timeout(limit).unwrap_or_default();
        return Err(format!("{status}: {}", last_words(&errors)));
    }
    output.lines().next().map(str::to_owned).ok_or_else(|| "it printed nothing".to_owned())
}

/// Reads a pipe to its end on a thread of its own.
fn read_aside(pipe: Option<impl Read + Send + 'static>) -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        // A pipe that breaks ends what can be read, no more.
        let _ = pipe.map_or(Ok(0), |mut pipe| io::copy(&mut pipe, &mut bytes));
        // Nobody waits any more if the process was killed.
        let _ = sender.send(String::from_utf8_lossy(&bytes).into_owned());
    });
    receiver
}

/// The last two lines of an error output that say something.
fn last_words(errors: &str) -> String {
    let mut lines: Vec<_> = errors
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with("note: run with"))
        .collect();
    lines.drain(..lines.len().saturating_sub(2));
    lines.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn the_first_line_is_returned() {
        assert_eq!(first_line(&mut shell("echo one; echo two"), LONG), Ok("one".to_owned()));
    }

    #[test]
    fn a_failure_is_explained_by_the_end_of_the_error_output() {
        let mut command = shell(
            "echo one; printf 'much\\nthread panicked:\\nbad\\nnote: run with x\\n' >&2; exit 3",
        );
        let error = first_line(&mut command, LONG).unwrap_err();
        assert_eq!(error, "exit status: 3: thread panicked: bad");
    }

    #[test]
    fn silence_and_absence_are_errors() {
        assert_eq!(first_line(&mut shell("true"), LONG), Err("it printed nothing".to_owned()));
        let error = first_line(&mut Command::new("/nonexistent/program"), LONG).unwrap_err();
        assert!(error.starts_with("/nonexistent/program does not start"), "{error}");
    }

    #[test]
    fn a_process_that_does_not_end_is_killed() {
        let error =
            first_line(&mut shell("exec sleep 1000"), Duration::from_millis(1)).unwrap_err();
        assert_eq!(error, "not done after 1ms, killed");
    }
}
