//! Where the programs are that are measured.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// The server that is measured when none is named: the example built beside this program, or in
/// the workspace's own target folder.
///
/// # Errors
///
/// When there is none; says how to build it.
pub(crate) fn ours(example: &str, named: Option<&Path>) -> Result<PathBuf, String> {
    let found = match named {
        Some(path) => is_executable(path).then(|| path.to_path_buf()),
        None => {
            candidates(&env::current_exe().unwrap_or_default(), example).find(|p| is_executable(p))
        }
    };
    found.ok_or_else(|| {
        let absent = match named {
            Some(path) => format!("{} is no program", path.display()),
            None => format!("there is no example {example} here"),
        };
        format!(
            "{example}: {absent}; build it with `cargo build --release --example {example}`, \
             or name a server with `--{example} PATH`"
        )
    })
}

/// Cargo puts examples into a folder beside the binaries, and the binaries of tests one deeper.
fn candidates<'a>(program: &'a Path, example: &'a str) -> impl Iterator<Item = PathBuf> + 'a {
    let folders = program.ancestors().skip(1).take(2).map(Path::to_path_buf);
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("target").join("release");
    folders.chain([own]).map(move |folder| folder.join("examples").join(example))
}

/// A program on the `PATH`.
pub(crate) fn on_path(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    within(&path, program)
}

fn within(path: &OsStr, program: &str) -> Option<PathBuf> {
    env::split_paths(path).map(|folder| folder.join(program)).find(|file| is_executable(file))
}

fn is_executable(file: &Path) -> bool {
    fs::metadata(file).is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_are_looked_for_beside_the_program_first() {
        let found: Vec<_> = candidates(Path::new("/t/release/deps/bench-1"), "kv").collect();
        assert_eq!(
            found[..2],
            ["/t/release/deps/examples/kv", "/t/release/examples/kv"].map(PathBuf::from)
        );
        assert!(found[2].ends_with("target/release/examples/kv") && found.len() == 3, "{found:?}");
        let found = candidates(Path::new("/t/release/bench"), "kv").next();
        assert_eq!(found, Some("/t/release/examples/kv".into()));
    }

    #[test]
    fn a_named_server_is_taken_or_refused_but_never_replaced() {
        let shell = on_path("sh").unwrap();
        assert_eq!(ours("kv", Some(&shell)), Ok(shell));
        for absent in ["/nonexistent/kv", "/"] {
            let error = ours("kv", Some(Path::new(absent))).unwrap_err();
            assert!(error.contains(&format!("{absent} is no program")), "{error}");
            assert!(error.contains("cargo build --release --example kv"), "{error}");
        }
    }

    #[test]
    fn only_programs_on_the_path_are_found() {
        let folder = env::temp_dir().join(format!("greenroom-programs-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        for (name, mode) in [("runs", 0o755), ("does-not", 0o644)] {
            fs::write(folder.join(name), "").unwrap();
            fs::set_permissions(folder.join(name), fs::Permissions::from_mode(mode)).unwrap();
        }
        let path = env::join_paths([Path::new("/nonexistent"), &folder]).unwrap();
        let found = ["runs", "does-not", "absent"].map(|name| within(&path, name));
        fs::remove_dir_all(&folder).unwrap();
        assert_eq!(found, [Some(folder.join("runs")), None, None]);
    }
}
