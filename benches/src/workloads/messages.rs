//! Messages on one shard, and the same between two: ask, cast, ring.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::Poll;

use greenroom_core::supervision::{ChildSpec, Strategy, SupervisorSpec};
use greenroom_core::{
    Actor, ActorConfig, ActorRef, Context, Flow, MailboxBound, Placement, Reply, System,
};

use crate::meter::{Extent, Meter};

/// Adds numbers; what both sides of `ask` and `cast` talk to.
pub(crate) struct Counter {
    total: u64,
}

pub(crate) enum Count {
    Add(u64),
    AddAndRead(u64, Reply<u64>),
}

impl Counter {
    pub(crate) const fn new() -> Self {
        Self { total: 0 }
    }
}

impl Actor for Counter {
    type Message = Count;

    async fn handle(&mut self, message: Count, _: &Context<Self>) -> Flow {
        match message {
            Count::Add(n) => self.total += n,
            Count::AddAndRead(n, reply) => {
                self.total += n;
                reply.send(self.total);
            }
        }
        Flow::Continue
    }
}

/// Asks a counter, from an actor of its own.
struct Client {
    counter: ActorRef<Counter>,
}

/// What to measure, for how long; answered with nanoseconds each.
enum Measure {
    Ask(Meter, Reply<f64>),
    /// In batches of so many.
    Cast(Meter, u64, Reply<f64>),
    /// In halves of a window.
    Stream(Meter, Reply<f64>),
}

impl Actor for Client {
    type Message = Measure;

    async fn handle(&mut self, message: Measure, _: &Context<Self>) -> Flow {
        match message {
            Measure::Ask(meter, reply) => reply.send(ask(self.counter, meter).await),
            Measure::Cast(meter, batch, reply) => {
                reply.send(cast(self.counter, meter, batch).await);
            }
            Measure::Stream(meter, reply) => reply.send(stream(self.counter, meter).await),
        }
        Flow::Continue
    }
}

async fn ask(counter: ActorRef<Counter>, mut meter: Meter) -> f64 {
    let mut asked = 0;
    loop {
        for _ in 0..1000 {
            let total = counter.call(|reply| Count::AddAndRead(1, reply)).await.expect("answered");
            asked += 1;
            assert_eq!(total, asked, "an ask was lost");
        }
        if !meter.lap(1000) {
            return meter.nanos_each();
        }
    }
}

/// Casts in batches, each closed by an ask, all counted alike.
async fn cast(counter: ActorRef<Counter>, mut meter: Meter, batch: u64) -> f64 {
    let mut sent = 0;
    loop {
        for _ in 0..10 {
            for _ in 0..batch {
                counter.cast(Count::Add(1)).expect("there is room for a batch");
            }
            sent += batch;
            let total = counter.call(|reply| Count::AddAndRead(0, reply)).await.expect("answered");
            assert_eq!(total, sent, "a cast was lost");
        }
        if !meter.lap(10 * (batch + 1)) {
            return meter.nanos_each();
        }
    }
}

/// One-way messages of half a window: at most twice as many are unanswered, and two asks.
const CASTS_PER_HALF: u64 = 500;

/// What a mailbox must hold that is sent whole windows.
pub(crate) const WINDOW_DEPTH: usize = 2 * (CASTS_PER_HALF as usize + 1);

/// Casts in halves of a window: while it sends a half it awaits the answer to an ask that was sent
/// right before it and closes the half before. So sender and receiver work side by side. The same
/// work as `benches/compare` gives the rivals.
async fn stream(counter: ActorRef<Counter>, mut meter: Meter) -> f64 {
    let mut sent = 0;
    loop {
        for _ in 0..10 {
            let mut ask = pin!(counter.call(|reply| Count::AddAndRead(0, reply)));
            // First, so that the ask goes out before the messages of this half.
            let early = send_first(ask.as_mut()).await;
            for _ in 0..CASTS_PER_HALF {
                counter.cast(Count::Add(1)).expect("there is room for a window");
            }
            let total = match early {
                Some(total) => total,
                None => ask.await,
            };
            let total = total.expect("answered");
            assert!((sent..=sent + CASTS_PER_HALF).contains(&total), "{total} after {sent}");
            sent += CASTS_PER_HALF;
        }
        if !meter.lap(10 * (CASTS_PER_HALF + 1)) {
            let total = counter.call(|reply| Count::AddAndRead(0, reply)).await.expect("answered");
            assert_eq!(total, sent, "a cast was lost");
            return meter.nanos_each();
        }
    }
}

/// Polls a call once, which sends its request; the answer, if it is there already.
pub(crate) async fn send_first<F: Future>(mut call: Pin<&mut F>) -> Option<F::Output> {
    let mut early = None;
    poll_fn(|cx| {
        if let Poll::Ready(answer) = call.as_mut().poll(cx) {
            early = Some(answer);
        }
        Poll::Ready(())
    })
    .await;
    early
}

/// What a run measures with.
#[derive(Clone, Copy)]
pub(crate) struct Setup {
    pub(crate) extent: Extent,
    /// Where the counter lives; the client is on shard 0.
    pub(crate) counter: Placement,
    pub(crate) mailbox: MailboxBound,
    /// Casts between two asks.
    pub(crate) batch: u64,
    pub(crate) bonds: Bonds,
}

/// Who else has to do with the counter. None of it may cost a message anything.
#[derive(Clone, Copy)]
pub(crate) enum Bonds {
    None,
    Supervised,
    LinkedAndMonitored,
}

/// Links itself to a counter, and monitors it.
struct Friend;

impl Actor for Friend {
    type Message = (ActorRef<Counter>, Reply<()>);

    async fn handle(&mut self, (counter, bound): Self::Message, ctx: &Context<Self>) -> Flow {
        ctx.link(counter.pid());
        ctx.monitor(counter.pid());
        bound.send(());
        Flow::Continue
    }
}

async fn counter(system: &System, setup: Setup) -> ActorRef<Counter> {
    let config = ActorConfig::default().mailbox(setup.mailbox);
    if matches!(setup.bonds, Bonds::Supervised) {
        let child = ChildSpec::with_config("counter", config, Counter::new);
        let tree = SupervisorSpec::new(Strategy::OneForOne).child(child.placement(setup.counter));
        let tree = tree.start(system, Placement::Here).await.expect("a supervisor");
        return tree.child("counter").await.expect("it answers").expect("a counter");
    }
    let counter = system.spawn_with(config, setup.counter, Counter::new).await;
    let counter = counter.expect("a counter");
    if matches!(setup.bonds, Bonds::LinkedAndMonitored) {
        let friend = system.spawn(Placement::Here, || Friend).await.expect("a friend");
        friend.call(|bound| (counter, bound)).await.expect("bound");
    }
    counter
}

async fn client(system: System, setup: Setup) -> ActorRef<Client> {
    let counter = counter(&system, setup).await;
    system.spawn(Placement::Shard(0), move || Client { counter }).await.expect("a client")
}

/// A call may last as long as the measurement.
pub(crate) const FOR_EVER: std::time::Duration = std::time::Duration::MAX;

pub(crate) async fn measure_ask(system: System, setup: Setup) -> f64 {
    let client = client(system, setup).await;
    let call = client.call(|reply| Measure::Ask(Meter::new(setup.extent), reply));
    call.within(FOR_EVER).await.expect("measured")
}

pub(crate) async fn measure_cast(system: System, setup: Setup) -> f64 {
    let client = client(system, setup).await;
    let call = client.call(|reply| Measure::Cast(Meter::new(setup.extent), setup.batch, reply));
    call.within(FOR_EVER).await.expect("measured")
}

pub(crate) async fn measure_stream(system: System, setup: Setup) -> f64 {
    let client = client(system, setup).await;
    let call = client.call(|reply| Measure::Stream(Meter::new(setup.extent), reply));
    call.within(FOR_EVER).await.expect("measured")
}

/// Passes a token to the next.
struct Node {
    next: Option<ActorRef<Self>>,
}

enum Pass {
    Next(ActorRef<Node>),
    /// Hops left, and who waits for the last.
    Token(u64, ActorRef<Finish>),
}

impl Actor for Node {
    type Message = Pass;

    async fn handle(&mut self, message: Pass, _: &Context<Self>) -> Flow {
        match message {
            Pass::Next(next) => self.next = Some(next),
            Pass::Token(0, finish) => finish.cast(Lap::Over).expect("one lap at a time"),
            Pass::Token(hops, finish) => {
                let next = self.next.expect("linked");
                next.cast(Pass::Token(hops - 1, finish)).expect("one token");
            }
        }
        Flow::Continue
    }
}

/// Waits for the token.
struct Finish {
    waiting: Option<Reply<()>>,
}

enum Lap {
    Wait(Reply<()>),
    Over,
}

impl Actor for Finish {
    type Message = Lap;

    async fn handle(&mut self, message: Lap, _: &Context<Self>) -> Flow {
        match message {
            Lap::Wait(reply) => self.waiting = Some(reply),
            Lap::Over => self.waiting.take().expect("somebody waits").send(()),
        }
        Flow::Continue
    }
}

const RING_ACTORS: usize = 1000;
const LAP_HOPS: u64 = 100_000;

pub(crate) async fn measure_ring(system: System, extent: Extent, mailbox: MailboxBound) -> f64 {
    let mut nodes = Vec::with_capacity(RING_ACTORS);
    for _ in 0..RING_ACTORS {
        let config = ActorConfig::default().mailbox(mailbox);
        nodes.push(system.spawn_here(config, || Node { next: None }).expect("a node"));
    }
    for (index, node) in nodes.iter().enumerate() {
        let next = nodes[(index + 1) % RING_ACTORS];
        node.cast(Pass::Next(next)).expect("room");
    }
    let finish = system.spawn_here(ActorConfig::default(), || Finish { waiting: None });
    let finish = finish.expect("a finish");
    let mut meter = Meter::new(extent);
    loop {
        let over = finish.call(Lap::Wait).within(FOR_EVER);
        nodes[0].cast(Pass::Token(LAP_HOPS - 1, finish)).expect("room");
        // The token is on its way before anybody waits; it comes round later than the wait.
        over.await.expect("the token came round");
        if !meter.lap(LAP_HOPS) {
            return meter.nanos_each();
        }
    }
}
