//! The callee's half of a reply slot.

use std::fmt;
use std::mem::ManuallyDrop;

use super::slot::Key;
use crate::mesh::{Deliver, Packet, PacketMeta};
use crate::pid::ShardSerial;
use crate::process;
use crate::runtime::Injected;
use crate::shard::current::Here;
use crate::shard::{Shard, current};
use crate::trace::Event;

/// The port a request is answered through.
///
/// It can be stored, answered later, moved to another actor, shard or thread. Dropping it without
/// an answer fails the caller at once with [`crate::CallError::Dropped`]: a caller never waits for
/// an answer that cannot come.
///
/// # Shard
///
/// Works on any thread, also outside any shard and after the system has shut down.
pub struct Reply<R: Send + 'static> {
    key: Key<R>,
}

impl<R: Send + 'static> Reply<R> {
    #[inline]
    pub(super) const fn new(key: Key<R>) -> Self {
        Self { key }
    }

    /// A port of nothing: keeps the place of one in a cell.
    pub(crate) const NONE: Self = Self::new(Key::NONE);

    /// Whether this is the port of nothing.
    pub(crate) const fn is_none(&self) -> bool {
        self.key.is_none()
    }

    /// Names the call; see [`Key::word`].
    pub(crate) const fn name(&self) -> u64 {
        self.key.word()
    }

    /// Answers the request. An answer nobody waits for any more is dropped.
    #[inline]
    pub fn send(self, value: R) {
        let mut port = ManuallyDrop::new(self);
        let key = port.key.take();
        let home = key.home();
        let here = Here::look();
        match here.shard() {
            Some(shard) if shard.serial() == home => shard.fill_reply(key, value),
            Some(shard) => shard.send_reply(home, key, value),
            None => inject_reply(home, key, value),
        }
    }

    /// Whether somebody still waits. Known exactly on the caller's own shard; elsewhere a caller
    /// that gave up may not be heard of yet, and the answer is yes.
    #[must_use]
    pub fn is_wanted(&self) -> bool {
        let here = current::with(|shard| {
            (shard.serial() == self.key.home()).then(|| shard.replies.is_claimed(&self.key))
        });
        here.flatten().unwrap_or(true)
    }
}

impl<R: Send + 'static> Drop for Reply<R> {
    #[inline]
    fn drop(&mut self) {
        if !self.is_none() {
            self.refuse();
        }
    }
}

impl<R: Send + 'static> Reply<R> {
    /// Fails the caller, who will get no answer.
    fn refuse(&mut self) {
        let home = self.key.home();
        let mut key = Some(self.key.take());
        current::with(|shard| {
            if shard.serial() == home {
                shard.refuse_reply(key.take().expect("not yet taken"));
            } else if let Some(sibling) = shard.sibling(home) {
                let key = key.take().expect("not yet taken");
                shard.push_system(sibling, Packet::system(key.slot(), Dropped { key }));
            }
        });
        if let Some(key) = key {
            let fail = move |shard: &Shard| {
                key.check_home(shard.serial());
                shard.refuse_reply(key);
            };
            // The caller is gone with its shard when this is refused.
            drop(process::inject_to(home, Injected::Run(Box::new(fail))));
        }
    }
}

impl<R: Send + 'static> fmt::Debug for Reply<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reply(shard {}, slot {})", self.key.home(), self.key.slot())
    }
}

impl Shard {
    #[inline]
    fn fill_reply<R: Send + 'static>(&self, key: Key<R>, value: R) {
        let slot = key.slot();
        match self.replies.fill(key, value) {
            Ok(waker) => {
                self.trace_reply(slot);
                // None when the caller is about to look: it handed the shard over.
                if !waker.is_none() {
                    self.wake_stored(waker);
                }
            }
            Err(unwanted) => {
                self.observe(|| Event::Unanswered { slot });
                drop(unwanted);
            }
        }
    }

    fn refuse_reply<R: Send + 'static>(&self, key: Key<R>) {
        self.observe(|| Event::Unanswered { slot: key.slot() });
        self.replies.drop_port(key).wake();
    }

    #[inline(never)]
    fn send_reply<R: Send + 'static>(&self, home: ShardSerial, key: Key<R>, value: R) {
        match self.sibling(home) {
            Some(peer) => {
                self.push_system(peer, Packet::system(key.slot(), Filled { key, value }));
            }
            None => inject_reply(home, key, value),
        }
    }
}

/// Answers from where no shard of the caller's node is.
#[cold]
fn inject_reply<R: Send + 'static>(home: ShardSerial, key: Key<R>, value: R) {
    let fill = move |shard: &Shard| {
        key.check_home(shard.serial());
        shard.fill_reply(key, value);
    };
    // The caller is gone with its shard when this is refused.
    drop(process::inject_to(home, Injected::Run(Box::new(fill))));
}

/// An answer on its way home.
struct Filled<R> {
    key: Key<R>,
    value: R,
}

impl<R: Send + 'static> Deliver for Filled<R> {
    fn deliver(self, shard: &Shard, _: PacketMeta) {
        self.key.check_home(shard.serial());
        shard.fill_reply(self.key, self.value);
    }
}

/// The news that no answer will come.
struct Dropped<R> {
    key: Key<R>,
}

impl<R: Send + 'static> Deliver for Dropped<R> {
    fn deliver(self, shard: &Shard, _: PacketMeta) {
        self.key.check_home(shard.serial());
        shard.refuse_reply(self.key);
    }
}
