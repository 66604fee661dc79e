//! A body and how it is found.

use std::rc::Rc;

use super::held::Body;
use super::life::{Life, life};
use crate::actor::{Actor, ActorConfig, Context};
use crate::handle::Started;
use crate::mailbox::Door;
use crate::pid::Pid;
use crate::reply::Reply;
use crate::shard::ActorEntry;
use crate::task::Task;

/// Gives an actor its body. `ack`, unless it is of nothing, is told how `started` went.
pub(crate) fn embody<A: Actor>(
    pid: Pid,
    config: Rc<ActorConfig>,
    actor: A,
    ack: Reply<Started>,
) -> (Rc<dyn Task>, ActorEntry) {
    let door = Door::new(pid, config.mailbox);
    build(life::<A>(), Context::new(door, config), actor, ack)
}

fn build<L: Life>(
    life: L,
    ctx: Context<L::Actor>,
    actor: L::Actor,
    ack: Reply<Started>,
) -> (Rc<dyn Task>, ActorEntry) {
    let body = Rc::new(Body::new(ctx, actor, ack, life));
    let entry = body.entry();
    (body, entry)
}
