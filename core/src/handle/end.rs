//! Ending an actor, and waiting for its end.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::ActorRef;
use crate::actor::{Actor, Ending, ExitReason};
use crate::pid::Pid;
use crate::process;
use crate::reply::Claim;
use crate::runtime::Injected;
use crate::shard::lifecycle::End;
use crate::shard::{Shard, current};

impl<A: Actor> ActorRef<A> {
    /// Asks the actor to end after the message it handles. What is queued is undelivered. Final, also
    /// for an actor that has a supervisor.
    pub fn stop(&self) {
        end(self.pid(), End::Stop);
    }

    /// Asks the actor to end after what was sent before this; later messages are refused. In
    /// band: messages that this sender sent before are handled first. Final, as [`ActorRef::stop`].
    pub fn drain(&self) {
        end(self.pid(), End::Drain);
    }

    /// Ends the actor at its next await. Its hooks do not run. An actor that has a supervisor ends
    /// with that only for now: it counts as a crash, after which another incarnation may follow.
    pub fn kill(&self) {
        end(self.pid(), End::Kill(ExitReason::Killed.into()));
    }

    /// Waits until the actor has ended. Any number may wait, before or after the end: the reason
    /// is a state, not an event. A reason is remembered for the last 1024 actors of a shard.
    pub fn exit(&self) -> Exit {
        exit_of(self.pid())
    }
}

/// The end of whatever actor that is.
pub(crate) fn exit_of(pid: Pid) -> Exit {
    let claim = current::with(|shard| {
        let (claim, port) = shard.open_plain_reply::<Ending>();
        shard.watch(pid, port);
        claim
    });
    Exit { claim, of: pid }
}

fn end(pid: Pid, how: End) {
    current::with(|shard| shard.end(pid, how));
}

/// The end of an actor; see [`ActorRef::exit`].
///
/// # Cancel safety
///
/// Dropping this stops waiting, and changes nothing else.
#[must_use = "a future does nothing unless it is awaited"]
pub struct Exit {
    /// `None` outside any shard.
    claim: Option<Claim<Ending>>,
    /// Whose end.
    of: Pid,
}

impl Drop for Exit {
    /// The port goes too: an actor may outlive any number of those who waited for a while.
    fn drop(&mut self) {
        let Some(mut claim) = self.claim.take() else { return };
        let Some(name) = claim.name() else { return };
        let (home, of) = (claim.home(), self.of);
        claim.give_up();
        let told = current::with(|shard| {
            let here = shard.serial() == home;
            if here {
                shard.unwatch(of, name);
            }
            here
        });
        if told != Some(true) {
            let unwatch = move |shard: &Shard| shard.unwatch(of, name);
            // A shard that is gone waits for nobody.
            drop(process::inject_to(home, Injected::Run(Box::new(unwatch))));
        }
    }
}

impl fmt::Debug for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Exit")
    }
}

impl Future for Exit {
    type Output = ExitReason;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<ExitReason> {
        let Some(claim) = &mut self.claim else { return Poll::Ready(ExitReason::Unreachable) };
        // A port that was dropped went down with the actor's shard.
        Pin::new(claim)
            .poll(cx)
            .map(|answer| answer.map_or(ExitReason::Unreachable, ExitReason::from))
    }
}
