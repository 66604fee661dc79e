//! kameo's supervision: a supervised child is restarted by its supervisor's loop, with the policy
//! `Permanent`, its default, and keeps its reference and its mailbox. An ask that waits in that mailbox
//! while the child is restarted fails, so the client asks when the next incarnation has told it that it
//! has started. Links are between siblings.

use super::{ALIVE, Idle, Kameo};
use crate::probe::{Resident, STARTED};
use crate::rivals::supervision::{Links, Restarts};
use crate::workloads::{restart::End, storm};
use kameo::actor::{Actor, ActorRef, Spawn};
use kameo::error::Infallible;
use kameo::message::{Context, Message};
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

pub(in crate::rivals) struct Supervisor;

pub(in crate::rivals) struct Incarnation {
    number: u64,
}

pub(in crate::rivals) struct Member(storm::Member);

/// The child, what its incarnations tell when they start, and what keeps its supervisor.
pub(in crate::rivals) struct Child {
    incarnation: ActorRef<Incarnation>,
    started: UnboundedReceiver<()>,
    _supervisor: ActorRef<Supervisor>,
}

struct Number;

impl Actor for Supervisor {
    type Args = Self;
    type Error = Infallible;

    async fn on_start(state: Self, _: ActorRef<Self>) -> Result<Self, Self::Error> {
        Ok(state)
    }
}

impl Actor for Incarnation {
    type Args = UnboundedSender<()>;
    type Error = Infallible;

    async fn on_start(client: Self::Args, _: ActorRef<Self>) -> Result<Self, Self::Error> {
        STARTED.add_one();
        // A client that has gone has reported its own error already.
        let _ = client.send(());
        Ok(Self { number: STARTED.read() })
    }
}

impl Message<End> for Incarnation {
    type Reply = ();

    async fn handle(&mut self, end: End, ctx: &mut Context<Self, ()>) {
        match end {
            End::Panic => End::panic(),
            End::Stop => ctx.stop(),
        }
    }
}

impl Message<Number> for Incarnation {
    type Reply = u64;

    async fn handle(&mut self, _: Number, _: &mut Context<Self, u64>) -> u64 {
        self.number
    }
}

impl Actor for Member {
    type Args = Self;
    type Error = Infallible;

    async fn on_start(state: Self, _: ActorRef<Self>) -> Result<Self, Self::Error> {
        Ok(state)
    }
}

impl Restarts for Kameo {
    type Child = Child;

    async fn child(&self) -> Self::Child {
        let supervisor = Supervisor::spawn(Supervisor);
        let (client, mut started) = unbounded_channel();
        let child = Incarnation::supervise(&supervisor, client);
        let child = child.restart_limit(u32::MAX, Duration::from_secs(1));
        let incarnation = child.spawn().await;
        started.recv().await.expect(ALIVE);
        Child { incarnation, started, _supervisor: supervisor }
    }

    async fn restart(child: &mut Self::Child, end: End) -> u64 {
        child.incarnation.tell(end).send().await.expect(ALIVE);
        child.started.recv().await.expect(ALIVE);
        child.incarnation.ask(Number).send().await.expect(ALIVE)
    }
}

impl Links for Kameo {
    /// 100,000 take longer than a measurement may wait for.
    const STORM_ACTORS: u64 = 10_000;
    /// Each step copies the reasons of all before it: twice as many take four times as long.
    const CHAIN_ACTORS: u64 = 1_000;

    type Member = ActorRef<Member>;

    async fn member(&self) -> Self::Member {
        Member::spawn(Member(storm::Member))
    }

    async fn member_linked(&self, to: &Self::Member) -> Self::Member {
        Member::spawn_link(to, Member(storm::Member)).await
    }

    fn kill(member: &Self::Member) {
        member.kill();
    }

    async fn spawn_link_and_stop(&self, parent: &Self::Member) {
        let actor = Idle::spawn_link(parent, Idle(Resident::new())).await;
        actor.stop_gracefully().await.expect(ALIVE);
        actor.wait_for_shutdown().await;
    }
}
