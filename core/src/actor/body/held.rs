//! A body, and the room in it that the parts of a life take turns in.
//!
//! This file is the home of three unsafe facts.
//!
//! *What the room holds, the phase says.* A future is made in the room only while it is empty, is
//! then named by the phase, is never moved, and is dropped where it lies before the room counts as
//! empty again. The room lies in an `Rc`, which does not move its content, so the future is pinned.
//!
//! *What a future borrows outlives it.* Its references to the actor and its context are of the
//! body that the room lies in. The room is emptied before the actor leaves its place ([`Turn::take_actor`])
//! and before the body is dropped.
//!
//! *One at a time.* Room and actor are reached through a [`Turn`] only, and of a body there is one
//! at most ([`Body::turn`]). A mutable reference to the actor is made for one future, while no other
//! is there, and goes with it.

#![allow(unsafe_code)]

use std::any::TypeId;
use std::cell::{Cell, UnsafeCell};
use std::future::Future;
use std::mem::ManuallyDrop;
use std::pin::Pin;
use std::ptr;
use std::task::{self, Poll};

use super::life::Life;
use crate::actor::left::Left;
use crate::actor::{Actor, Context, Ending, Flow, Signal};
use crate::context::Header;
use crate::handle::Started;
use crate::mailbox::Parcel;
use crate::reply::Reply;
use crate::shard::{ActorEntry, Shard};

type Message<L> = <<L as Life>::Actor as Actor>::Message;

/// See the module. Begins with its context, which begins with its mailbox: so whoever knows the
/// message type alone finds that.
#[repr(C)]
pub(super) struct Body<L: Life> {
    pub(super) ctx: Context<L::Actor>,
    /// Of the message that is being handled.
    header: Cell<Header>,
    phase: Cell<Phase>,
    taken: Cell<bool>,
    room: UnsafeCell<Room<L>>,
    /// Until the end.
    actor: UnsafeCell<Option<L::Actor>>,
    life: L,
}

/// How far a life is, and what is in the room.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Phase {
    /// Nothing has run; the port that is told of the start.
    Fresh,
    /// The future of the beginning.
    Beginning,
    /// Nothing: the next message is to come.
    Waiting,
    /// Nothing yet: the handler of a message is being made.
    Making,
    /// A handler.
    Handling,
    /// The future that hears of another actor.
    Hearing,
    /// The future of the end.
    Ending,
    /// Nothing, and there is no actor either: another incarnation may follow.
    Suspended,
    /// Nothing, for ever.
    Over,
}

union Room<L: Life> {
    fresh: ManuallyDrop<Reply<Started>>,
    begin: ManuallyDrop<L::Begin>,
    handler: ManuallyDrop<L::Handler>,
    hearer: ManuallyDrop<L::Hearer>,
    end: ManuallyDrop<L::End>,
}

impl<L: Life> Body<L> {
    pub(super) const fn new(
        ctx: Context<L::Actor>,
        actor: L::Actor,
        ack: Reply<Started>,
        life: L,
    ) -> Self {
        Self {
            ctx,
            header: Cell::new(Header::NONE),
            phase: Cell::new(Phase::Fresh),
            taken: Cell::new(false),
            room: UnsafeCell::new(Room { fresh: ManuallyDrop::new(ack) }),
            actor: UnsafeCell::new(Some(actor)),
            life,
        }
    }

    /// The turn to act on the body; `None` while somebody has it.
    #[inline(always)]
    pub(super) fn turn(&self) -> Option<Turn<'_, L>> {
        if self.taken.replace(true) { None } else { Some(Turn { body: self }) }
    }

    /// How far the life is.
    pub(super) const fn phase(&self) -> Phase {
        self.phase.get()
    }

    /// How the slab finds this body.
    pub(super) const fn entry(&self) -> ActorEntry {
        ActorEntry {
            message_type: TypeId::of::<Message<L>>(),
            actor_type: TypeId::of::<L::Actor>(),
            at: (&raw const *self).cast(),
        }
    }
}

/// The right to act on a body: only one of a body is ever there.
pub(super) struct Turn<'a, L: Life> {
    pub(super) body: &'a Body<L>,
}

impl<L: Life> Drop for Turn<'_, L> {
    #[inline(always)]
    fn drop(&mut self) {
        self.body.taken.set(false);
    }
}

impl<'a, L: Life> Turn<'a, L> {
    /// The turn of an actor of this shard that is of that type and waits for a message. It does
    /// not wait any more then.
    #[inline(always)]
    pub(super) fn of_idle(_: L, shard: &'a Shard, target: (u32, u32)) -> Option<Self> {
        let at = shard.tasks.body_at(target, TypeId::of::<L::Actor>())?.cast::<Body<L>>();
        // SAFETY: the slab has this from `entry` of a body whose actor is of that type; of an actor
        // there is one kind of body, that of `life`, and `L` is that. The slab keeps it alive: it
        // lets go of it only after `abandon`, which refuses while somebody has its turn, and then
        // the body stays for ever.
        let body = unsafe { &*at };
        if body.ctx.door().begin_if_idle() { body.turn() } else { None }
    }
}

impl<'a, L: Life> Turn<'a, L> {
    #[inline(always)]
    pub(super) const fn phase(&self) -> Phase {
        self.body.phase.get()
    }

    /// The header of the message that is being handled.
    #[inline(always)]
    pub(super) const fn header(&self) -> Header {
        self.body.header.get()
    }

    /// What a future in the room borrows.
    ///
    /// # Safety
    ///
    /// The room is empty, the life neither over nor suspended, and only a future that is put there
    /// keeps these.
    #[inline(always)]
    unsafe fn lend(&mut self) -> (&'static mut L::Actor, &'static Context<L::Actor>) {
        // SAFETY: the caller's future is the only one, and the second fact of the module. The actor
        // is there but in the two phases that the caller excludes: `take_actor` leads to those, and
        // out of `Suspended` only `renew`, which has put another one in.
        unsafe {
            let actor = (*self.body.actor.get()).as_mut().unwrap_unchecked();
            (actor, &*ptr::from_ref(&self.body.ctx))
        }
    }

    /// The empty room, if it is.
    #[inline(always)]
    pub(super) fn empty(&mut self) -> Option<Empty<'_, 'a, L>> {
        (self.phase() == Phase::Waiting).then_some(Empty { turn: self })
    }

    /// Polls the handler of the message with that header. When it is done, the room is empty and the
    /// message is over; its drop is the actor's code as well, and may panic as the handler may.
    #[inline(always)]
    pub(super) fn poll_handler(
        &mut self,
        shard: &Shard,
        header: Header,
        cx: &mut task::Context<'_>,
    ) -> Poll<Flow> {
        assert!(self.phase() == Phase::Handling, "a handler is there");
        // SAFETY: a place inside the room, which is there as long as the body.
        let handler = unsafe { &raw mut (*self.body.room.get()).handler }.cast::<L::Handler>();
        // SAFETY: the phase says that it is there; it is pinned there, and nobody else polls it.
        let flow = std::task::ready!(unsafe { Pin::new_unchecked(&mut *handler) }.poll(cx));
        // Without a handler, and the message still to be counted.
        self.body.phase.set(Phase::Making);
        // SAFETY: nobody but this turn could have changed the phase meanwhile, which does not name
        // the handler any more; so it is dropped once.
        unsafe { ptr::drop_in_place(handler) };
        shard.message_done(self.body.ctx.kind(), header);
        self.body.phase.set(Phase::Waiting);
        Poll::Ready(flow)
    }

    /// Makes the future of the beginning, which takes the port that is told of it.
    pub(super) fn make_begin(&mut self) {
        let body = self.body;
        assert!(body.phase.replace(Phase::Waiting) == Phase::Fresh, "nothing has run");
        // SAFETY: the phase said that the port is there, and does no longer; then the room is empty.
        unsafe {
            let ack = ManuallyDrop::take(&mut (*body.room.get()).fresh);
            let (actor, ctx) = self.lend();
            let begin = ManuallyDrop::new(body.life.begin(actor, ctx, ack));
            (&raw mut (*body.room.get()).begin).write(begin);
        }
        body.phase.set(Phase::Beginning);
    }

    pub(super) fn poll_begin(&mut self, cx: &mut task::Context<'_>) -> Poll<Option<Ending>> {
        assert!(self.phase() == Phase::Beginning, "the beginning is there");
        // SAFETY: as in `poll_handler`.
        unsafe { Pin::new_unchecked(&mut *(*self.body.room.get()).begin) }.poll(cx)
    }

    /// Makes the future of the end in the empty room.
    pub(super) fn make_end(&mut self, reason: Ending, left: Option<Left<Message<L>>>) {
        let body = self.body;
        assert!(self.phase() == Phase::Waiting, "the room is empty");
        // SAFETY: as in `make_handler`.
        unsafe {
            let (actor, ctx) = self.lend();
            let end = ManuallyDrop::new(body.life.end(actor, ctx, reason, left));
            (&raw mut (*body.room.get()).end).write(end);
        }
        body.phase.set(Phase::Ending);
    }

    pub(super) fn poll_end(&mut self, cx: &mut task::Context<'_>) -> Poll<Ending> {
        assert!(self.phase() == Phase::Ending, "the end is there");
        // SAFETY: as in `poll_handler`.
        unsafe { Pin::new_unchecked(&mut *(*self.body.room.get()).end) }.poll(cx)
    }

    /// Drops what is in the room; then the next message may come. The actor's code may run, and
    /// panic.
    #[inline(always)]
    pub(super) fn clear(&mut self) {
        let room = self.body.room.get();
        let before = self.body.phase.replace(Phase::Waiting);
        // SAFETY: the phase said what is there, and does no longer; so it is dropped once.
        unsafe {
            match before {
                Phase::Handling => {
                    ptr::drop_in_place((&raw mut (*room).handler).cast::<L::Handler>());
                }
                Phase::Fresh => {
                    ptr::drop_in_place((&raw mut (*room).fresh).cast::<Reply<Started>>());
                }
                Phase::Beginning => ptr::drop_in_place((&raw mut (*room).begin).cast::<L::Begin>()),
                Phase::Hearing => ptr::drop_in_place((&raw mut (*room).hearer).cast::<L::Hearer>()),
                Phase::Ending => ptr::drop_in_place((&raw mut (*room).end).cast::<L::End>()),
                Phase::Waiting | Phase::Making => {}
                Phase::Suspended | Phase::Over => self.body.phase.set(before),
            }
        }
    }

    /// Makes the future that hears of another actor, in the empty room.
    pub(super) fn make_hearer(&mut self, signal: Signal) {
        let body = self.body;
        assert!(self.phase() == Phase::Waiting, "the room is empty");
        // SAFETY: as in `make_handler`.
        unsafe {
            let (actor, ctx) = self.lend();
            let hearer = ManuallyDrop::new(body.life.hear(actor, signal, ctx));
            (&raw mut (*body.room.get()).hearer).write(hearer);
        }
        body.phase.set(Phase::Hearing);
    }

    pub(super) fn poll_hearer(&mut self, cx: &mut task::Context<'_>) -> Poll<Flow> {
        assert!(self.phase() == Phase::Hearing, "the hearer is there");
        // SAFETY: as in `poll_handler`.
        unsafe { Pin::new_unchecked(&mut *(*self.body.room.get()).hearer) }.poll(cx)
    }

    /// Puts another incarnation into the body of one that has ended.
    pub(super) fn renew(&mut self, actor: L::Actor, ack: Reply<Started>) {
        let body = self.body;
        assert!(self.phase() == Phase::Suspended, "there is none");
        // SAFETY: there is no future that could borrow the actor, and nothing in the room, which
        // from here on holds what its phase says.
        unsafe {
            *body.actor.get() = Some(actor);
            (&raw mut (*body.room.get()).fresh).write(ManuallyDrop::new(ack));
        }
        body.phase.set(Phase::Fresh);
    }

    /// Takes the actor out of the empty room's body, which is then over, or suspended.
    pub(super) fn take_actor(&mut self, then: Phase) -> Option<L::Actor> {
        assert!(matches!(then, Phase::Over | Phase::Suspended), "no future is made in these");
        self.clear();
        self.body.phase.set(then);
        // SAFETY: no future is there that could borrow it, and in this phase none is made.
        unsafe { (*self.body.actor.get()).take() }
    }
}

/// The right to put a future into a room that is empty.
pub(super) struct Empty<'t, 'a, L: Life> {
    pub(super) turn: &'t mut Turn<'a, L>,
}

impl<'t, 'a, L: Life> Empty<'t, 'a, L> {
    /// Makes the handler of a message. The actor's code may run, and panic.
    #[inline(always)]
    pub(super) fn make_handler(
        self,
        header: Header,
        message: Parcel<Message<L>>,
    ) -> &'t mut Turn<'a, L> {
        let body = self.turn.body;
        body.header.set(header);
        body.phase.set(Phase::Making);
        // SAFETY: the room is empty and the life not over, for there is an `Empty`; the handler is
        // what is put there.
        unsafe {
            let (actor, ctx) = self.turn.lend();
            let handler = body.life.handle(actor, message.open(), ctx);
            (&raw mut (*body.room.get()).handler).cast::<L::Handler>().write(handler);
        }
        body.phase.set(Phase::Handling);
        self.turn
    }
}
