//! Actors with mailboxes of one message that send to one another in the middle of a message.

use std::future::poll_fn;
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::{Either, select};
use futures_util::stream::FuturesUnordered;
use greenroom_core::{
    Actor, ActorConfig, ActorRef, CallError, Context, ExitReason, Flow, MailboxBound, Pid,
    Placement, Reply, Reporter, SendError,
};
use greenroom_testkit::{Root, TestRuntime};

pub(crate) const MILLI: Duration = Duration::from_millis(1);

/// Members of circles, each with those who wait for it.
type Told = Arc<Mutex<Vec<(Pid, Vec<Pid>)>>>;

/// Keeps the circles of a run.
#[derive(Clone, Default)]
pub(crate) struct Circles {
    broken: Told,
    suspected: Told,
}

impl Circles {
    pub(crate) fn forget(&self) {
        self.broken.lock().unwrap().clear();
        self.suspected.lock().unwrap().clear();
    }

    pub(crate) fn broken(&self) -> Vec<(Pid, Vec<Pid>)> {
        self.broken.lock().unwrap().clone()
    }

    pub(crate) fn suspected(&self) -> Vec<(Pid, Vec<Pid>)> {
        self.suspected.lock().unwrap().clone()
    }
}

impl Reporter for Circles {
    fn actor_failed(&self, _: Pid, _: &str, _: &ExitReason) {}

    fn cycle_broken(&self, victim: Pid, path: &[Pid]) {
        self.broken.lock().unwrap().push((victim, path.to_vec()));
    }

    fn cycle_suspected(&self, member: Pid, path: &[Pid]) {
        self.suspected.lock().unwrap().push((member, path.to_vec()));
    }
}

/// How a member waits for room at the next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum How {
    Send,
    /// For at most that long.
    Within(Duration),
    /// Or until the ring is opened.
    OrOpened,
    /// Not at all: it sleeps.
    Sleep(Duration),
    /// Not at all: it waits for an answer that takes so long.
    Ask(Duration),
    /// Among other futures, one of which is over after so long.
    InUnordered(Duration),
}

/// How a member's handler ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Ended {
    AllSent,
    GaveUp,
    Closed,
    Cycle(Vec<Pid>),
}

/// Which member's handler ended how.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<(usize, Ended)>>>);

impl Log {
    pub(crate) fn ended(&self) -> Vec<(usize, Ended)> {
        self.0.lock().unwrap().clone()
    }

    fn note(&self, number: usize, ended: Ended) {
        self.0.lock().unwrap().push((number, ended));
    }
}

/// Open, and who waits for it to be.
type Gate = Arc<Mutex<(bool, Option<Waker>)>>;

/// Attempts of a member: enough that a STOP has come long before.
const ATTEMPTS: u32 = 30;

pub(crate) struct Hop {
    number: usize,
    log: Log,
    gate: Gate,
    /// Somebody outside the ring who answers.
    helper: Option<ActorRef<Self>>,
}

pub(crate) enum Step {
    /// Send to that one until there is no room.
    Round(ActorRef<Hop>, How),
    Nothing,
    /// Answered after so long.
    Wait(Duration, Reply<()>),
}

impl Hop {
    async fn attempt(&self, to: ActorRef<Self>, how: How, ctx: &Context<Self>) -> Option<Ended> {
        let sent = |sent: Result<(), SendError<Step>>| match sent {
            Ok(()) => None,
            Err(SendError::Cycle(path, Step::Nothing)) => Some(Ended::Cycle(path.to_vec())),
            Err(SendError::Closed(Step::Nothing)) => Some(Ended::Closed),
            Err(other) => panic!("{other:?}"),
        };
        let send = to.send(Step::Nothing);
        match how {
            How::Send => sent(send.await),
            How::Within(limit) => match greenroom_core::timeout(limit, send).await {
                Ok(done) => sent(done),
                Err(_) => Some(Ended::GaveUp),
            },
            How::OrOpened => {
                let opened = poll_fn(|cx| {
                    let mut gate = self.gate.lock().unwrap();
                    gate.1 = Some(cx.waker().clone());
                    if gate.0 { Poll::Ready(()) } else { Poll::Pending }
                });
                match select(send, opened).await {
                    Either::Left((done, _)) => sent(done),
                    Either::Right(_) => Some(Ended::GaveUp),
                }
            }
            How::Sleep(duration) => {
                ctx.sleep(duration).await;
                Some(Ended::GaveUp)
            }
            How::Ask(duration) => {
                let helper = self.helper.expect("only the helper has none");
                let ask = |reply| Step::Wait(duration, reply);
                helper.call(ask).within(2 * duration).await.unwrap();
                Some(Ended::GaveUp)
            }
            How::InUnordered(limit) => {
                let send = async { sent(send.await) };
                let sleep = async {
                    ctx.sleep(limit).await;
                    Some(Ended::GaveUp)
                };
                let both = [Either::Left(Box::pin(send)), Either::Right(Box::pin(sleep))];
                let mut both: FuturesUnordered<_> = both.into_iter().collect();
                both.next().await.expect("there are two")
            }
        }
    }
}

impl Actor for Hop {
    type Message = Step;

    async fn handle(&mut self, message: Step, ctx: &Context<Self>) -> Flow {
        match message {
            Step::Nothing => {}
            Step::Wait(duration, reply) => {
                ctx.sleep(duration).await;
                reply.send(());
            }
            Step::Round(to, how) => {
                let mut ended = None;
                for _ in 0..ATTEMPTS {
                    ended = self.attempt(to, how, ctx).await;
                    if ended.is_some() {
                        break;
                    }
                    // A STOP takes its time.
                    ctx.sleep(MILLI).await;
                }
                self.log.note(self.number, ended.unwrap_or(Ended::AllSent));
            }
        }
        Flow::Continue
    }
}

/// Actors each of which sends to the next, the last to the first.
pub(crate) struct Ring {
    pub(crate) actors: Vec<ActorRef<Hop>>,
    pub(crate) log: Log,
    helper: ActorRef<Hop>,
    gate: Gate,
}

impl Ring {
    /// Starts the members on those shards, and lets all of them begin.
    pub(crate) fn start(sim: &mut TestRuntime, places: &[u16], hows: &[How]) -> Self {
        let (places, hows) = (places.to_vec(), hows.to_vec());
        let (log, gate) = (Log::default(), Gate::default());
        let (logs, gates) = (log.clone(), gate.clone());
        let (actors, helper) = sim.run(async move |system| {
            let spawn = |number: usize, shard, helper| {
                let (log, gate) = (logs.clone(), gates.clone());
                let config = ActorConfig::named("hop").mailbox(MailboxBound::Fixed(1));
                let make = move || Hop { number, log, gate, helper };
                system.spawn_with(config, Placement::Shard(shard), make)
            };
            let helper = spawn(usize::MAX, 0, None).await.unwrap();
            let mut actors = Vec::new();
            for (number, &shard) in places.iter().enumerate() {
                actors.push(spawn(number, shard, Some(helper)).await.unwrap());
            }
            for (number, &how) in hows.iter().enumerate() {
                let next = actors[(number + 1) % actors.len()];
                actors[number].cast(Step::Round(next, how)).unwrap();
            }
            (actors, helper)
        });
        Self { actors, log, helper, gate }
    }

    /// Opens what a member may wait for instead.
    pub(crate) fn open(&self, sim: &mut TestRuntime) {
        let waker = {
            let mut gate = self.gate.lock().unwrap();
            gate.0 = true;
            gate.1.take()
        };
        sim.on(0, 0, || waker.into_iter().for_each(Waker::wake));
    }

    /// Ends every member after what it has.
    pub(crate) fn end(&self, sim: &mut TestRuntime) {
        let all = self.actors.clone().into_iter().chain([self.helper]);
        let all: Vec<_> = all.collect();
        sim.run(async move |_| {
            all.iter().for_each(ActorRef::drain);
            for actor in all {
                actor.exit().await;
            }
        });
        for actor in &self.actors {
            let pid = actor.pid();
            assert_eq!(sim.in_use(0, pid.shard().0).parked, 0, "{}", sim.report());
        }
    }
}

/// What a storm's log says instead of a member's number: by which verb a circle was heard of.
pub(crate) const SEND: usize = 0;
const CALL: usize = 1;

/// An actor that passes work on to one it draws, by a verb it draws.
struct Gust {
    others: Vec<ActorRef<Self>>,
    log: Log,
}

enum Work {
    Meet(Vec<ActorRef<Gust>>),
    /// To be passed on so many times.
    Pass(u32),
    Ask(u32, Reply<()>),
}

impl Gust {
    fn note(&self, sent: Result<(), SendError<Work>>) {
        if let Err(SendError::Cycle(path, _)) = sent {
            self.log.note(SEND, Ended::Cycle(path.to_vec()));
        }
    }

    async fn pass(&self, left: u32, ctx: &Context<Self>) {
        let Some(left) = left.checked_sub(1) else { return };
        for _ in 0..1 + ctx.random() % 3 {
            let to = self.others[(ctx.random() % self.others.len() as u64) as usize];
            match ctx.random() % 8 {
                0..=4 => self.note(to.send(Work::Pass(left)).await),
                5 => drop(to.cast(Work::Pass(left))),
                6 => {
                    let limit = MILLI * (1 + ctx.random() % 300) as u32;
                    if let Ok(sent) =
                        greenroom_core::timeout(limit, to.send(Work::Pass(left))).await
                    {
                        self.note(sent);
                    }
                }
                _ => {
                    let limit = MILLI * (1 + ctx.random() % 600) as u32;
                    let answer = to.call(|reply| Work::Ask(left, reply)).within(limit).await;
                    if let Err(CallError::Cycle(path)) = answer {
                        self.log.note(CALL, Ended::Cycle(path.to_vec()));
                    }
                }
            }
        }
    }
}

impl Actor for Gust {
    type Message = Work;

    async fn handle(&mut self, message: Work, ctx: &Context<Self>) -> Flow {
        match message {
            Work::Meet(others) => self.others = others,
            Work::Pass(left) => self.pass(left, ctx).await,
            Work::Ask(left, reply) => {
                self.pass(left.min(1), ctx).await;
                reply.send(());
            }
        }
        Flow::Continue
    }
}

/// Sets six such actors upon each other. The task is over when all of them have ended.
pub(crate) fn storm(sim: &mut TestRuntime, log: &Log) -> Root<()> {
    let log = log.clone();
    let depth = 1 + sim.draw(2) as usize;
    sim.start_on(0, async move |system| {
        let mut gusts = Vec::new();
        for number in 0..6u16 {
            let log = log.clone();
            let config = ActorConfig::named("gust").mailbox(MailboxBound::Fixed(depth));
            let make = move || Gust { others: Vec::new(), log };
            gusts
                .push(system.spawn_with(config, Placement::Shard(number % 3), make).await.unwrap());
        }
        for gust in &gusts {
            gust.send(Work::Meet(gusts.clone())).await.unwrap();
        }
        for round in 0..4 {
            for gust in &gusts {
                gust.send(Work::Pass(3 + round % 2)).await.unwrap();
            }
        }
        // Drained only once they are quiet: a drain would let go of those who wait.
        greenroom_core::sleep(Duration::from_secs(60)).await;
        gusts.iter().for_each(ActorRef::drain);
        for gust in gusts {
            gust.exit().await;
        }
    })
}
