//! New tasks.

use super::Shard;
use crate::actor::{Actor, ActorConfig, ExitReason, catch, embody};
use crate::handle::{ActorRef, SpawnError, Started};
use crate::limits::TURN_MESSAGES;
use crate::mailbox::{Bond, Charge};
use crate::pid::{Pid, ShardId};
use crate::reply::Reply;
use crate::task::{Plain, TaskFuture};
use crate::trace::Event;

/// What a new actor comes with.
pub(crate) struct Birth {
    /// Its settings; the default ones if none.
    pub(crate) config: Option<ActorConfig>,
    /// Unless it is of nothing, told when `started` has finished, or why there is no actor.
    pub(crate) ack: Reply<Started>,
    /// What binds it to its spawner.
    pub(crate) bond: Option<Bond>,
    /// Its supervision, where the bond is a supervisor's.
    pub(crate) charge: Option<Charge>,
}

impl Birth {
    /// Of an actor that is bound to nobody.
    pub(crate) const fn free(config: Option<ActorConfig>, ack: Reply<Started>) -> Self {
        Self { config, ack, bond: None, charge: None }
    }
}

impl Shard {
    /// Builds an actor on this shard. Its mailbox takes messages at once.
    pub(crate) fn spawn_actor<A: Actor>(
        &self,
        birth: Birth,
        factory: impl FnOnce() -> A,
    ) -> Result<ActorRef<A>, SpawnError> {
        let Birth { config, ack, bond, charge } = birth;
        let reserved = if self.is_closing() {
            Err(SpawnError::ShuttingDown)
        } else {
            self.tasks.reserve().ok_or(SpawnError::ShardFull)
        };
        // The factory is user code: it runs with nothing borrowed, and may panic.
        let built = reserved.and_then(|reserved| {
            catch(factory).map(|actor| (reserved, actor)).map_err(|panic| {
                drop(self.tasks.remove(reserved.slot));
                SpawnError::Start(ExitReason::Panicked(panic))
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
        let settings = match config {
            None => self.configs.share_default::<A>(),
            Some(config) => self.configs.share::<A>(config),
        };
        let turn_messages = settings.config.turn_messages.max(1);
        if let Some(observer) = &self.observer {
            observer.named(reserved.slot, reserved.generation, &settings.config.name);
        }
        let (task, entry) = embody(pid, settings.clone(), actor, ack, self.observer.is_some());
        self.vitals.note_actor(pid.target(), &settings);
        if bond.is_some()
            && let Some(door) = task.door()
        {
            let mut bonds = door.bonds();
            (bonds.awaited, bonds.charge) = (bond, charge);
        }
        self.observe(|| Event::Bounded { messages: turn_messages });
        self.tasks.fill(reserved.slot, 0, turn_messages, Some(entry), task);
        self.observe(|| Event::Spawned { slot: reserved.slot, generation: reserved.generation });
        self.schedule(reserved.slot);
        Ok(ActorRef::new(pid))
    }

    /// The shard whose turn it is to take an actor. One that hangs misses its turn, unless all do.
    pub(crate) fn next_in_turn(&self) -> ShardId {
        let mut next = self.turn_to_take();
        for _ in 0..self.shards() {
            if !self.vitals.is_sick(next) {
                break;
            }
            next = self.turn_to_take();
        }
        next
    }

    fn turn_to_take(&self) -> ShardId {
        let next = self.next_placement.get();
        self.next_placement.set((next + 1) % self.shards());
        ShardId(next)
    }

    /// Adds a future to the shard's tasks; `None` when it has no slot left.
    pub(crate) fn spawn_task(&self, future: TaskFuture) -> Option<(u32, u32)> {
        let reserved = self.tasks.reserve()?;
        self.vitals.note_task(reserved.slot);
        self.tasks.fill(reserved.slot, 0, TURN_MESSAGES, None, Plain::task(future));
        self.observe(|| Event::Spawned { slot: reserved.slot, generation: reserved.generation });
        self.schedule(reserved.slot);
        Some((reserved.slot, reserved.generation))
    }
}
