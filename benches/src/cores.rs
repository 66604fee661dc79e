//! Which cores this process may use, and binding threads and child processes to one of them.

use std::io;
use std::process::{Child, Command};
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// A core, by the operating system's number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Core(usize);

/// The cores that the calling thread may use, in the order in which shards are bound to them. To be
/// asked on a thread that nothing has bound.
pub(crate) fn allowed() -> Vec<Core> {
    let Ok(set) = sched_getaffinity(None) else { return Vec::new() };
    (0..CpuSet::MAX_CPU).filter(|number| set.is_set(*number)).map(Core).collect()
}

/// The first two cores: of shards 0 and 1, and of a server and its client.
///
/// # Errors
///
/// When this process may use fewer.
pub(crate) fn two() -> Result<[Core; 2], String> {
    match allowed()[..] {
        [first, second, ..] => Ok([first, second]),
        _ => Err("two cores are needed, and this process may use one".into()),
    }
}

impl Core {
    /// Binds the calling thread; what it starts from now on inherits that.
    fn bind(self) -> io::Result<()> {
        let mut set = CpuSet::new();
        set.set(self.0);
        Ok(sched_setaffinity(None, &set)?)
    }

    /// Runs `body` on a thread bound to this core, to its end.
    ///
    /// # Errors
    ///
    /// When the core is not ours.
    ///
    /// # Panics
    ///
    /// When `body` does.
    pub(crate) fn run<T: Send>(self, body: impl FnOnce() -> T + Send) -> io::Result<T> {
        thread::scope(|scope| {
            let runner = scope.spawn(|| self.bind().map(|()| body()));
            runner.join().expect("no check failed")
        })
    }

    /// Starts a process all of whose threads are bound to this core: it inherits the binding of
    /// the thread that starts it, which ends right after.
    ///
    /// # Errors
    ///
    /// When the core is not ours, or the program does not start.
    pub(crate) fn start(self, command: &mut Command) -> io::Result<Child> {
        thread::scope(|scope| {
            let starter = scope.spawn(|| self.bind().and_then(|()| command.spawn()));
            starter.join().unwrap_or_else(|_| Err(io::Error::other("the starting thread panicked")))
        })
    }
}

/// Runs both sides at once, each on a thread bound to one of the first two cores, and returns what
/// the first one did. The second side has to end by itself once the first one has.
///
/// # Panics
///
/// When there are no two cores, or a side panics.
pub(crate) fn race<T: Send>(near: impl FnOnce() -> T + Send, far: impl FnOnce() + Send) -> T {
    let cores = two().expect("looked for before");
    let (met, refused) = (&Barrier::new(2), &AtomicBool::new(false));
    // Neither side begins unless both can: one alone would wait for ever.
    let meet = move |core: Core| {
        if core.bind().is_err() {
            refused.store(true, Ordering::Relaxed);
        }
        met.wait();
        !refused.load(Ordering::Relaxed)
    };
    thread::scope(|scope| {
        let near = scope.spawn(move || meet(cores[0]).then(near));
        scope.spawn(move || meet(cores[1]).then(far));
        let outcome = near.join().expect("no check failed");
        outcome.expect("an allowed core can be bound to")
    })
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn a_child_is_bound_and_its_parent_is_not() {
        let before = allowed();
        let core = *before.last().unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", "grep Cpus_allowed_list /proc/self/status"]);
        let child = core.start(command.stdout(std::process::Stdio::piped())).unwrap();
        let output = child.wait_with_output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(text.split_whitespace().last(), Some(&*core.0.to_string()), "{text}");
        assert_eq!(allowed(), before);
    }

    #[test]
    fn two_sides_run_on_two_cores_at_once() {
        let cores = two().unwrap();
        let (there, back) = (mpsc::channel(), mpsc::channel());
        // Neither could answer the other if one ran after the other. Each owns its ends, so that a
        // side that panics ends the other one too.
        let near = move || {
            there.0.send(allowed()).unwrap();
            back.1.recv().unwrap()
        };
        let far = move || {
            let near = there.1.recv().unwrap();
            back.0.send([near, allowed()]).unwrap();
        };
        assert_eq!(race(near, far), cores.map(|core| vec![core]));
    }

    #[test]
    fn a_core_that_is_not_there_is_refused() {
        let none = Core(CpuSet::MAX_CPU - 1);
        assert!(!allowed().contains(&none));
        assert!(none.start(&mut Command::new("true")).is_err());
    }
}
