//! Actors that link and monitor one another, and end in every way there is.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use futures_util::future::poll_immediate;
use greenroom_core::{
    Actor, ActorConfig, ActorRef, CallError, Context, ExitReason, Flow, Monitor, Pid, Placement,
    Reply, Result, Signal,
};

use super::book::{Book, fault};

/// See the module.
pub(super) struct Soul {
    pub(super) book: Book,
    /// Who it is linked to from its start.
    pub(super) spawner: Option<Pid>,
    pub(super) asked: Option<Asked>,
}

/// A question that was asked, and is looked after when its actor ends.
pub(super) struct Asked {
    of: Pid,
    number: u64,
    answer: Pin<Box<dyn Future<Output = std::result::Result<u64, CallError>>>>,
}

pub(super) enum Do {
    Link(Pid),
    Unlink(Pid),
    Watch(Pid),
    /// One of the monitors that are set.
    Unwatch(u64),
    Spawn(u16, bool),
    Ask(ActorRef<Soul>, Way),
    Answer(u64, Reply<u64>, Way),
    /// Sends a note there and ends.
    Tell(ActorRef<Soul>, Way),
    Note(Pid),
    Sleep(Duration),
    End(Way),
    Bomb(Bomb),
}

#[derive(Clone, Copy)]
pub(super) enum Way {
    Panic,
    PanicLater,
    Stop,
}

/// Panics when it is dropped, unless that is because of a panic.
pub(super) struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        assert!(std::thread::panicking(), "a bomb");
    }
}

/// True once in `n` times.
fn once_in(ctx: &Context<Soul>, n: u64) -> bool {
    ctx.random().is_multiple_of(n)
}

async fn end(way: Way, ctx: &Context<Soul>) -> Flow {
    match way {
        Way::Panic => panic!("at once"),
        Way::PanicLater => {
            ctx.sleep(Duration::from_nanos(ctx.random() % 3000)).await;
            panic!("after an await");
        }
        Way::Stop => Flow::Stop,
    }
}

impl Soul {
    pub(super) fn config(traps: bool) -> ActorConfig {
        ActorConfig { trap_exits: traps, ..ActorConfig::default() }
    }

    async fn spawn(&self, shard: u16, linked: bool, ctx: &Context<Self>) {
        let (me, book, traps) = (ctx.pid(), self.book.clone(), once_in(ctx, 3));
        let spawner = linked.then_some(me);
        let make = move || Self { book, spawner, asked: None };
        let (config, place) = (Self::config(traps), Placement::Shard(shard));
        if linked {
            drop(ctx.spawn_link(config, place, make).await);
        } else if let Ok((child, monitor)) = ctx.spawn_monitor(config, place, make).await {
            self.book.watches(me, monitor, child.pid());
        }
    }

    /// A monitor is taken back: if it was set until now, nothing of it comes any more.
    fn unwatch(&self, number: u64, ctx: &Context<Self>) {
        let me = ctx.pid();
        let set: Vec<Monitor> = {
            let pages = self.book.open();
            let mine = pages.watches.iter().filter(|((who, _), _)| *who == me);
            mine.filter(|(_, watch)| watch.downs == 0).map(|((_, monitor), _)| *monitor).collect()
        };
        if set.is_empty() {
            return;
        }
        let monitor = set[number as usize % set.len()];
        ctx.demonitor(monitor);
        if let Some(watch) = self.book.open().watches.get_mut(&(me, monitor)) {
            watch.taken_back = true;
        }
    }

    async fn ask(&mut self, of: ActorRef<Self>, way: Way, ctx: &Context<Self>) {
        let number = {
            let mut pages = self.book.open();
            pages.question_last += 1;
            pages.question_last
        };
        self.book.watches(ctx.pid(), ctx.monitor(of.pid()), of.pid());
        let answer = async move {
            let call = of.call(|reply| Do::Answer(number, reply, way));
            call.within(Duration::from_secs(3600)).await
        };
        let mut answer: Pin<Box<dyn Future<Output = _>>> = Box::pin(answer);
        if poll_immediate(&mut answer).await.is_none() {
            self.asked = Some(Asked { of: of.pid(), number, answer });
        }
    }

    /// An answer that was given before the end is there before the news of it.
    async fn look_for_answer(&mut self, of: Pid) {
        let Some(mut asked) = self.asked.take_if(|asked| asked.of == of) else { return };
        let answer = poll_immediate(&mut asked.answer).await;
        let mut pages = self.book.open();
        if pages.answered.contains(&asked.number) {
            pages.answered_first += 1;
            if answer != Some(Ok(asked.number)) {
                fault(format!("the news of its end overtook the answer of {of}: {answer:?}"));
            }
        }
    }
}

impl Actor for Soul {
    type Message = Do;

    async fn started(&mut self, ctx: &Context<Self>) -> Result {
        let me = ctx.pid();
        self.book.open().souls.push(ctx.myself());
        if ctx.config().trap_exits {
            self.book.open().trapping.insert(me);
        }
        if once_in(ctx, 4) {
            ctx.sleep(Duration::from_nanos(ctx.random() % 3000)).await;
        }
        assert!(!once_in(ctx, 16), "in started");
        if let Some(spawner) = self.spawner {
            self.book.open().links.insert((me, spawner));
        }
        Ok(())
    }

    async fn handle(&mut self, message: Do, ctx: &Context<Self>) -> Flow {
        let me = ctx.pid();
        match message {
            Do::Link(with) if with != me => {
                self.book.open().links.insert((me, with));
                ctx.link(with);
            }
            Do::Unlink(with) => {
                {
                    let mut pages = self.book.open();
                    pages.links.remove(&(me, with));
                    pages.unlinked.insert((me, with));
                }
                ctx.unlink(with);
            }
            Do::Watch(of) => self.book.watches(me, ctx.monitor(of), of),
            Do::Unwatch(number) => self.unwatch(number, ctx),
            Do::Spawn(shard, linked) => self.spawn(shard, linked, ctx).await,
            Do::Ask(of, way) if of.pid() != me => self.ask(of, way, ctx).await,
            Do::Answer(number, reply, way) => {
                reply.send(number);
                self.book.open().answered.insert(number);
                return end(way, ctx).await;
            }
            Do::Tell(to, way) => {
                if to.cast(Do::Note(me)).is_ok() {
                    *self.book.open().notes.entry((to.pid(), me)).or_default() += 1;
                }
                return end(way, ctx).await;
            }
            Do::Note(from) => {
                if let Some(notes) = self.book.open().notes.get_mut(&(me, from)) {
                    *notes = notes.saturating_sub(1);
                }
            }
            Do::Sleep(time) => ctx.sleep(time).await,
            Do::End(way) => return end(way, ctx).await,
            Do::Bomb(bomb) => drop(bomb),
            Do::Link(_) | Do::Ask(..) => {}
        }
        Flow::Continue
    }

    async fn on_signal(&mut self, signal: Signal, ctx: &Context<Self>) -> Flow {
        let me = ctx.pid();
        match signal {
            Signal::Down { monitor, pid, .. } => {
                self.book.down(me, monitor, pid);
                self.look_for_answer(pid).await;
            }
            Signal::Exit { pid, .. } => {
                let mut pages = self.book.open();
                pages.links.remove(&(me, pid));
                pages.trapped.insert((me, pid));
            }
            other => fault(format!("{me} heard {other:?}")),
        }
        if once_in(ctx, 4) {
            ctx.sleep(Duration::from_nanos(ctx.random() % 3000)).await;
        }
        assert!(!once_in(ctx, 32), "in on_signal");
        Flow::Continue
    }

    async fn stopped(&mut self, _: &ExitReason, ctx: &Context<Self>) {
        if once_in(ctx, 4) {
            ctx.sleep(Duration::from_nanos(ctx.random() % 3000)).await;
        }
        assert!(!once_in(ctx, 8), "in stopped");
    }
}
