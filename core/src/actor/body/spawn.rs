//! A body and how it is found.

use std::rc::Rc;

use super::held::Body;
use super::life::{Life, life};
use crate::actor::{Actor, Context};
use crate::handle::Started;
use crate::mailbox::{Door, state};
use crate::pid::Pid;
use crate::reply::Reply;
use crate::shard::{ActorEntry, Settings};
use crate::task::Task;

/// Gives an actor its body; `observed` says whether somebody is told of what happens on its shard. `ack`, unless it is of nothing, is told how `started` went.
pub(crate) fn embody<A: Actor>(
    pid: Pid,
    settings: Rc<Settings>,
    actor: A,
    ack: Reply<Started>,
    observed: bool,
) -> (Rc<dyn Task>, ActorEntry) {
    let door = Door::new(pid, settings.config.mailbox, observed);
    #[cfg(feature = "sim")]
    let door = shrunk(door);
    if settings.config.trap_exits {
        door.set(state::TRAPS_EXITS);
    }
    build(life::<A>(), Context::new(door, settings), actor, ack)
}

/// As small as a simulation wants it.
#[cfg(feature = "sim")]
fn shrunk<M: Send + 'static>(mut door: Door<M>) -> Door<M> {
    let (slot, depth) = (door.pid().slot(), door.depth_max);
    door.depth_max =
        crate::shard::current::with(|shard| shard.mailbox_depth(slot, depth)).unwrap_or(depth);
    door
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Flow;

    struct Idle;

    impl Actor for Idle {
        type Message = u64;

        async fn handle(&mut self, _: u64, _: &Context<Self>) -> Flow {
            Flow::Continue
        }
    }

    fn bytes<L: Life>(_: L) -> [usize; 4] {
        [size_of::<Body<L>>(), size_of::<L::Begin>(), size_of::<L::Handler>(), size_of::<L::End>()]
    }

    /// An idle actor is weighed by the benches; this says what its weight is made of.
    #[test]
    fn a_body_is_no_heavier_than_it_was() {
        let [body, begin, handler, end] = bytes(life::<Idle>());
        eprintln!("body {body}: beginning {begin}, handler {handler}, end {end}");
        assert!(body <= 216, "{body} bytes: beginning {begin}, handler {handler}, end {end}");
    }
}
