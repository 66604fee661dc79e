//! The reporter of a system that was given no other.

use std::io::{Write, stderr};

use greenroom_core::{ExitReason, HookFailure, Pid, Reporter, Stall};

/// Prints each failure as one line on standard error.
#[derive(Clone, Copy, Default, Debug)]
pub struct StderrReporter;

impl Reporter for StderrReporter {
    fn actor_failed(&self, pid: Pid, name: &str, reason: &ExitReason) {
        print(&format!("greenroom: {name} {pid}: {reason}\n"));
    }

    fn hook_failed(&self, failure: &HookFailure) {
        print(&format!("greenroom: {failure}\n"));
    }

    fn cycle_broken(&self, victim: Pid, path: &[Pid]) {
        let circle = circle(victim, path);
        print(&format!("greenroom: a circle of full mailboxes, broken at the first: {circle}\n"));
    }

    fn cycle_suspected(&self, member: Pid, path: &[Pid]) {
        let circle = circle(member, path);
        print(&format!("greenroom: perhaps a circle of full mailboxes: {circle}\n"));
    }

    fn shard_stalled(&self, stall: &Stall) {
        print(&format!("greenroom: {stall}\n"));
    }
}

/// One write, so that lines of several shards do not mix; nobody can be told if it fails.
fn print(line: &str) {
    drop(stderr().write_all(line.as_bytes()));
}

fn circle(member: Pid, path: &[Pid]) -> String {
    let mut text = member.to_string();
    path.iter().for_each(|pid| text += &format!(", awaited by {pid}"));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_circle_reads_from_the_member_to_those_who_wait_for_it() {
        let pid = |text: &str| text.parse::<Pid>();
        let node = greenroom_core::process::register_node("told", Vec::new()).unwrap();
        let (first, second) = (pid("told@1/0.1.1").unwrap(), pid("told@1/1.2.3").unwrap());
        assert_eq!(circle(first, &[second]), "told@1/0.1.1, awaited by told@1/1.2.3");
        drop(node);
    }
}
