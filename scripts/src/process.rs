//! Child processes: built in one place, shown before they run, their failure told in one sentence.

use std::env;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use crate::failure::{Failure, failed};
use crate::workspace::Workspace;

/// `cargo` in the workspace's root, with the environment a shell would have given it.
///
/// `cargo run` leaves variables of *this* package behind (`CARGO_PKG_NAME`, `CARGO_MANIFEST_DIR`).
/// Build scripts that watch them would see them change between `cargo x test` and `cargo test` and
/// build their crates anew each time.
pub(crate) fn cargo(workspace: &Workspace) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(&workspace.root);
    for (name, _) in env::vars_os() {
        if name.to_str().is_some_and(belongs_to_cargo_run) {
            command.env_remove(name);
        }
    }
    if env::var_os("CARGO_TARGET_DIR").is_some() {
        command.env("CARGO_TARGET_DIR", &workspace.target);
    }
    command
}

fn belongs_to_cargo_run(name: &str) -> bool {
    const PREFIXES: [&str; 3] = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_"];
    const NAMES: [&str; 3] = ["CARGO_CRATE_NAME", "CARGO_PRIMARY_PACKAGE", "OUT_DIR"];
    NAMES.contains(&name) || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// Runs `command` on this terminal.
///
/// # Errors
/// When it cannot be started or does not exit with 0.
pub(crate) fn run(command: &mut Command) -> Result<(), Failure> {
    let line = shown(command);
    println!("$ {line}");
    let status = command.status().map_err(|e| failed(format!("`{line}` did not start: {e}")))?;
    if status.success() { Ok(()) } else { Err(failed(format!("`{line}` failed ({status})"))) }
}

/// Runs `command` on this terminal and returns what it wrote to its standard output.
///
/// # Errors
/// As [`run`].
pub(crate) fn run_and_read(command: &mut Command) -> Result<String, Failure> {
    println!("$ {}", shown(command));
    read(command, |line| println!("{line}"))
}

/// Runs `command` and returns what it wrote to its standard output, without showing it.
///
/// # Errors
/// As [`run`].
pub(crate) fn read_quietly(command: &mut Command) -> Result<String, Failure> {
    read(command, |_| ())
}

fn read(command: &mut Command, echo: impl Fn(&str)) -> Result<String, Failure> {
    let line = shown(command);
    let not_run = |e: std::io::Error| failed(format!("`{line}` did not run: {e}"));
    let mut child = command.stdout(Stdio::piped()).spawn().map_err(not_run)?;
    let stdout = child.stdout.take().ok_or_else(|| failed("a piped child has no pipe"))?;
    let mut output = String::new();
    for bytes in BufReader::new(stdout).split(b'\n') {
        let bytes = bytes.map_err(not_run)?;
        let text = String::from_utf8_lossy(&bytes);
        echo(&text);
        output.push_str(&text);
        output.push('\n');
    }
    let status = child.wait().map_err(not_run)?;
    if status.success() { Ok(output) } else { Err(failed(format!("`{line}` failed ({status})"))) }
}

/// How many tests passed, from the `test result:` lines of all test binaries in `output`.
pub(crate) fn tests_passed(output: &str) -> usize {
    output
        .lines()
        .filter_map(|line| line.trim().strip_prefix("test result: ok. "))
        .filter_map(|rest| rest.split_once(" passed")?.0.parse::<usize>().ok())
        .sum()
}

/// The command as one would type it: variables that were set, program, arguments.
fn shown(command: &Command) -> String {
    let mut words = Vec::new();
    for (name, value) in command.get_envs() {
        if let Some(value) = value {
            words.push(format!("{}={}", name.to_string_lossy(), quoted(&value.to_string_lossy())));
        }
    }
    let program = command.get_program().to_string_lossy();
    words.push(program.rsplit('/').next().unwrap_or(&program).to_owned());
    words.extend(command.get_args().map(|arg| quoted(&arg.to_string_lossy())));
    words.join(" ")
}

fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=./:,+@".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sh(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn a_command_is_shown_as_typed() {
        let mut command = Command::new("/usr/bin/cargo");
        command.env("RUSTFLAGS", "--cfg loom").env_remove("OUT_DIR").args(["test", "-p", "x"]);
        assert_eq!(shown(&command), "RUSTFLAGS='--cfg loom' cargo test -p x");
        assert_eq!(quoted("it's"), r"'it'\''s'");
    }

    #[test]
    fn a_failing_child_is_an_error_that_names_it() {
        let problem = run(&mut sh("exit 3")).unwrap_err().to_string();
        assert!(problem.contains("sh -c 'exit 3'") && problem.contains('3'), "{problem}");
        assert!(read_quietly(&mut sh("echo kept; exit 1")).is_err());
        let problem = run(&mut Command::new("no-such-program-here")).unwrap_err().to_string();
        assert!(problem.contains("no-such-program-here"), "{problem}");
    }

    #[test]
    fn output_is_returned_whole() {
        assert_eq!(read_quietly(&mut sh("printf 'a\\nb'")).unwrap(), "a\nb\n");
    }

    #[test]
    fn passed_tests_are_summed_over_binaries() {
        let output = "running 2 tests\ntest a ... ok\n\
            test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out\n\
            test result: ok. 11 passed; 0 failed\ntest result: FAILED. 5 passed; 1 failed\n";
        assert_eq!(tests_passed(output), 13);
        assert_eq!(tests_passed("test result: ok. 0 passed; 0 failed"), 0);
    }

    #[test]
    fn only_variables_of_cargo_run_are_removed() {
        for name in ["CARGO_PKG_NAME", "CARGO_MANIFEST_DIR", "OUT_DIR"] {
            assert!(belongs_to_cargo_run(name), "{name}");
        }
        for name in ["CARGO_HOME", "CARGO_TARGET_DIR", "CARGO_BUILD_JOBS", "RUSTFLAGS"] {
            assert!(!belongs_to_cargo_run(name), "{name}");
        }
    }
}
