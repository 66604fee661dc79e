//! ractor's supervision: a supervisor is told of what happened to its children and does by hand
//! what it wants to follow, in `handle_supervisor_evt`; its own default would be to end. A restarted
//! child is another actor. Whoever ends takes its children along.

use super::{ALIVE, Idle, Ractor};
use crate::probe::STARTED;
use crate::rivals::supervision::{Links, Restarts};
use crate::workloads::{restart::End, storm};
use ractor::{Actor, ActorProcessingErr, ActorRef, RpcReplyPort, SupervisionEvent};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

struct Supervisor;
struct Incarnation;
struct Member;

pub(in crate::rivals) enum Told {
    End(End),
    Number(RpcReplyPort<u64>),
}

/// The incarnation there is, and where the next one comes from.
pub(in crate::rivals) struct Child {
    incarnation: ActorRef<Told>,
    next: UnboundedReceiver<ActorRef<Told>>,
}

async fn start(
    supervisor: &ActorRef<()>,
    client: &UnboundedSender<ActorRef<Told>>,
) -> Result<(), ActorProcessingErr> {
    let (child, _task) = Actor::spawn_linked(None, Incarnation, (), supervisor.get_cell()).await?;
    // A client that has gone has reported its own error already.
    let _ = client.send(child);
    Ok(())
}

impl Actor for Supervisor {
    type Msg = ();
    type State = UnboundedSender<ActorRef<Told>>;
    type Arguments = UnboundedSender<ActorRef<Told>>;

    async fn pre_start(
        &self,
        myself: ActorRef<Self::Msg>,
        client: Self::Arguments,
    ) -> Result<Self::State, ActorProcessingErr> {
        start(&myself, &client).await?;
        Ok(client)
    }

    async fn handle_supervisor_evt(
        &self,
        myself: ActorRef<Self::Msg>,
        event: SupervisionEvent,
        client: &mut Self::State,
    ) -> Result<(), ActorProcessingErr> {
        match event {
            SupervisionEvent::ActorTerminated(..) | SupervisionEvent::ActorFailed(..) => {
                start(&myself, client).await
            }
            _ => Ok(()),
        }
    }
}

impl Actor for Incarnation {
    type Msg = Told;
    type State = u64;
    type Arguments = ();

    async fn pre_start(
        &self,
        _: ActorRef<Self::Msg>,
        (): Self::Arguments,
    ) -> Result<Self::State, ActorProcessingErr> {
        STARTED.add_one();
        Ok(STARTED.read())
    }

    async fn handle(
        &self,
        myself: ActorRef<Self::Msg>,
        message: Self::Msg,
        number: &mut Self::State,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            Told::End(End::Panic) => End::panic(),
            Told::End(End::Stop) => myself.stop(None),
            Told::Number(reply) => reply.send(*number)?,
        }
        Ok(())
    }
}

impl Actor for Member {
    type Msg = ();
    type State = storm::Member;
    type Arguments = ();

    async fn pre_start(
        &self,
        _: ActorRef<Self::Msg>,
        (): Self::Arguments,
    ) -> Result<Self::State, ActorProcessingErr> {
        Ok(storm::Member)
    }

    async fn handle_supervisor_evt(
        &self,
        _: ActorRef<Self::Msg>,
        _: SupervisionEvent,
        _: &mut Self::State,
    ) -> Result<(), ActorProcessingErr> {
        Ok(())
    }
}

impl Restarts for Ractor {
    type Child = Child;

    async fn child(&self) -> Self::Child {
        let (client, mut next) = unbounded_channel();
        let (_supervisor, _task) = Actor::spawn(None, Supervisor, client).await.expect("it starts");
        Child { incarnation: next.recv().await.expect(ALIVE), next }
    }

    async fn restart(child: &mut Self::Child, end: End) -> u64 {
        child.incarnation.cast(Told::End(end)).expect(ALIVE);
        child.incarnation = child.next.recv().await.expect(ALIVE);
        child.incarnation.call(Told::Number, None).await.expect(ALIVE).expect(ALIVE)
    }
}

impl Links for Ractor {
    type Member = ActorRef<()>;

    async fn member(&self) -> Self::Member {
        let (member, _task) = Actor::spawn(None, Member, ()).await.expect("it starts");
        member
    }

    async fn member_linked(&self, to: &Self::Member) -> Self::Member {
        let spawned = Actor::spawn_linked(None, Member, (), to.get_cell()).await;
        let (member, _task) = spawned.expect("it starts");
        member
    }

    fn kill(member: &Self::Member) {
        member.kill();
    }

    async fn spawn_link_and_stop(&self, parent: &Self::Member) {
        let spawned = Actor::spawn_linked(None, Idle, (), parent.get_cell()).await;
        let (idle, task) = spawned.expect("it starts");
        idle.stop(None);
        task.await.expect("the actor ended in order");
    }
}
