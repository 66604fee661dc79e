//! A call that does not wait for a restart.

use super::{ActorRef, CallError, RefError};
use crate::actor::Actor;
use crate::limits::CALL_DEADLINE;
use crate::mailbox::state;
use crate::mesh::Packet;
use crate::pid::Pid;
use crate::reply::{Claim, Reply};
use crate::shard::deliver::Run;
use crate::shard::{Shard, current};
use crate::timer::{Elapsed, timeout};

impl<A: Actor> ActorRef<A> {
    /// As [`ActorRef::call`], but an actor that is between two incarnations, its supervisor having
    /// not decided or a back-off not being over, fails it at once: [`CallError::Restarting`].
    ///
    /// To an actor of another shard the question comes first and the request after its answer. An
    /// actor that crashes in between, or while the request waits in its mailbox, has the caller wait
    /// as [`ActorRef::call`] does.
    ///
    /// # Errors
    ///
    /// See [`CallError`].
    ///
    /// # Cancel safety
    ///
    /// As [`ActorRef::call`].
    pub async fn call_if_up<R, F>(&self, request: F) -> Result<R, CallError>
    where
        R: Send + 'static,
        F: FnOnce(Reply<R>) -> A::Message,
    {
        let asked = current::with(|shard| {
            let deadline = shard.scope_deadline().min(shard.now() + CALL_DEADLINE);
            (shard.ask_if_suspended(self.pid()), deadline)
        });
        let Some((claim, deadline)) = asked else {
            return Err(CallError::Unusable(RefError::Outside));
        };
        let left = || current::with(|shard| deadline - shard.now()).unwrap_or_default();
        match timeout(left(), claim).await {
            Err(Elapsed) => Err(CallError::Timeout),
            Ok(Ok(true)) => Err(CallError::Restarting),
            // An actor that is gone, or that nobody knows of, says so itself.
            Ok(_) => self.call(request).within(left()).await,
        }
    }
}

impl Shard {
    fn ask_if_suspended(&self, pid: Pid) -> Claim<bool> {
        let (claim, port) = self.open_plain_reply::<bool>();
        if pid.node() == self.node() {
            let (slot, generation) = pid.target();
            let answer = move |shard: &Self| {
                let actor = shard.tasks.actor(slot, generation);
                let door = actor.as_ref().and_then(|actor| actor.door());
                port.send(door.is_some_and(|door| door.has_state(state::SUSPENDED)));
            };
            self.push_system(pid.shard(), Packet::system(slot, Run(Box::new(answer))));
        }
        claim
    }
}
