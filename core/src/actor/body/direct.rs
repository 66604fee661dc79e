//! A call to an idle actor, handled in the caller's place.
//!
//! Most calls go to an actor of the same shard that has nothing to do. Queueing the message, putting
//! the actor on the run queue, suspending the caller, and waking it with the answer costs more than
//! the answer. So the handler is made in the actor's room and polled there and then; the answer is
//! there when the caller looks for the first time. (Handing the processor over with the message is
//! Liedtke's, "Improving IPC by kernel design", 1993.)
//!
//! Nothing that can be observed changes but who runs first, which is nobody's to rely on: the actor
//! was idle with an empty mailbox, so no message is overtaken. A caller may do so a bounded number
//! of times in one poll and then waits its turn, so that a loop of calls does not hold the shard;
//! and to a bounded depth, since callees call on. The simulator draws whether it happens.

use std::task::Poll;

use super::held::Turn;
use super::life::{Life, life};
use crate::actor::{Actor, Flow, Panic, catch};
use crate::context::Header;
use crate::mailbox::{Parcel, state};
use crate::shard::Shard;
use crate::trace::Event;

/// Has an idle actor of this shard handle a message on the spot, or gives the message back to be
/// posted.
#[inline(always)]
pub(crate) fn call_in_place<A: Actor>(
    shard: &Shard,
    target: (u32, u32),
    header: Header,
    message: Parcel<A::Message>,
) -> Result<(), Parcel<A::Message>> {
    call(life::<A>(), shard, target, header, message)
}

#[inline(always)]
fn call<L: Life>(
    life: L,
    shard: &Shard,
    target: (u32, u32),
    header: Header,
    message: Parcel<<L::Actor as Actor>::Message>,
) -> Result<(), Parcel<<L::Actor as Actor>::Message>> {
    if !shard.may_hand_off() {
        return Err(message);
    }
    let Some(mut turn) = Turn::of_idle(life, shard, target) else { return Err(message) };
    let before = shard.interrupt(target, header);
    let made = catch(|| {
        if let Some(room) = turn.empty() {
            room.make_handler(header, message);
        }
    });
    let crash = turn.first_poll(shard, target, header, made);
    drop(turn);
    shard.resume(before);
    if let Err(panic) = crash {
        shard.task_panicked(target, panic);
    }
    Ok(())
}

impl<L: Life> Turn<'_, L> {
    /// Polls the handler that was just made; the rest is up to the actor's task.
    #[inline(never)]
    fn first_poll(
        &mut self,
        shard: &Shard,
        target: (u32, u32),
        header: Header,
        made: Result<(), Panic>,
    ) -> Result<(), Panic> {
        shard.count_accepted();
        self.body.ctx.door().count_passed();
        shard.observe(|| {
            let (slot, generation) = target;
            Event::Queued { slot, generation, from: shard.id() }
        });
        shard.observe(|| Event::Polled { slot: target.0, generation: target.1 });
        made?;
        let polled =
            shard.in_context_of(target, |cx| catch(|| self.poll_handler(shard, header, cx)))?;
        let Poll::Ready(flow) = polled else {
            self.waits(shard);
            return Ok(());
        };
        let door = self.body.ctx.door();
        if flow == Flow::Stop {
            // What another incarnation will handle is let in.
            let kept = door.has(state::SUPERVISED) && !door.has(state::DISMISSED);
            door.set(if kept { state::STOP } else { state::STOP | state::CLOSED });
        }
        if !door.idle_if_at_rest() {
            shard.schedule(target.0);
        }
        Ok(())
    }
}
