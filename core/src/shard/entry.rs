//! What the slab is told and tells of the tasks in it.

use std::any::TypeId;

/// The types of a task that is no actor.
#[derive(Debug)]
struct NoActor;

/// How an actor is found by those who believe to know its type.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ActorEntry {
    pub(crate) message_type: TypeId,
    pub(crate) actor_type: TypeId,
    /// Where the actor's body begins, and with it its context and its mailbox.
    pub(crate) at: *const (),
}

impl ActorEntry {
    pub(super) const NONE: Self = Self {
        message_type: TypeId::of::<NoActor>(),
        actor_type: TypeId::of::<NoActor>(),
        at: std::ptr::null(),
    };
}

/// A slot that was reserved for a task under construction.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reserved {
    pub(crate) slot: u32,
    pub(crate) generation: u32,
}

/// Why a pid leads to no mailbox.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum NotFound {
    /// Nobody of that generation lives there.
    Dead,
    /// Somebody does, with messages of another type.
    WrongType,
}
