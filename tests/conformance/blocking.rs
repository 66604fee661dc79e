//! What calls and actors that may block must do, wherever they run. Bodies run on shard 0 of two
//! shards.

use std::rc::Rc;
use std::time::Duration;

use futures_util::future::join_all;
use greenroom::supervision::{Budget, ChildSpec, Strategy, SupervisorSpec};
use greenroom::{
    Actor, ActorConfig, ActorRef, Backend, BlockingActor, BlockingContext, BlockingError,
    CallError, Context, Courier, ExitReason, Flow, MailboxBound, Placement, Reply, SpawnError,
    System, Undelivered, spawn_blocking,
};

use super::Body;

macro_rules! bodies {
    ($($name:ident),+ $(,)?) => {
        &[$(Body { name: stringify!($name), run: |system| Box::pin($name(system)) }),+]
    };
}

pub(super) const ALL: &[Body] = bodies![
    a_job_comes_back_and_its_panic_too,
    a_job_that_is_given_up_runs_to_its_end,
    messages_are_handled_in_order,
    an_actor_that_is_not_send_has_a_thread,
    a_panic_ends_that_actor,
    a_restart_handles_all_but_the_message_that_crashed,
    a_failed_start_is_told,
    a_stop_gives_back_what_is_queued,
    a_drain_handles_what_was_sent,
    a_kill_fails_every_caller,
    a_full_mailbox_parks_and_loses_nothing,
    what_a_handler_sends_arrives_in_order,
    an_actor_that_says_so_stops,
];

/// Longer than any body takes, also where each trip is as long as the simulator wants.
const LONG: Duration = Duration::from_secs(600);

const BACKENDS: [Backend; 3] = [Backend::Shard, Backend::Blocking, Backend::Thread];

/// Where: every backend, on this shard and on the other.
fn places() -> impl Iterator<Item = (Backend, Placement)> {
    let shards = [Placement::Shard(0), Placement::Shard(1)];
    BACKENDS.into_iter().flat_map(move |backend| shards.map(|shard| (backend, shard)))
}

/// Remembers what it was told, in order. Tells a witness how it ended.
struct Ledger {
    seen: Vec<u64>,
    witness: Option<ActorRef<Witness>>,
}

enum Entry {
    Note(u64),
    Seen(Reply<Vec<u64>>),
    Drop(#[expect(dead_code, reason = "a port that is dropped unseen")] Reply<()>),
    Forward(u64),
    Deadline(Reply<bool>),
    Panic,
    Stop,
}

impl BlockingActor for Ledger {
    type Message = Entry;

    fn handle(&mut self, message: Entry, ctx: &BlockingContext<Self>) -> Flow {
        match message {
            Entry::Note(n) => self.seen.push(n),
            Entry::Seen(reply) => reply.send(self.seen.clone()),
            Entry::Drop(_) => {}
            Entry::Forward(n) => self.tell(Saw::Forwarded(n), ctx),
            Entry::Deadline(reply) => reply.send(ctx.deadline() > ctx.now()),
            Entry::Panic => panic!("told to"),
            Entry::Stop => ctx.stop(),
        }
        Flow::Continue
    }

    fn stopped(&mut self, reason: &ExitReason, ctx: &BlockingContext<Self>) {
        self.tell(Saw::Stopped(reason.clone(), self.seen.len()), ctx);
    }

    fn on_undelivered(&mut self, message: Entry, reason: Undelivered, ctx: &BlockingContext<Self>) {
        assert_eq!(reason, Undelivered::Stopped);
        if let Entry::Note(n) = message {
            self.tell(Saw::Undelivered(n), ctx);
        }
    }
}

impl Ledger {
    fn tell(&self, what: Saw, ctx: &BlockingContext<Self>) {
        if let Some(witness) = self.witness {
            ctx.send(witness, Say::Saw(what));
        }
    }
}

/// What an actor did, as somebody else saw it.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Saw {
    Forwarded(u64),
    Stopped(ExitReason, usize),
    Undelivered(u64),
}

enum Say {
    Saw(Saw),
    All(Reply<Vec<Saw>>),
}

#[derive(Default)]
struct Witness(Vec<Saw>);

impl Actor for Witness {
    type Message = Say;

    async fn handle(&mut self, message: Say, _: &Context<Self>) -> Flow {
        match message {
            Say::Saw(what) => self.0.push(what),
            Say::All(reply) => reply.send(self.0.clone()),
        }
        Flow::Continue
    }
}

type Books = ActorRef<Courier<Ledger>>;

/// Settings for hooks that may take as long as the simulator wants.
fn patient() -> ActorConfig {
    ActorConfig {
        started_limit: LONG,
        stopped_limit: LONG,
        undelivered_limit: LONG,
        ..ActorConfig::default()
    }
}

async fn books(
    system: System,
    (backend, placement): (Backend, Placement),
    witness: Option<ActorRef<Witness>>,
) -> Books {
    let ledger = move || Ledger { seen: Vec::new(), witness };
    let courier = move || Courier::new(backend, ledger);
    system.spawn_with(patient(), placement, courier).await.expect("a ledger starts")
}

async fn witness(system: System) -> ActorRef<Witness> {
    system.spawn(Placement::Shard(1), Witness::default).await.expect("a witness starts")
}

async fn seen(books: Books) -> Vec<u64> {
    // What waits before it may take many trips, each as long as the simulator wants.
    let seen = books.call(Entry::Seen).within(LONG);
    seen.await.expect("a ledger answers")
}

async fn a_job_comes_back_and_its_panic_too(_: System) {
    let results = join_all((0..8).map(|n| spawn_blocking(move || n * 2))).await;
    let doubled: Vec<i32> = results.into_iter().map(|result| result.expect("it ran")).collect();
    assert!(doubled.into_iter().eq((0..8).map(|n| n * 2)));
    let panicked = spawn_blocking(|| -> u8 { panic!("in a job") }).await;
    assert_eq!(panicked, Err(BlockingError::Panicked("in a job".into())));
}

/// Answers from a job that it does not wait for.
struct Careless;

impl Actor for Careless {
    type Message = Reply<u8>;

    async fn handle(&mut self, reply: Reply<u8>, _: &Context<Self>) -> Flow {
        drop(spawn_blocking(move || reply.send(7)));
        Flow::Continue
    }
}

async fn a_job_that_is_given_up_runs_to_its_end(system: System) {
    let careless = system.spawn(Placement::Shard(1), || Careless).await.expect("it starts");
    let answer = careless.call(|reply| reply).within(LONG).await;
    assert_eq!(answer, Ok(7));
}

async fn messages_are_handled_in_order(system: System) {
    for place in places() {
        let books = books(system, place, None).await;
        for n in 0..300 {
            books.cast(Entry::Note(n)).expect("there is room");
        }
        assert!(seen(books).await.into_iter().eq(0..300), "{place:?}");
        let dropped = books.call(Entry::Drop).within(LONG).await;
        assert_eq!(dropped, Err(CallError::Dropped), "{place:?}");
        let deadline = books.call(Entry::Deadline).within(LONG).await;
        assert_eq!(deadline, Ok(true), "{place:?}");
        books.stop();
        assert_eq!(books.exit().await, ExitReason::Normal);
    }
}

/// Never leaves the thread it was built on.
struct Pinned(Rc<u64>);

impl BlockingActor for Pinned {
    type Message = Reply<u64>;

    fn handle(&mut self, reply: Reply<u64>, _: &BlockingContext<Self>) -> Flow {
        reply.send(*self.0);
        Flow::Continue
    }
}

async fn an_actor_that_is_not_send_has_a_thread(system: System) {
    for shard in 0..2 {
        let pinned = || Courier::on_thread(|| Pinned(Rc::new(3)));
        let pinned =
            system.spawn_with(patient(), Placement::Shard(shard), pinned).await.expect("it starts");
        let answer = pinned.call(|reply| reply).within(LONG).await;
        assert_eq!(answer, Ok(3));
        pinned.kill();
        assert_eq!(pinned.exit().await, ExitReason::Killed);
    }
}

async fn a_panic_ends_that_actor(system: System) {
    for place in places() {
        let witness = witness(system).await;
        let books = books(system, place, Some(witness)).await;
        for n in 0..3 {
            books.cast(Entry::Note(n)).expect("there is room");
        }
        books.cast(Entry::Panic).expect("there is room");
        books.cast(Entry::Note(3)).expect("there is room");
        let reason = ExitReason::Panicked("told to".into());
        assert_eq!(books.exit().await, reason, "{place:?}");
        let all = witness.call(Say::All).await.expect("a witness answers");
        // The state is what the panic left.
        assert_eq!(all[0], Saw::Stopped(reason, 3), "{place:?}");
        // From another shard the last may have come too late for anybody to be told.
        let missed = place.1 == Placement::Shard(1) && all.len() == 1;
        assert!(missed || all[1..] == [Saw::Undelivered(3)], "{place:?}: {all:?}");
    }
}

/// What was under way to the actor waits for its next incarnation, as what is in its mailbox does.
async fn a_restart_handles_all_but_the_message_that_crashed(system: System) {
    for (backend, placement) in places() {
        let witness = witness(system).await;
        let ledger = move || Ledger { seen: Vec::new(), witness: Some(witness) };
        let ledger = move || Courier::new(backend, ledger);
        let child = ChildSpec::with_config("books", patient(), ledger);
        let child = child.placement(placement).budget(Budget::new(4, LONG));
        let tree = SupervisorSpec::new(Strategy::OneForOne).child(child);
        let tree = tree.budget(Budget::new(4, LONG));
        let tree = tree.start(&system, Placement::Here).await.expect("a tree starts");
        let books = tree.child::<Courier<Ledger>>("books").await.expect("it answers");
        let books = books.expect("it is up");
        for n in 0..40 {
            let entry = if n % 10 == 3 { Entry::Panic } else { Entry::Forward(n) };
            books.send(entry).await.expect("there is room");
        }
        // Whoever answers handles what was sent before. The answer is there at once, what its
        // batch sends comes when that is back, which it is before another leaves.
        seen(books).await;
        seen(books).await;
        let all = witness.call(Say::All).await.expect("a witness answers");
        let forwarded: Vec<_> = (0..40).filter(|n| n % 10 != 3).map(Saw::Forwarded).collect();
        let (ends, others): (Vec<_>, Vec<_>) =
            all.into_iter().partition(|saw| matches!(saw, Saw::Stopped(..)));
        assert_eq!(others, forwarded, "{backend:?} {placement:?}");
        assert_eq!(ends.len(), 4, "{backend:?} {placement:?}");
        tree.stop();
        tree.exit().await;
    }
}

struct Never;

impl BlockingActor for Never {
    type Message = ();

    fn handle(&mut self, (): (), _: &BlockingContext<Self>) -> Flow {
        Flow::Continue
    }

    fn started(&mut self, _: &BlockingContext<Self>) -> greenroom::Result {
        Err("not today".into())
    }
}

async fn a_failed_start_is_told(system: System) {
    for (backend, placement) in places() {
        let never = move || Courier::new(backend, || Never);
        let failed = system.spawn_with(patient(), placement, never).await;
        let reason = ExitReason::InitFailed("not today".into());
        assert_eq!(failed.map(|_| ()), Err(SpawnError::Start(reason)));
        let unmade = move || Courier::new(backend, || -> Never { panic!("no parts") });
        let failed = system.spawn_with(patient(), placement, unmade).await;
        let reason = ExitReason::Panicked("no parts".into());
        assert_eq!(failed.map(|_| ()), Err(SpawnError::Start(reason)));
    }
}

async fn a_stop_gives_back_what_is_queued(system: System) {
    for place in places() {
        let witness = witness(system).await;
        let books = books(system, place, Some(witness)).await;
        for n in 0..40 {
            books.send(Entry::Note(n)).await.expect("there is room");
        }
        books.stop();
        assert_eq!(books.exit().await, ExitReason::Normal, "{place:?}");
        let all = witness.call(Say::All).await.expect("a witness answers");
        let [Saw::Stopped(ExitReason::Normal, handled), rest @ ..] = all.as_slice() else {
            panic!("{place:?}: {all:?}");
        };
        // Each was handled or given back, in order, and none twice. From another shard the last may
        // have come too late for that: a stop overtakes them.
        let first = *handled as u64;
        let missed =
            if place.1 == Placement::Shard(1) { 40 - first - rest.len() as u64 } else { 0 };
        let expected = (first..40 - missed).map(Saw::Undelivered);
        assert!(rest.iter().cloned().eq(expected), "{place:?}: {all:?}");
    }
}

async fn a_drain_handles_what_was_sent(system: System) {
    for place in places() {
        let witness = witness(system).await;
        let books = books(system, place, Some(witness)).await;
        for n in 0..150 {
            books.send(Entry::Note(n)).await.expect("there is room");
        }
        books.drain();
        assert_eq!(books.exit().await, ExitReason::Normal, "{place:?}");
        let all = witness.call(Say::All).await.expect("a witness answers");
        assert_eq!(all, [Saw::Stopped(ExitReason::Normal, 150)], "{place:?}");
    }
}

async fn a_kill_fails_every_caller(system: System) {
    for place in places() {
        let books = books(system, place, None).await;
        let call = |_| books.call(Entry::Seen).within(LONG);
        let calls: Vec<_> = (0..20).map(call).collect();
        let killer = async {
            books.kill();
            books.exit().await
        };
        let (answers, exit) = futures_util::future::join(join_all(calls), killer).await;
        assert_eq!(exit, ExitReason::Killed, "{place:?}");
        for answer in answers {
            let ended = matches!(answer, Ok(_) | Err(CallError::Dropped | CallError::Closed));
            assert!(ended, "{place:?}: {answer:?}");
        }
    }
}

async fn a_full_mailbox_parks_and_loses_nothing(system: System) {
    for (backend, placement) in places() {
        let config = ActorConfig { turn_messages: 3, ..patient().mailbox(MailboxBound::Fixed(2)) };
        let ledger = || Ledger { seen: Vec::new(), witness: None };
        let courier = move || Courier::new(backend, ledger);
        let books = system.spawn_with(config, placement, courier).await.expect("it starts");
        let senders = (0..4).map(|sender| async move {
            for n in 0..20 {
                books.send(Entry::Note(sender * 100 + n)).await.expect("it lives");
            }
        });
        join_all(senders).await;
        let seen = seen(books).await;
        for sender in 0..4 {
            let from = seen.iter().filter(|n| **n / 100 == sender).map(|n| n % 100);
            assert!(from.eq(0..20), "{backend:?} {placement:?}: {seen:?}");
        }
        assert_eq!(seen.len(), 80);
    }
}

async fn what_a_handler_sends_arrives_in_order(system: System) {
    for place in places() {
        let witness = witness(system).await;
        let books = books(system, place, Some(witness)).await;
        for n in 0..120 {
            books.send(Entry::Forward(n)).await.expect("there is room");
        }
        books.drain();
        books.exit().await;
        let all = witness.call(Say::All).await.expect("a witness answers");
        let forwarded = all.iter().filter(|saw| matches!(saw, Saw::Forwarded(_)));
        assert!(forwarded.cloned().eq((0..120).map(Saw::Forwarded)), "{place:?}: {all:?}");
    }
}

async fn an_actor_that_says_so_stops(system: System) {
    for place in places() {
        let books = books(system, place, None).await;
        books.send(Entry::Stop).await.expect("there is room");
        assert_eq!(books.exit().await, ExitReason::Normal, "{place:?}");
    }
}
