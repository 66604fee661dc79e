//! Actors that may block, ended at any moment: every message is accounted for, nothing leaks.

use std::time::Duration;

use greenroom_core::{
    ActorConfig, ActorRef, Backend, BlockingActor, BlockingContext, CallError, Courier, ExitReason,
    Flow, MailboxBound, OutsideError, Placement, Reply, ShardId, System, Undelivered,
    spawn_blocking,
};
use greenroom_testkit::{Campaign, Crash, TestRuntime};

use super::actors::{Note, Notebook, come_to_rest, in_order};

/// Adds up, passes on, and panics when told to.
struct Worker {
    total: u64,
    notes: ActorRef<Notebook>,
    number: u32,
}

enum Work {
    Add(u64),
    Total(Reply<u64>),
    Pass(u32),
    Panic,
    End,
}

impl BlockingActor for Worker {
    type Message = Work;

    fn handle(&mut self, message: Work, ctx: &BlockingContext<Self>) -> Flow {
        match message {
            Work::Add(n) => self.total += n,
            Work::Total(reply) => reply.send(self.total),
            Work::Pass(n) => ctx.send(self.notes, Note::Write(self.number, n)),
            Work::Panic => panic!("told to"),
            Work::End => return Flow::Stop,
        }
        Flow::Continue
    }

    fn stopped(&mut self, _: &ExitReason, ctx: &BlockingContext<Self>) {
        assert!(!ctx.pid().to_string().is_empty());
    }

    fn on_undelivered(&mut self, message: Work, reason: Undelivered, _: &BlockingContext<Self>) {
        assert_eq!(reason, Undelivered::Stopped);
        if let Work::Panic = message {
            panic!("told to, in a hook");
        }
    }
}

const BACKENDS: [Backend; 3] = [Backend::Shard, Backend::Blocking, Backend::Thread];

/// Longer than any test takes, also where each trip is as long as the simulator wants.
const LONG: Duration = Duration::from_secs(3600);

fn patient() -> ActorConfig {
    ActorConfig {
        started_limit: LONG,
        stopped_limit: LONG,
        undelivered_limit: LONG,
        ..ActorConfig::default()
    }
}

type WorkerRef = ActorRef<Courier<Worker>>;

async fn workers(system: System, turn_messages: u32) -> (ActorRef<Notebook>, Vec<WorkerRef>) {
    let notes = system.spawn(Placement::Shard(0), Notebook::default).await.unwrap();
    let mut workers = Vec::new();
    for number in 0..6u32 {
        let config = ActorConfig { turn_messages, ..patient().mailbox(MailboxBound::Fixed(6)) };
        let backend = BACKENDS[number as usize % 3];
        let make = move || Worker { total: 0, notes, number };
        let placement = Placement::Shard((number % 2) as u16);
        let worker = system.spawn_with(config, placement, move || Courier::new(backend, make));
        workers.push(worker.await.unwrap());
    }
    (notes, workers)
}

/// Sends and calls until the worker is gone; a call that fails says why.
async fn keep_busy(to: WorkerRef) {
    for n in 0..24u32 {
        let sent = match n % 4 {
            0 => to.send(Work::Add(1)).await.is_ok(),
            1 => to.send(Work::Pass(n)).await.is_ok(),
            _ => match to.call(Work::Total).within(Duration::from_millis(u64::from(n))).await {
                Ok(_) | Err(CallError::Timeout) => true,
                Err(CallError::Dropped | CallError::Closed) => false,
                Err(other) => panic!("{other:?}"),
            },
        };
        if !sent {
            return;
        }
    }
}

/// Ends an actor in a way that is drawn.
fn end(sim: &mut TestRuntime, worker: WorkerRef) {
    let way = sim.draw(6);
    sim.on(0, worker.pid().shard().0, || match way {
        0 => worker.stop(),
        1 => worker.drain(),
        2 => worker.kill(),
        // An actor that has ended, or has no room, takes no message.
        3 => drop(worker.cast(Work::Panic)),
        4 => drop(worker.cast(Work::End)),
        _ => {
            drop(worker.cast(Work::Panic));
            worker.kill();
        }
    });
}

/// Lets workers work while they are ended one by one.
fn work_and_end(sim: &mut TestRuntime) -> (ActorRef<Notebook>, Vec<WorkerRef>) {
    let turn_messages = 1 + sim.draw(4) as u32;
    let (notes, workers) = sim.run(async move |system| workers(system, turn_messages).await);
    let (busy, ends) = (workers.clone(), workers.clone());
    let root = sim.start_on(0, async move |system| {
        let mut callers = Vec::new();
        for shard in 0..2 {
            for &to in &busy {
                let work = async move |_| keep_busy(to).await;
                callers.push(system.handle().run_on(ShardId(shard), work));
            }
        }
        for caller in callers {
            caller.await.unwrap();
        }
        for end in ends {
            end.drain();
            end.exit().await;
        }
    });
    let moments: Vec<u64> = workers.iter().map(|_| sim.draw(1500)).collect();
    for step in 0.. {
        for (worker, _) in workers.iter().zip(&moments).filter(|(_, moment)| **moment == step) {
            end(sim, *worker);
        }
        if root.is_finished() || !sim.step() {
            break;
        }
    }
    sim.finish(root);
    (notes, workers)
}

#[test]
fn every_message_is_accounted_for_when_workers_end_at_any_moment() {
    let name = "sim::backends::every_message_is_accounted_for_when_workers_end_at_any_moment";
    let campaign = Campaign::new(name).seeds(300).runtime(|builder, _| builder.shards(2));
    campaign.run(|sim| {
        let (notes, _) = work_and_end(sim);
        sim.run(async move |_| {
            notes.stop();
            notes.exit().await;
        });
        come_to_rest(sim, 1, 2);
        assert_eq!((sim.in_use(0, 0).tasks, sim.in_use(0, 1).tasks), (0, 0));
    });
}

#[test]
fn workers_that_are_left_alone_do_all_of_it_in_order() {
    let name = "sim::backends::workers_that_are_left_alone_do_all_of_it_in_order";
    let campaign = Campaign::new(name).seeds(100).runtime(|builder, _| builder.shards(2));
    campaign.run(|sim| {
        let turn_messages = 1 + sim.draw(4) as u32;
        let (seen, totals) = sim.run(async move |system| {
            let (notes, workers) = workers(system, turn_messages).await;
            for n in 0..20 {
                for worker in &workers {
                    worker.send(Work::Pass(n)).await.ok().unwrap();
                    worker.send(Work::Add(2)).await.ok().unwrap();
                }
            }
            let mut totals = Vec::new();
            for worker in workers {
                totals.push(worker.call(Work::Total).within(LONG).await.unwrap());
                worker.drain();
                worker.exit().await;
            }
            (notes.call(Note::Read).await.unwrap(), totals)
        });
        assert!(in_order(&seen, 6, 20), "{seen:?}");
        assert_eq!(totals, [40; 6]);
        come_to_rest(sim, 1, 2);
    });
}

#[test]
fn a_node_that_goes_down_takes_its_workers_along() {
    let name = "sim::backends::a_node_that_goes_down_takes_its_workers_along";
    let campaign = Campaign::new(name).seeds(100).runtime(|builder, _| builder.shards(2));
    campaign.run(|sim| {
        let root = sim.start_on(0, async |system| {
            let (_, workers) = workers(system, 3).await;
            for &worker in &workers {
                drop(system.handle().run_on(ShardId(1), async move |_| keep_busy(worker).await));
            }
            drop(spawn_blocking(|| 1).await);
            std::future::pending::<()>().await;
        });
        for _ in 0..sim.draw(600) {
            sim.step();
        }
        let how = if sim.draw(2) == 0 { Crash::Process } else { Crash::Power };
        sim.crash(0, how);
        assert!(root.is_finished(), "its task is gone");
        sim.restart(0);
        let total = sim.run(async |system| {
            let (_, workers) = workers(system, 3).await;
            workers[2].send(Work::Add(5)).await.ok().unwrap();
            let total = workers[2].call(Work::Total).within(LONG).await.unwrap();
            for worker in workers {
                worker.kill();
                worker.exit().await;
            }
            total
        });
        assert_eq!(total, 5);
        come_to_rest(sim, 1, 2);
    });
}

#[test]
fn closing_a_node_ends_its_workers() {
    let name = "sim::backends::closing_a_node_ends_its_workers";
    Campaign::new(name).seeds(50).run(|sim| {
        sim.run(async |system| {
            let (_, workers) = workers(system, 3).await;
            for worker in workers {
                worker.send(Work::Add(5)).await.ok().unwrap();
            }
        });
        assert!(sim.close(0, LONG), "{}", sim.report());
        come_to_rest(sim, 1, 2);
        assert_eq!((sim.in_use(0, 0).tasks, sim.in_use(0, 1).tasks), (0, 0));
    });
}

/// A handler that reads the clock of the machine, which a simulation must not.
struct Watch;

impl BlockingActor for Watch {
    type Message = ();

    #[expect(clippy::disallowed_methods, reason = "it is what must be found")]
    fn handle(&mut self, (): (), _: &BlockingContext<Self>) -> Flow {
        assert!(std::time::Instant::now().elapsed() < Duration::MAX);
        Flow::Continue
    }
}

#[test]
fn a_handler_that_reads_the_real_clock_is_found() {
    let name = "sim::backends::a_handler_that_reads_the_real_clock_is_found";
    for backend in [Backend::Blocking, Backend::Thread] {
        let found = Campaign::new(name).seeds(1).search(move |sim| {
            sim.run(async move |system| {
                let watch = move || Courier::new(backend, || Watch);
                let watch = system.spawn(Placement::Here, watch).await.unwrap();
                watch.send(()).await.unwrap();
                watch.drain();
                watch.exit().await;
            });
        });
        assert!(found.is_some(), "{backend:?}");
    }
}

/// Waits for an actor of the system, which production allows.
struct Impatient(ActorRef<Notebook>);

impl BlockingActor for Impatient {
    type Message = Reply<Result<(), OutsideError>>;

    fn handle(
        &mut self,
        reply: Reply<Result<(), OutsideError>>,
        ctx: &BlockingContext<Self>,
    ) -> Flow {
        reply.send(ctx.system().call_blocking(self.0, Note::Read).map(drop));
        Flow::Continue
    }
}

#[test]
fn a_handler_that_would_wait_for_the_simulation_is_refused() {
    let name = "sim::backends::a_handler_that_would_wait_for_the_simulation_is_refused";
    Campaign::new(name).seeds(20).run(|sim| {
        sim.run(async |system| {
            let notes = system.spawn(Placement::Here, Notebook::default).await.unwrap();
            for backend in BACKENDS {
                let impatient = move || Courier::new(backend, move || Impatient(notes));
                let impatient =
                    system.spawn_with(patient(), Placement::Here, impatient).await.unwrap();
                let asked = impatient.call(|reply| reply).within(LONG).await;
                assert_eq!(asked, Ok(Err(OutsideError::OnShard)), "{backend:?}");
            }
        });
    });
}

/// Panics when it is dropped.
struct Brittle;

impl Drop for Brittle {
    fn drop(&mut self) {
        panic!("brittle");
    }
}

impl BlockingActor for Brittle {
    type Message = Reply<()>;

    fn handle(&mut self, reply: Reply<()>, _: &BlockingContext<Self>) -> Flow {
        reply.send(());
        Flow::Continue
    }
}

async fn brittle(system: System, backend: Backend) -> ActorRef<Courier<Brittle>> {
    let brittle = move || Courier::new(backend, || Brittle);
    let brittle = system.spawn_with(patient(), Placement::Here, brittle).await.unwrap();
    brittle.call(|reply| reply).within(LONG).await.unwrap();
    brittle
}

#[test]
fn a_drop_that_panics_is_reported_and_ends_nothing() {
    let name = "sim::backends::a_drop_that_panics_is_reported_and_ends_nothing";
    Campaign::new(name).seeds(20).run(|sim| {
        sim.run(async |system| {
            for backend in BACKENDS {
                let brittle = brittle(system, backend).await;
                brittle.stop();
                assert_eq!(brittle.exit().await, ExitReason::Normal);
            }
        });
        come_to_rest(sim, 1, 1);
    });
}

#[test]
fn a_drop_that_panics_at_the_end_of_all_ends_nothing() {
    let name = "sim::backends::a_drop_that_panics_at_the_end_of_all_ends_nothing";
    Campaign::new(name).seeds(20).run(|sim| {
        for _ in 0..2 {
            sim.run(async |system| {
                for backend in BACKENDS {
                    brittle(system, backend).await;
                }
            });
            if sim.draw(2) == 0 {
                break;
            }
            sim.crash(0, Crash::Process);
            sim.restart(0);
        }
        // The rest is dropped with the simulation.
    });
}
