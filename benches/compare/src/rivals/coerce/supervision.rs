//! coerce's supervision: a parent hears that a child has stopped, in `on_child_stopped`, and starts
//! another one by hand. Nothing catches a child that panics but tokio, and its parent hears of it as
//! of one that stopped. It has no links.

use super::{ALIVE, Coerce};
use crate::probe::STARTED;
use crate::rivals::supervision::Restarts;
use crate::workloads::restart::End;
use async_trait::async_trait;
use coerce::actor::context::ActorContext;
use coerce::actor::message::{Handler, Message};
use coerce::actor::{Actor, ActorId, IntoActorId, LocalActorRef};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

struct Parent {
    client: UnboundedSender<LocalActorRef<Incarnation>>,
}

pub(in crate::rivals) struct Incarnation {
    number: u64,
}

struct Told(End);
struct Number;

/// The incarnation there is, and where the next one comes from.
pub(in crate::rivals) struct Child {
    incarnation: LocalActorRef<Incarnation>,
    next: UnboundedReceiver<LocalActorRef<Incarnation>>,
    _parent: LocalActorRef<Parent>,
}

impl Message for Told {
    type Result = ();
}

impl Message for Number {
    type Result = u64;
}

impl Parent {
    async fn start(&self, id: ActorId, ctx: &mut ActorContext) {
        let child = ctx.spawn(id, Incarnation { number: 0 }).await.expect("it starts");
        // A client that has gone has reported its own error already.
        let _ = self.client.send(child);
    }
}

#[async_trait]
impl Actor for Parent {
    async fn started(&mut self, ctx: &mut ActorContext) {
        self.start("child".into_actor_id(), ctx).await;
    }

    async fn on_child_stopped(&mut self, id: &ActorId, ctx: &mut ActorContext) {
        self.start(id.clone(), ctx).await;
    }
}

#[async_trait]
impl Actor for Incarnation {
    async fn started(&mut self, _: &mut ActorContext) {
        STARTED.add_one();
        self.number = STARTED.read();
    }
}

#[async_trait]
impl Handler<Told> for Incarnation {
    async fn handle(&mut self, Told(end): Told, ctx: &mut ActorContext) {
        match end {
            End::Panic => End::panic(),
            End::Stop => ctx.stop(None),
        }
    }
}

#[async_trait]
impl Handler<Number> for Incarnation {
    async fn handle(&mut self, _: Number, _: &mut ActorContext) -> u64 {
        self.number
    }
}

impl Restarts for Coerce {
    type Child = Child;

    async fn child(&self) -> Self::Child {
        let (client, mut next) = unbounded_channel();
        let parent = self.spawn(Parent { client }).await;
        Child { incarnation: next.recv().await.expect(ALIVE), next, _parent: parent }
    }

    async fn restart(child: &mut Self::Child, end: End) -> u64 {
        child.incarnation.notify(Told(end)).expect(ALIVE);
        child.incarnation = child.next.recv().await.expect(ALIVE);
        child.incarnation.send(Number).await.expect(ALIVE)
    }
}
