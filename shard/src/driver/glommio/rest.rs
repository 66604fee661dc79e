//! What a shard sleeps in: the epoll set, or the reactor.

use std::task::{Context, Poll};

use greenroom_core::Instant;

use super::pump::ShardPump;

impl ShardPump {
    /// Is ready when there is, or may be, something to do; pending when the reactor is to have its
    /// turn first.
    pub(super) fn rest(
        &mut self,
        deadline: Option<Instant>,
        blocked: bool,
        cx: &mut Context<'_>,
    ) -> Poll<()> {
        let shard_loop = &mut self.shard_loop;
        if shard_loop.world.files.is_busy() {
            return self.rest_in_reactor(deadline, blocked, cx);
        }
        if !shard_loop.spin(deadline) && shard_loop.announce() {
            shard_loop.world.sockets.sleep(shard_loop.timeout(deadline, blocked));
            shard_loop.awake();
        }
        Poll::Ready(())
    }

    /// The same while a file operation is under way. It takes longer than spinning pays for, so
    /// there is none.
    fn rest_in_reactor(
        &mut self,
        deadline: Option<Instant>,
        blocked: bool,
        cx: &mut Context<'_>,
    ) -> Poll<()> {
        let shard_loop = &mut self.shard_loop;
        if shard_loop.has_input() || shard_loop.world.sockets.look() {
            return Poll::Ready(());
        }
        if shard_loop.idle().spin().is_none() {
            self.reactor.visit(cx);
        } else if shard_loop.announce() {
            self.asleep = true;
            self.reactor.sleep(shard_loop.timeout(deadline, blocked), cx);
        } else {
            return Poll::Ready(());
        }
        Poll::Pending
    }

    /// Withdraws what was said and set for a sleep in the reactor.
    pub(super) fn wake_up(&mut self) {
        self.reactor.awake();
        if std::mem::take(&mut self.asleep) {
            self.shard_loop.awake();
        }
    }
}
