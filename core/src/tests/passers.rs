//! Actors that send to one another in the middle of a message, until they have to wait.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::limits::COARSE_TICK;
use crate::testing::Rig;
use crate::{
    Actor, ActorConfig, ActorRef, CallError, Context, ExitReason, Flow, MailboxBound, Pid, Reply,
    Reporter, SendError,
};

pub(crate) const MILLI: Duration = Duration::from_millis(1);

/// Members of circles, each with those who wait for it.
type Told = Arc<Mutex<Vec<(Pid, Vec<Pid>)>>>;

/// Keeps the circles it is told of.
#[derive(Clone, Default)]
pub(crate) struct Circles {
    pub(crate) broken: Told,
    suspected: Told,
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

impl Circles {
    pub(crate) fn counts(&self) -> (usize, usize) {
        (self.broken.lock().unwrap().len(), self.suspected.lock().unwrap().len())
    }
}

/// How an actor waits for room.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum How {
    Send,
    /// For at most that long.
    Within(Duration),
    /// With its waker in somebody else's hands.
    Lent,
    /// In a call, once a cast finds no room.
    Call,
    /// For room at two actors, whichever comes first.
    Either(ActorRef<Passer>),
}

/// What became of one attempt.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Outcome {
    Sent,
    Elapsed,
    Closed,
    Cycle(Vec<Pid>),
    Called(Result<(), CallError>),
}

type Log = Rc<RefCell<Vec<(usize, Outcome)>>>;

/// Attempts of all actors together, after which nobody begins another.
pub(crate) const LOG_MAX: usize = 40;

/// Sends to another, in the middle of a message, until it has to wait.
pub(crate) struct Passer {
    number: usize,
    log: Log,
}

pub(crate) enum Pass {
    Along(ActorRef<Passer>, How),
    /// Sleeps for so long.
    Sleep(Duration),
    Nothing,
    Ask(Reply<()>),
}

impl PartialEq for Passer {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl Passer {
    async fn attempt(&self, to: ActorRef<Self>, how: How) -> Outcome {
        let sent = |sent| match sent {
            Ok(()) => Outcome::Sent,
            Err(SendError::Cycle(path, Pass::Nothing)) => Outcome::Cycle(path.to_vec()),
            Err(SendError::Closed(Pass::Nothing)) => Outcome::Closed,
            Err(other) => panic!("{other:?}"),
        };
        match how {
            How::Send => sent(to.send(Pass::Nothing).await),
            How::Within(limit) => match crate::timeout(limit, to.send(Pass::Nothing)).await {
                Ok(done) => sent(done),
                Err(crate::Elapsed) => Outcome::Elapsed,
            },
            How::Lent => {
                let lent = std::future::poll_fn(|cx| std::task::Poll::Ready(cx.waker().clone()));
                drop(lent.await);
                sent(to.send(Pass::Nothing).await)
            }
            How::Call => match to.cast(Pass::Nothing) {
                Ok(()) => Outcome::Sent,
                Err(_) => Outcome::Called(to.call(Pass::Ask).await),
            },
            How::Either(other) => {
                let (one, two) = (to.send(Pass::Nothing), other.send(Pass::Nothing));
                sent(futures_lite::future::or(one, two).await)
            }
        }
    }
}

impl Actor for Passer {
    type Message = Pass;

    async fn handle(&mut self, message: Pass, ctx: &Context<Self>) -> Flow {
        match message {
            Pass::Nothing => {}
            Pass::Sleep(duration) => ctx.sleep(duration).await,
            Pass::Ask(reply) => reply.send(()),
            Pass::Along(to, how) => loop {
                let outcome = self.attempt(to, how).await;
                let goes_on = matches!(outcome, Outcome::Sent | Outcome::Called(Ok(())));
                self.log.borrow_mut().push((self.number, outcome));
                if !goes_on || self.log.borrow().len() > LOG_MAX {
                    break;
                }
                // A STOP takes its time.
                ctx.sleep(MILLI).await;
            },
        }
        Flow::Continue
    }
}

pub(crate) struct Setup {
    pub(crate) rig: Rig,
    pub(crate) circles: Circles,
    pub(crate) actors: Vec<ActorRef<Passer>>,
    pub(crate) log: Log,
}

impl Setup {
    /// An actor on each of these shards, with a mailbox of one message.
    pub(crate) fn new(places: &[usize]) -> Self {
        Self::with_depth(places, 1)
    }

    /// An actor on each of these shards, with mailboxes of so many messages.
    pub(crate) fn with_depth(places: &[usize], depth: usize) -> Self {
        let circles = Circles::default();
        let rig = Rig::with_reporter(3, circles.clone());
        let log = Log::default();
        let config = ActorConfig::default().mailbox(MailboxBound::Fixed(depth));
        let spawn = |(number, &shard): (usize, &usize)| {
            let (config, log) = (config.clone(), log.clone());
            rig.on(shard, || rig.system().spawn_here(config, || Passer { number, log })).unwrap()
        };
        let actors = places.iter().enumerate().map(spawn).collect();
        rig.settle();
        Self { rig, circles, actors, log }
    }

    /// Each passes on to the next, the last to the first, until nobody can.
    pub(crate) fn close_circle(&self, hows: &[How]) {
        for (number, &how) in hows.iter().enumerate() {
            let (actor, next) = (self.actors[number], self.actors[(number + 1) % hows.len()]);
            self.tell(number, move || actor.cast(Pass::Along(next, how)).is_ok());
        }
        self.pass(40 * MILLI);
        for number in 0..hows.len() {
            assert!(self.waits_for_room(number), "actor {number} does not wait");
        }
    }

    pub(crate) fn tell(&self, number: usize, f: impl FnOnce() -> bool) {
        let shard = self.actors[number].pid().shard().index();
        assert!(self.rig.on(shard, f));
    }

    /// Lets time pass, a little at a time.
    pub(crate) fn pass(&self, duration: Duration) {
        let mut left = duration;
        while !left.is_zero() {
            let step = left.min(COARSE_TICK / 2);
            self.rig.advance(step);
            self.rig.settle();
            left -= step;
        }
    }

    pub(crate) fn waits_for_room(&self, number: usize) -> bool {
        let pid = self.actors[number].pid();
        let waits = self.rig.shards[pid.shard().index()].waits();
        let waits = waits.into_iter();
        waits
            .into_iter()
            .any(|wait| matches!(wait, crate::Wait::Room { from: Some(from), .. } if from == pid))
    }

    /// What became of attempts other than `Sent`.
    pub(crate) fn endings(&self) -> Vec<(usize, Outcome)> {
        let log = self.log.borrow();
        log.iter().filter(|(_, outcome)| *outcome != Outcome::Sent).cloned().collect()
    }

    /// Ends everything and checks that nothing is left.
    pub(crate) fn finish(self) {
        for (number, actor) in self.actors.iter().enumerate() {
            self.tell(number, || {
                actor.kill();
                true
            });
        }
        self.rig.settle();
        self.rig.advance(Duration::from_secs(60));
        self.rig.settle();
        for shard in &self.rig.shards {
            let used = shard.in_use();
            assert_eq!((used.tasks, used.parked, used.replies, used.queued), (0, 0, 0, 0));
            assert_eq!((shard.ledger().open(), shard.next_deadline()), (0, None));
        }
    }

    pub(crate) fn pids(&self, numbers: &[usize]) -> Vec<Pid> {
        numbers.iter().map(|&number| self.actors[number].pid()).collect()
    }

    /// Polls an actor for no reason.
    pub(crate) fn wake(&self, number: usize) {
        let pid = self.actors[number].pid();
        let shard = pid.shard().index();
        self.rig.on(shard, || self.rig.shards[shard].schedule(pid.slot()));
        self.rig.turn(shard);
    }
}
