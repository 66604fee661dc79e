//! An actor that lives and works on a thread of its own.

use std::io;
use std::marker::PhantomData;

use super::carrier::{Carrier, Carrying, Done, Home, Work};
use crate::runtime::{IoDone, Request, ThreadId, ThreadJob};
use crate::shard::current;

/// See the module. The actor is on the other side: it need not be `Send`.
pub(super) struct OnThread<A> {
    /// `None` before the first piece of work.
    thread: Option<ThreadId>,
    actor: PhantomData<fn() -> A>,
}

impl<A> OnThread<A> {
    pub(super) const fn new() -> Self {
        Self { thread: None, actor: PhantomData }
    }
}

impl<A: 'static> Carrier<A> for OnThread<A> {
    fn carry(&mut self, work: Work<A>) -> Carrying<'_> {
        let job = ThreadJob(Box::new(move |kept| {
            let actor = kept.get_or_insert_with(|| Box::new(None::<A>));
            let actor = actor.downcast_mut().expect("one actor has the thread to itself");
            Box::new(work(actor))
        }));
        Box::pin(async move {
            let started = current::with(|shard| {
                let thread = match self.thread {
                    Some(thread) => thread,
                    None => *self.thread.insert(shard.open_thread(short_name::<A>())?),
                };
                Ok(shard.operate(Request::OnThread(thread, job)))
            });
            let away = || Err(io::Error::other("a courier is polled on its shard"));
            let done = match started.unwrap_or_else(away)?.await? {
                IoDone::Ran(done) => done.downcast::<Done>().ok(),
                _ => None,
            };
            done.map(|done| *done)
                .ok_or_else(|| io::Error::other("a driver completed the wrong thing"))
        })
    }
}

impl<A> Drop for OnThread<A> {
    fn drop(&mut self) {
        let Some(thread) = self.thread.take() else { return };
        current::with(|shard| {
            let home = Home::of(shard);
            let job = ThreadJob(Box::new(move |kept| home.drop_there(kept.take())));
            shard.operate_detached(Request::OnThread(thread, job));
            shard.close_thread(thread);
        });
    }
}

/// The name of a type without its path, for the thread.
fn short_name<A>() -> &'static str {
    let name = std::any::type_name::<A>();
    let plain = name.split('<').next().unwrap_or(name);
    plain.rsplit("::").next().unwrap_or(plain)
}
