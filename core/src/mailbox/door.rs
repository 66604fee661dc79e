//! From a pid to a mailbox of the right type.
//!
//! An `ActorRef<A>` is a pid that believes its actor takes `A::Message`. The door is where that
//! belief is checked, in release builds too: the slot's generation says that the actor is the one
//! meant, and the type recorded when the slot was filled says that its mailbox holds `M`.
//!
//! This file is the home of one unsafe fact: a `dyn AnyDoor` whose own `TypeId` is that of
//! `Door<M>` is a `Door<M>`.

#![allow(unsafe_code)]

use std::any::TypeId;
use std::rc::Rc;

use super::{AnyDoor, Door};
use crate::shard::{NotFound, Shard};

impl Shard {
    /// Calls `f` with the mailbox of a live actor of this shard that takes messages `M`; gives
    /// `argument` back when there is none.
    ///
    /// `f` runs while the slab is borrowed: it may move messages, and must not run user code.
    #[inline]
    pub(crate) fn with_mailbox<M: 'static, T, R>(
        &self,
        (slot, generation): (u32, u32),
        argument: T,
        f: impl FnOnce(&Door<M>, T) -> R,
    ) -> Result<R, (NotFound, T)> {
        let door_type = TypeId::of::<Door<M>>();
        self.tasks.with_door((slot, generation), door_type, argument, |door, argument| {
            let door: *const dyn AnyDoor = Rc::as_ptr(door);
            // SAFETY: `with_door` found `TypeId::of::<Door<M>>()` to be what the slab recorded for
            // this door, and the slab records only what the door itself answers through `Any`.
            // The borrowed `Rc` keeps it alive while `f` runs.
            f(unsafe { &*door.cast::<Door<M>>() }, argument)
        })
    }
}
