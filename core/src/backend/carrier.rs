//! Where an actor that may block lives, and how work gets there and back.

use std::any::Any;
use std::future::Future;
use std::io;
use std::pin::Pin;

use super::context::Post;
use crate::actor::{Error, Panic, catch};
use crate::pid::{NodeId, ShardId};
use crate::process;
use crate::runtime::Injected;
use crate::shard::Shard;

/// What came of a piece of work.
pub(super) struct Done {
    pub(super) end: End,
    /// What the handlers want to be sent.
    pub(super) posts: Vec<Post>,
}

/// What the actor wants next.
pub(super) enum End {
    Continue,
    Stop,
    /// It did not start.
    Failed(Error),
    Panicked(Panic),
}

/// Work on an actor, where it lives; there is none before the first piece, which makes it, and
/// none while an earlier piece that was given up is not back.
pub(super) type Work<A> = Box<dyn FnOnce(&mut Option<A>) -> Done + Send>;

/// How work gets to an actor.
pub(super) trait Carrier<A> {
    /// Whether several messages may go at once. On the shard itself each is one for its loop, which
    /// lets others have their turns, and hears of a stop.
    fn takes_batches(&self) -> bool {
        true
    }

    /// Has `work` done. One piece at a time; one that is given up may still be done, and what came
    /// of it is dropped.
    fn carry(&mut self, work: Work<A>) -> Carrying<'_>;
}

/// An error says that the work was not done, and never will be.
pub(super) type Carrying<'a> = Pin<Box<dyn Future<Output = io::Result<Done>> + 'a>>;

/// Runs the actor's code.
pub(super) fn end_of(f: impl FnOnce() -> End) -> End {
    catch(f).unwrap_or_else(End::Panicked)
}

/// An actor that lives on the shard itself.
pub(super) struct OnShard<A>(pub(super) Option<A>);

impl<A> Carrier<A> for OnShard<A> {
    fn takes_batches(&self) -> bool {
        false
    }

    fn carry(&mut self, work: Work<A>) -> Carrying<'_> {
        let done = work(&mut self.0);
        Box::pin(std::future::ready(Ok(done)))
    }
}

/// The shard of a courier, for what happens when that is gone.
pub(super) struct Home(NodeId, ShardId);

impl Home {
    pub(super) const fn of(shard: &Shard) -> Self {
        Self(shard.node(), shard.id())
    }

    /// Drops an actor, away from its shard, as a job that returns nothing. A panic is reported
    /// there.
    pub(super) fn drop_there<A>(self, actor: A) -> Box<dyn Any + Send> {
        if let Err(panic) = catch(|| drop(actor)) {
            let report = move |shard: &Shard| shard.report_stray("an actor's drop", panic);
            // With its shard, its reporter is gone.
            drop(process::inject(self.0, self.1, Injected::Run(Box::new(report))));
        }
        Box::new(())
    }
}
