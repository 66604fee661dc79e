//! New tasks.

use std::rc::Rc;

use super::{Shard, TaskFuture};
use crate::actor::{Actor, ActorConfig, Context, ExitReason, catch, run};
use crate::handle::{ActorRef, SpawnError, Started};
use crate::limits::TURN_MESSAGES;
use crate::mailbox::Door;
use crate::pid::{Pid, ShardId};
use crate::reply::Reply;
use crate::trace::Event;

impl Shard {
    /// Builds an actor on this shard. Its mailbox takes messages at once; `ack`, unless it is of
    /// nothing, is told when `started` has finished, or why there is no actor.
    pub(crate) fn spawn_actor<A: Actor>(
        &self,
        config: ActorConfig,
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
        let turn_messages = config.turn_messages.max(1);
        let config = self.shared_config::<A>(config);
        if let Some(observer) = &self.observer {
            observer.named(reserved.slot, reserved.generation, &config.name);
        }
        let door = Door::new(pid, config.mailbox);
        let ctx = Rc::new(Context::new(door, config, actor));
        let future: TaskFuture = Box::pin(run(ctx.clone(), ack));
        self.tasks.fill(reserved.slot, 0, turn_messages, Some(ctx), future);
        self.observe(|| Event::Spawned { slot: reserved.slot, generation: reserved.generation });
        self.schedule(reserved.slot);
        Ok(ActorRef::new(pid))
    }

    /// The settings with a name, shared by all actors of the shard that were spawned with the
    /// default ones.
    fn shared_config<A: Actor>(&self, config: ActorConfig) -> Rc<ActorConfig> {
        let name = std::any::type_name::<A>();
        if !config.name.is_empty() {
            return Rc::new(config);
        }
        let config = ActorConfig { name: name.into(), ..config };
        self.configs.share(config)
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
        self.tasks.fill(reserved.slot, 0, TURN_MESSAGES, None, future);
        self.observe(|| Event::Spawned { slot: reserved.slot, generation: reserved.generation });
        self.schedule(reserved.slot);
        Some((reserved.slot, reserved.generation))
    }
}
