//! actix's `Supervisor`: an actor whose context has ended goes on in a new one, with the address and
//! the mailbox it had. It does not make another actor: the state stays, and a hook may renew it. A
//! panic ends the supervisor with its actor, so that workload is not for it; nor are there links.

use super::{ALIVE, Actix};
use crate::probe::STARTED;
use crate::rivals::supervision::Restarts;
use crate::workloads::restart::End;
use actix::{Actor, ActorContext, Addr, Context, Handler, Message, Supervised, Supervisor};

pub(in crate::rivals) struct Incarnation {
    number: u64,
}

#[derive(Message)]
#[rtype(result = "()")]
struct Told(End);

#[derive(Message)]
#[rtype(result = "u64")]
struct Number;

impl Actor for Incarnation {
    type Context = Context<Self>;

    /// Runs after each restart too.
    fn started(&mut self, _: &mut Self::Context) {
        STARTED.add_one();
        self.number = STARTED.read();
    }
}

impl Supervised for Incarnation {}

impl Handler<Told> for Incarnation {
    type Result = ();

    fn handle(&mut self, Told(end): Told, ctx: &mut Self::Context) {
        match end {
            End::Panic => End::panic(),
            End::Stop => ctx.stop(),
        }
    }
}

impl Handler<Number> for Incarnation {
    type Result = u64;

    fn handle(&mut self, _: Number, _: &mut Self::Context) -> u64 {
        self.number
    }
}

impl Restarts for Actix {
    type Child = Addr<Incarnation>;

    async fn child(&self) -> Self::Child {
        Supervisor::start(|_| Incarnation { number: 0 })
    }

    async fn restart(child: &mut Self::Child, end: End) -> u64 {
        child.do_send(Told(end));
        child.send(Number).await.expect(ALIVE)
    }
}
