//! What comes before the next message: reasons to end, news of other actors, senders that wait.

use std::task::{self, Poll};

use super::held::Turn;
use super::life::Life;
use crate::actor::{Ending, Flow};
use crate::context::Header;
use crate::limits::PREEMPT_CHECK_MESSAGES;
use crate::mailbox::state;
use crate::shard::Shard;

/// What comes of a closer look at the state word.
pub(super) enum Look {
    /// The next message.
    Go,
    /// Nothing now: the actor waits in its hook, or lets others go first.
    Wait,
    End(Ending),
}

impl<L: Life> Turn<'_, L> {
    /// A closer look at the state word between messages.
    #[cold]
    #[inline(never)]
    pub(super) fn look(&mut self, shard: &Shard, cx: &mut task::Context<'_>) -> Look {
        let mut heard = 0;
        loop {
            let door = self.ctx().door();
            if door.has(state::KILL) {
                return Look::End(door.take_kill_reason());
            }
            if door.has(state::STOP) {
                return Look::End(self.ctx().stop_reason());
            }
            if door.has(state::PRESSURE) {
                self.ctx().relieve(shard);
            }
            let Some(signal) = door.next_signal() else { return Look::Go };
            shard.set_scope(Header::NONE);
            self.make_hearer(signal);
            match self.poll_hearer(cx) {
                Poll::Pending => {
                    self.waits(shard);
                    return Look::Wait;
                }
                Poll::Ready(flow) => {
                    self.clear();
                    if flow == Flow::Stop {
                        return Look::End(Ending::NORMAL);
                    }
                }
            }
            heard += 1;
            if heard % PREEMPT_CHECK_MESSAGES == 0 && shard.need_preempt() {
                shard.schedule(self.ctx().pid().slot());
                return Look::Wait;
            }
        }
    }

    /// Polls the hook of a signal that waited, unless the actor was killed meanwhile.
    #[cold]
    pub(super) fn hear_on(
        &mut self,
        shard: &Shard,
        cx: &mut task::Context<'_>,
        messages: u32,
    ) -> Poll<()> {
        let door = self.body.ctx.door();
        if door.has(state::KILL) {
            self.clear();
            let reason = door.take_kill_reason();
            return self.end(reason, cx);
        }
        if door.has(state::PRESSURE) {
            self.ctx().relieve(shard);
        }
        shard.set_scope(Header::NONE);
        let Poll::Ready(flow) = self.poll_hearer(cx) else { return Poll::Pending };
        self.clear();
        match flow {
            Flow::Stop => self.end(Ending::NORMAL, cx),
            Flow::Continue => self.serve_out_of_line(shard, cx, messages),
        }
    }
}
