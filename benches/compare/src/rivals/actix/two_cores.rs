//! actix on two cores: its system's own arbiter on the first and another one on the second. An actor
//! stays on the arbiter that it was started on.

use super::{Actix, Counter};
use crate::pin;
use crate::rivals::OnTwoCores;
use crate::workloads::{big, skynet::TreeNode};
use actix::{
    Actor, ActorContext, Addr, Arbiter, ArbiterHandle, AsyncContext, Context, Handler, Message,
    System,
};
use std::sync::{Arc, OnceLock};

/// The arbiters of this process, by core.
static ARBITERS: OnceLock<[ArbiterHandle; 2]> = OnceLock::new();

fn arbiter(core: usize) -> &'static ArbiterHandle {
    &ARBITERS.get().expect("the runtime has started")[core]
}

pub(in crate::rivals) struct Tree(TreeNode<Addr<Self>>);

pub(in crate::rivals) struct Peer(big::Peer<Addr<Self>>);

#[derive(Message)]
#[rtype(result = "()")]
struct Report(u64);

#[derive(Message)]
#[rtype(result = "()")]
struct Meet(Arc<[Addr<Peer>]>);

#[derive(Message)]
#[rtype(result = "()")]
struct Begin(u64);

#[derive(Message)]
#[rtype(result = "()")]
struct Ping(usize);

#[derive(Message)]
#[rtype(result = "()")]
struct Pong;

impl Tree {
    fn report(&self, sum: u64, ctx: &mut Context<Self>) {
        if let Some(parent) = self.0.parent.report(sum) {
            parent.do_send(Report(sum));
        }
        ctx.stop();
    }
}

impl Actor for Tree {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        if let Some(number) = self.0.leaf() {
            return self.report(number, ctx);
        }
        for (place, child) in self.0.children(ctx.address()).enumerate() {
            if self.0.is_root() {
                Self::start_in_arbiter(arbiter(place % 2), |_| Self(child));
            } else {
                Self(child).start();
            }
        }
    }
}

impl Handler<Report> for Tree {
    type Result = ();

    fn handle(&mut self, Report(sum): Report, ctx: &mut Self::Context) {
        if let Some(sum) = self.0.add(sum) {
            self.report(sum, ctx);
        }
    }
}

impl Actor for Peer {
    type Context = Context<Self>;
}

fn ping(other: Option<&Addr<Peer>>, from: usize) {
    if let Some(other) = other {
        other.do_send(Ping(from));
    }
}

impl Handler<Meet> for Peer {
    type Result = ();

    fn handle(&mut self, Meet(others): Meet, _: &mut Self::Context) {
        self.0.others = others;
    }
}

impl Handler<Begin> for Peer {
    type Result = ();

    fn handle(&mut self, Begin(pings): Begin, _: &mut Self::Context) {
        let place = self.0.place;
        ping(self.0.begin(pings), place);
    }
}

impl Handler<Ping> for Peer {
    type Result = ();

    fn handle(&mut self, Ping(from): Ping, _: &mut Self::Context) {
        self.0.others[from].do_send(Pong);
    }
}

impl Handler<Pong> for Peer {
    type Result = ();

    fn handle(&mut self, _: Pong, _: &mut Self::Context) {
        let place = self.0.place;
        ping(self.0.next(), place);
    }
}

impl OnTwoCores for Actix {
    type Peer = Addr<Peer>;
    type Tree = Addr<Tree>;

    fn run_on_two<C, F>(client: C) -> F::Output
    where
        C: FnOnce(Self) -> F,
        F: Future<Output: Send> + Send + 'static,
    {
        let system = System::new();
        let second = Arbiter::with_tokio_rt(|| {
            pin::this_thread(pin::SERVER).expect("two cores");
            tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("the system gives us an epoll instance")
        });
        ARBITERS.get_or_init(|| [System::current().arbiter().clone(), second.handle()]);
        let client = client(Self);
        system
            .block_on(async move { actix::spawn(client).await.expect("the client did not panic") })
    }

    async fn counter_on(&self, core: usize) -> Self::Counter {
        Counter::start_in_arbiter(arbiter(core), |_| Counter { total: 0 })
    }

    fn go(&self, core: usize, task: impl Future<Output = ()> + Send + 'static) {
        assert!(arbiter(core).spawn(task), "the arbiter is there");
    }

    async fn tree(&self, node: TreeNode<Self::Tree>) {
        Tree(node).start();
    }

    async fn peer(&self, core: usize, state: big::Peer<Self::Peer>) -> Self::Peer {
        Peer::start_in_arbiter(arbiter(core), |_| Peer(state))
    }

    async fn meet(peer: &Self::Peer, others: Arc<[Self::Peer]>) {
        peer.do_send(Meet(others));
    }

    async fn begin(peer: &Self::Peer, pings: u64) {
        peer.do_send(Begin(pings));
    }
}
