//! New tasks.

use super::Shard;
use crate::actor::{Actor, ActorConfig, ExitReason, catch, embody};
use crate::handle::{ActorRef, SpawnError, Started};
use crate::limits::TURN_MESSAGES;
use crate::pid::{Pid, ShardId};
use crate::reply::Reply;
use crate::task::{Plain, TaskFuture};
use crate::trace::Event;

impl Shard {
    /// Builds an actor on this shard. Its mailbox takes messages at once; `ack`, unless it is of
    /// nothing, is told when `started` has finished, or why there is no actor. Without settings it
    /// has the default ones.
    pub(crate) fn spawn_actor<A: Actor>(
        &self,
        config: Option<ActorConfig>,
        factory: impl FnOnce() -> A,
        ack: Reply<Started>,
    ) -> Result<ActorRef<A>, SpawnError> {
        let reserved = if self.is_closing() {
            Err(SpawnError::ShuttingDown)
        } else {
            self.tasks.reserve().ok_or(SpawnError::ShardFull)
        };
        // The factory is user code: it runs with nothing borrowed, and may panic.
        let built = reserved.and_then(|reserved| {
            catch(factory).map(|actor| (reserved, actor)).map_err(|message| {
                drop(self.tasks.remove(reserved.slot));
                SpawnError::Start(ExitReason::Panicked(message))
            })
        });
        // A factory may have brought the shard down, and the slot with it.
        let built = built.and_then(|(reserved, actor)| {
            let kept = self.tasks.generation(reserved.slot) == Some(reserved.generation);
            if kept { Ok((reserved, actor)) } else { Err(SpawnError::ShuttingDown) }
        });
        let (reserved, actor) = match built {
            Ok(built) => built,
            Err(error) => {
                if !ack.is_none() {
                    ack.send(Err(Box::new(error.clone())));
                }
                return Err(error);
            }
        };
        let pid = Pid::new(self.node(), self.id(), reserved.slot, reserved.generation);
        let config = match config {
            None => self.configs.share_default::<A>(),
            Some(config) => self.configs.share::<A>(config),
        };
        let turn_messages = config.turn_messages.max(1);
        if let Some(observer) = &self.observer {
            observer.named(reserved.slot, reserved.generation, &config.name);
        }
        self.observe(|| Event::Bounded { messages: turn_messages });
        let (task, entry) = embody(pid, config, actor, ack, self.observer.is_some());
        self.tasks.fill(reserved.slot, 0, turn_messages, Some(entry), task);
        self.observe(|| Event::Spawned { slot: reserved.slot, generation: reserved.generation });
        self.schedule(reserved.slot);
        Ok(ActorRef::new(pid))
    }

    /// The shard whose turn it is to take an actor.
    pub(crate) fn next_in_turn(&self) -> ShardId {
        let next = self.next_placement.get();
        self.next_placement.set((next + 1) % self.shards());
        ShardId(next)
    }

    /// Adds a future to the shard's tasks; `None` when it has no slot left.
    pub(crate) fn spawn_task(&self, future: TaskFuture) -> Option<(u32, u32)> {
        let reserved = self.tasks.reserve()?;
        self.tasks.fill(reserved.slot, 0, TURN_MESSAGES, None, Plain::task(future));
        self.observe(|| Event::Spawned { slot: reserved.slot, generation: reserved.generation });
        self.schedule(reserved.slot);
        Some((reserved.slot, reserved.generation))
    }
}
