//! The loop: a body as the shard's task.

use std::task::{self, Poll};
use std::time::Duration;

use super::hear::Look;
use super::held::{Body, Phase, Turn};
use super::life::Life;
use crate::actor::left::HandOver;
use crate::actor::{Context, Ending, ExitReason, Flow, Panic, StopMode, Undelivered, catch};
use crate::limits::PREEMPT_CHECK_MESSAGES;
use crate::mailbox::{AnyDoor, state};
use crate::shard::{Shard, Share, current};
use crate::task::Task;

impl<L: Life> Task for Body<L> {
    #[inline]
    fn run(&self, shard: &Shard, cx: &mut task::Context<'_>, messages: u32) -> Poll<()> {
        // Run from within itself: its turn is under way already.
        let Some(mut turn) = self.turn() else { return Poll::Pending };
        if turn.phase() == Phase::Waiting {
            turn.serve(shard, cx, messages)
        } else {
            turn.go_on(shard, cx, messages)
        }
    }

    fn crashed(&self, shard: &Shard, panic: Panic) -> bool {
        let Some(mut turn) = self.turn() else { return false };
        let reason = ExitReason::Panicked(panic).into();
        let phase = turn.phase();
        if matches!(phase, Phase::Making | Phase::Handling) {
            shard.message_done(self.ctx.kind(), turn.header());
        }
        shard.guarded("a handler's drop", || turn.clear());
        if matches!(phase, Phase::Suspended | Phase::Over) {
            return phase == Phase::Suspended;
        }
        if phase == Phase::Ending || self.ctx.door().has(state::CRASHED) {
            return turn.conclude(reason).is_pending();
        }
        self.ctx.door().set(state::CRASHED);
        turn.begin_to_end(reason);
        true
    }

    fn abandon(&self) -> bool {
        let Some(mut turn) = self.turn() else { return false };
        if turn.phase() == Phase::Over {
            return true;
        }
        if matches!(turn.phase(), Phase::Making | Phase::Handling) {
            current::with(|shard| shard.message_done(self.ctx.kind(), turn.header()));
        }
        if let Err(panic) = catch(|| turn.clear()) {
            turn.report(&ExitReason::Panicked(panic));
        }
        turn.bury(ExitReason::Shutdown.into());
        true
    }

    fn stop_grace(&self) -> Option<Duration> {
        match self.ctx.config().stop_mode {
            StopMode::AbortAtAwait { grace } => Some(grace),
            StopMode::BetweenMessages => None,
        }
    }

    fn is_in_handler(&self) -> bool {
        matches!(self.phase(), Phase::Handling | Phase::Hearing)
    }

    fn door(&self) -> Option<&dyn AnyDoor> {
        Some(self.ctx.door())
    }

    fn share(&self) -> Option<Share<'_>> {
        let in_hand = matches!(self.phase(), Phase::Making | Phase::Handling);
        Some(Share { kind: self.ctx.kind(), in_hand })
    }
}

impl<L: Life> Drop for Body<L> {
    fn drop(&mut self) {
        self.abandon();
    }
}

/// What comes of an empty mailbox.
enum Rest {
    Idle,
    /// There is a message after all.
    Busy,
    End(Ending),
}

impl<L: Life> Turn<'_, L> {
    pub(super) const fn ctx(&self) -> &Context<L::Actor> {
        &self.body.ctx
    }

    /// Handles messages until there is none, a handler waits, or it is time for others.
    #[inline(always)]
    fn serve(&mut self, shard: &Shard, cx: &mut task::Context<'_>, messages: u32) -> Poll<()> {
        let door = self.body.ctx.door();
        let mut left = messages;
        loop {
            if door.has(state::LOOKED_AT) {
                match self.look(shard, cx) {
                    Look::Go => {}
                    Look::Wait => return Poll::Pending,
                    Look::End(reason) => return self.end(reason, cx),
                }
            }
            let Some((header, message)) = door.next() else {
                if !door.has(state::DRAIN | state::PRESSURE) {
                    door.set(state::IDLE);
                    return Poll::Pending;
                }
                match self.rest(shard) {
                    Rest::Idle => return Poll::Pending,
                    Rest::Busy => continue,
                    Rest::End(reason) => return self.end(reason, cx),
                }
            };
            if !header.is_none() && shard.has_expired(header) {
                self.ctx().count_undelivered(header, Undelivered::Expired);
                drop(message.set_apart());
                continue;
            }
            shard.set_scope(header);
            // Always so between messages.
            let Some(room) = self.empty() else { return Poll::Pending };
            room.make_handler(header, message);
            if door.has(state::PRESSURE) {
                // Whoever waits for room gets the message's: a handler that waits for one of them
                // would otherwise wait for itself.
                self.ctx().relieve(shard);
            }
            let Poll::Ready(flow) = self.poll_handler(shard, header, cx) else {
                self.waits(shard);
                return Poll::Pending;
            };
            if flow == Flow::Stop {
                return self.end(Ending::NORMAL, cx);
            }
            left -= 1;
            if left.is_multiple_of(PREEMPT_CHECK_MESSAGES)
                && (left == 0 || shard.need_preempt())
                && !door.is_empty()
            {
                return self.pause(shard);
            }
        }
    }

    /// A handler waits for the first time.
    #[inline]
    pub(super) fn waits(&self, shard: &Shard) {
        if let Some(limit) = self.ctx().config().handler_limit {
            shard.handler_waits(self.ctx().door(), limit);
        }
    }

    /// Lets other tasks run before the next message.
    #[cold]
    fn pause(&self, shard: &Shard) -> Poll<()> {
        shard.schedule(self.ctx().pid().slot());
        Poll::Pending
    }

    /// An empty mailbox around which there is something.
    #[cold]
    fn rest(&self, shard: &Shard) -> Rest {
        let door = self.ctx().door();
        // Messages that were dropped made room, and nobody was told of it yet.
        if door.has(state::PRESSURE) {
            self.ctx().relieve(shard);
            if !door.is_empty() {
                return Rest::Busy;
            }
        }
        if door.has(state::DRAIN) {
            return Rest::End(self.ctx().stop_reason());
        }
        door.set(state::IDLE);
        Rest::Idle
    }

    /// Goes on with whatever part of the life is not over.
    #[inline(never)]
    fn go_on(&mut self, shard: &Shard, cx: &mut task::Context<'_>, messages: u32) -> Poll<()> {
        match self.phase() {
            Phase::Fresh => {
                self.make_begin();
                self.begin(shard, cx, messages)
            }
            Phase::Beginning => self.begin(shard, cx, messages),
            Phase::Handling => self.resume(shard, cx, messages),
            Phase::Hearing => self.hear_on(shard, cx, messages),
            Phase::Waiting | Phase::Making => self.serve_out_of_line(shard, cx, messages),
            Phase::Ending => self.finish(cx),
            Phase::Suspended => self.reconsider(shard, cx, messages),
            Phase::Over => Poll::Ready(()),
        }
    }

    #[inline(never)]
    pub(super) fn serve_out_of_line(
        &mut self,
        shard: &Shard,
        cx: &mut task::Context<'_>,
        messages: u32,
    ) -> Poll<()> {
        self.serve(shard, cx, messages)
    }

    pub(super) fn begin(
        &mut self,
        shard: &Shard,
        cx: &mut task::Context<'_>,
        messages: u32,
    ) -> Poll<()> {
        let Poll::Ready(reason) = self.poll_begin(cx) else { return Poll::Pending };
        self.clear();
        match reason {
            Some(reason) => self.end(reason, cx),
            None => self.serve_out_of_line(shard, cx, messages),
        }
    }

    /// Polls a handler that waited, unless the actor was killed meanwhile.
    fn resume(&mut self, shard: &Shard, cx: &mut task::Context<'_>, messages: u32) -> Poll<()> {
        let door = self.body.ctx.door();
        let header = self.header();
        if door.has(state::KILL) {
            shard.message_done(self.ctx().kind(), header);
            self.clear();
            let reason = door.take_kill_reason();
            return self.end(reason, cx);
        }
        if door.has(state::PRESSURE) {
            self.ctx().relieve(shard);
        }
        shard.set_scope(header);
        let Poll::Ready(flow) = self.poll_handler(shard, header, cx) else { return Poll::Pending };
        match (flow, messages - 1) {
            (Flow::Stop, _) => self.end(Ending::NORMAL, cx),
            (Flow::Continue, 0) => self.pause(shard),
            (Flow::Continue, left) => self.serve_out_of_line(shard, cx, left),
        }
    }

    /// Ends the life for that reason.
    #[cold]
    #[inline(never)]
    pub(super) fn end(&mut self, reason: Ending, cx: &mut task::Context<'_>) -> Poll<()> {
        self.begin_to_end(reason);
        self.finish(cx)
    }

    /// From here on nothing is admitted, and every parked sender hears of it; unless what is
    /// admitted is for the next incarnation.
    fn begin_to_end(&mut self, reason: Ending) {
        let left = if self.ctx().may_go_on() { None } else { self.ctx().close() };
        self.make_end(reason, left);
    }

    fn finish(&mut self, cx: &mut task::Context<'_>) -> Poll<()> {
        let Poll::Ready(reason) = self.poll_end(cx) else { return Poll::Pending };
        self.clear();
        self.conclude(reason)
    }

    /// Ends the actor's public life, once.
    pub(super) fn bury(&mut self, reason: Ending) {
        let ctx = &self.body.ctx;
        if ctx.door().has(state::GONE) {
            return;
        }
        drop(ctx.close().map(|left| HandOver::new(ctx, left)));
        let actor = self.take_actor(Phase::Over);
        if let Err(panic) = catch(|| drop(actor)) {
            self.report(&ExitReason::Panicked(panic));
        }
        // Not before: whoever asks for the end while the state is dropped waits for it.
        ctx.door().set(state::GONE);
        current::with(|shard| {
            shard.cancel_timers(ctx.door().take_timers());
            shard.bury(ctx.pid(), &ctx.config().name, &reason);
        });
        for watcher in ctx.door().take_watchers() {
            watcher.send(reason.clone());
        }
        if let Some(bonds) = ctx.door().take_bonds() {
            current::with(|shard| shard.release(ctx.pid(), &bonds, &reason));
        }
    }

    pub(super) fn report(&self, what: &ExitReason) {
        let ctx = self.ctx();
        current::with(|shard| shard.report(ctx.pid(), &ctx.config().name, what));
    }
}
