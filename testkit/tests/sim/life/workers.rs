//! Children that work, crash and stop, and a log of what they did.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use greenroom_core::{Actor, Context, ExitReason, Flow, Pid, Reply, Result};

use super::book::fault;

/// A sender's how-manieth message to an actor.
pub(super) type Item = (Pid, u32, u32);

#[derive(Clone, Default)]
pub(super) struct Log(Arc<Mutex<Lines>>);

#[derive(Default)]
pub(super) struct Lines {
    /// Sent, and not refused.
    pub(super) accepted: BTreeSet<Item>,
    /// Somebody began to handle it.
    pub(super) begun: BTreeSet<Item>,
    /// The last that was begun, by actor and sender.
    last: BTreeMap<(Pid, u32), u32>,
    /// Whose incarnations are there.
    there: BTreeSet<Pid>,
    /// How often each was started.
    pub(super) starts: BTreeMap<Pid, u32>,
    /// Who ended its incarnation by itself, in good order.
    pub(super) stopped_itself: BTreeSet<Pid>,
}

impl Log {
    pub(super) fn open(&self) -> MutexGuard<'_, Lines> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn begin(&self, pid: Pid, from: u32, number: u32) {
        let mut lines = self.open();
        lines.begun.insert((pid, from, number));
        let before = lines.last.insert((pid, from), number);
        if before.is_some_and(|before| before >= number) {
            fault(format!("{pid} began {number} of sender {from} after {before:?}"));
        }
    }

    /// Another incarnation of that actor is there. Tells the how-manieth.
    fn starts(&self, pid: Pid) -> u32 {
        let mut lines = self.open();
        if !lines.there.insert(pid) {
            fault(format!("two incarnations of {pid} at once"));
        }
        let starts = lines.starts.entry(pid).or_default();
        *starts += 1;
        *starts
    }
}

/// See the module.
pub(super) struct Worker {
    log: Log,
    me: Option<Pid>,
}

pub(super) struct Job {
    pub(super) from: u32,
    pub(super) number: u32,
    pub(super) act: Act,
    pub(super) reply: Option<Reply<u32>>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Act {
    Work,
    Sleep,
    Panic,
    PanicLater,
    Stop,
}

impl Worker {
    pub(super) const fn new(log: Log) -> Self {
        Self { log, me: None }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        if let Some(me) = self.me {
            self.log.open().there.remove(&me);
        }
    }
}

fn short(ctx: &Context<Worker>) -> Duration {
    Duration::from_nanos(ctx.random() % 10_000)
}

impl Actor for Worker {
    type Message = Job;

    async fn started(&mut self, ctx: &Context<Self>) -> Result {
        self.me = Some(ctx.pid());
        let again = self.log.starts(ctx.pid()) > 1;
        if ctx.random().is_multiple_of(4) {
            ctx.sleep(short(ctx)).await;
        }
        // Without a first start there is no tree.
        match ctx.random() % 24 {
            0 if again => panic!("in started"),
            1 if again => Err("not now".into()),
            _ => Ok(()),
        }
    }

    async fn handle(&mut self, job: Job, ctx: &Context<Self>) -> Flow {
        self.log.begin(ctx.pid(), job.from, job.number);
        match job.act {
            Act::Work => {}
            Act::Sleep => ctx.sleep(short(ctx)).await,
            Act::Panic => panic!("at once"),
            Act::PanicLater => {
                ctx.sleep(short(ctx)).await;
                panic!("after an await");
            }
            Act::Stop => {
                self.log.open().stopped_itself.insert(ctx.pid());
                return Flow::Stop;
            }
        }
        if let Some(reply) = job.reply {
            reply.send(job.number);
        }
        Flow::Continue
    }

    async fn stopped(&mut self, _: &ExitReason, ctx: &Context<Self>) {
        match ctx.random() % 12 {
            0 => panic!("in stopped"),
            1 => ctx.sleep(Duration::from_millis(ctx.random() % 40)).await,
            2..5 => ctx.sleep(short(ctx)).await,
            _ => {}
        }
    }
}
