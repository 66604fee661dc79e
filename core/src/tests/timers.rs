use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use super::run;
use crate::testing::Rig;
use crate::{
    Actor, ActorConfig, ActorRef, Context, Flow, IntervalTimer, MailboxBound, Reply, Timer,
    spawn_local,
};

const SECOND: Duration = Duration::from_secs(1);

/// Counts ticks, and sets and takes off timers as told.
#[derive(Default)]
struct Clockwork {
    ticks: u32,
    timer: Option<Timer>,
    interval: Option<IntervalTimer>,
}

enum Tell {
    Tick,
    After(Duration),
    Every(Duration),
    Cancel(Reply<bool>),
    Ticks(Reply<u32>),
    Stop,
}

impl Actor for Clockwork {
    type Message = Tell;

    async fn handle(&mut self, message: Tell, ctx: &Context<Self>) -> Flow {
        match message {
            Tell::Tick => self.ticks += 1,
            Tell::After(delay) => self.timer = Some(ctx.send_after(delay, Tell::Tick)),
            Tell::Every(period) => {
                self.interval = Some(ctx.send_interval(period, || Tell::Tick));
            }
            Tell::Cancel(reply) => {
                let timer = self.timer.take().is_some_and(Timer::cancel);
                let interval = self.interval.take().is_some_and(IntervalTimer::cancel);
                reply.send(timer || interval);
            }
            Tell::Ticks(reply) => reply.send(self.ticks),
            Tell::Stop => return Flow::Stop,
        }
        Flow::Continue
    }
}

fn clockwork(rig: &Rig) -> ActorRef<Clockwork> {
    rig.on(0, || rig.system().spawn_here(ActorConfig::default(), Clockwork::default)).unwrap()
}

fn tell(rig: &Rig, actor: ActorRef<Clockwork>, message: Tell) {
    rig.on(0, || actor.cast(message).unwrap());
    rig.settle();
}

fn ticks(rig: &Rig, actor: ActorRef<Clockwork>) -> u32 {
    run(rig, 0, async move { actor.call(Tell::Ticks).await }).unwrap().unwrap()
}

fn advance(rig: &Rig, duration: Duration) {
    rig.advance(duration);
    rig.settle();
}

#[test]
fn a_message_comes_at_its_time_and_not_before() {
    let rig = Rig::new(1);
    let actor = clockwork(&rig);
    tell(&rig, actor, Tell::After(SECOND));
    advance(&rig, SECOND - Duration::from_nanos(1));
    assert_eq!(ticks(&rig, actor), 0);
    advance(&rig, Duration::from_nanos(1));
    assert_eq!(ticks(&rig, actor), 1);
    let cancelled = run(&rig, 0, async move { actor.call(Tell::Cancel).await });
    assert_eq!(cancelled, Some(Ok(false)), "it has fired");
}

#[test]
fn a_cancelled_timer_sends_nothing() {
    let rig = Rig::new(1);
    let actor = clockwork(&rig);
    for set in [Tell::After(SECOND), Tell::Every(SECOND)] {
        tell(&rig, actor, set);
        let cancelled = run(&rig, 0, async move { actor.call(Tell::Cancel).await });
        assert_eq!(cancelled, Some(Ok(true)));
        advance(&rig, 3 * SECOND);
        assert_eq!(ticks(&rig, actor), 0);
        assert_eq!(rig.shards[0].in_use().timers, 0);
    }
}

#[test]
fn an_interval_keeps_its_rhythm_and_skips_what_it_missed() {
    let rig = Rig::new(1);
    let actor = clockwork(&rig);
    tell(&rig, actor, Tell::Every(SECOND));
    for n in 1..=3 {
        advance(&rig, SECOND);
        assert_eq!(ticks(&rig, actor), n);
    }
    // Asleep over several periods: one tick, and the next on the old beat.
    advance(&rig, 3 * SECOND + SECOND / 2);
    assert_eq!(ticks(&rig, actor), 4);
    advance(&rig, SECOND / 2);
    assert_eq!(ticks(&rig, actor), 5);
}

/// akka.net #7692: the timer of a killed actor fires for ever.
#[test]
fn timers_end_with_their_actor() {
    let rig = Rig::new(1);
    let actor = clockwork(&rig);
    tell(&rig, actor, Tell::Every(SECOND));
    tell(&rig, actor, Tell::After(SECOND));
    assert_eq!(rig.shards[0].in_use().timers, 2);
    tell(&rig, actor, Tell::Stop);
    assert_eq!(rig.shards[0].in_use().timers, 0);
    assert_eq!(rig.shards[0].next_deadline(), None);
}

#[test]
fn sleeps_end_in_order_and_cancel_when_dropped() {
    let rig = Rig::new(1);
    let slept = rig.on(0, || {
        spawn_local(async {
            let short = crate::timeout(SECOND, crate::sleep(2 * SECOND)).await;
            let long = crate::timeout(2 * SECOND, crate::sleep(SECOND)).await;
            (short, long)
        })
    });
    rig.settle();
    advance(&rig, SECOND);
    advance(&rig, SECOND);
    assert_eq!(run(&rig, 0, slept), Some(Ok((Err(crate::Elapsed), Ok(())))));
    assert_eq!(rig.shards[0].in_use().timers, 0);
}

/// Sleeps, answers, or notes.
struct Sleeper {
    noted: Rc<RefCell<u32>>,
}

enum Night {
    Sleep,
    Ask(Reply<()>),
    Note,
}

impl Actor for Sleeper {
    type Message = Night;

    async fn handle(&mut self, message: Night, ctx: &Context<Self>) -> Flow {
        match message {
            Night::Sleep => ctx.sleep(Duration::from_millis(50)).await,
            Night::Ask(reply) => reply.send(()),
            Night::Note => *self.noted.borrow_mut() += 1,
        }
        Flow::Continue
    }
}

/// The last message of a full mailbox is dropped for its deadline: whoever waits for room still
/// hears of it. Found by a storm of senders in the simulator.
#[test]
fn a_message_that_expires_gives_its_room_to_who_waits() {
    for home in [0, 1] {
        let rig = Rig::new(2);
        let noted = Rc::<RefCell<u32>>::default();
        let sleeper = Sleeper { noted: noted.clone() };
        let config = ActorConfig::default().mailbox(MailboxBound::Fixed(1));
        let actor = rig.on(home, || rig.system().spawn_here(config, || sleeper)).unwrap();
        rig.settle();
        rig.on(0, || actor.cast(Night::Sleep).unwrap());
        rig.settle();
        let (asked, sent) = rig.on(0, || {
            let ask = actor.call(Night::Ask).within(Duration::from_millis(5));
            (spawn_local(ask), spawn_local(async move { actor.send(Night::Note).await }))
        });
        rig.settle();
        for _ in 0..10 {
            rig.advance(Duration::from_millis(10));
            rig.settle();
        }
        assert!(asked.is_finished() && sent.is_finished());
        assert_eq!(*noted.borrow(), 1);
        assert!(rig.shards.iter().all(|shard| shard.waits().is_empty()));
    }
}

#[test]
fn an_interval_is_cancelled_from_within() {
    struct Selfish(Rc<Cell<Option<IntervalTimer>>>, Rc<Cell<u32>>);
    impl Actor for Selfish {
        type Message = ();
        async fn started(&mut self, ctx: &Context<Self>) -> crate::Result {
            let (own, ticks) = (self.0.clone(), self.1.clone());
            let timer = ctx.send_interval(SECOND, move || {
                ticks.set(ticks.get() + 1);
                assert!(own.take().is_none_or(IntervalTimer::cancel), "it is running");
            });
            self.0.set(Some(timer));
            Ok(())
        }
        async fn handle(&mut self, (): (), _: &Context<Self>) -> Flow {
            Flow::Continue
        }
    }
    let rig = Rig::new(1);
    let ticks = Rc::new(Cell::new(0));
    let selfish = Selfish(Rc::default(), ticks.clone());
    let actor = rig.on(0, || rig.system().spawn_here(ActorConfig::default(), || selfish)).unwrap();
    rig.settle();
    for _ in 0..4 {
        advance(&rig, SECOND);
    }
    assert_eq!(ticks.get(), 1);
    assert_eq!(rig.shards[0].in_use().timers, 0);
    rig.on(0, || actor.cast(()).unwrap());
}

/// actor-ts #765 and ractor #466: times that no clock reaches, and a time limit of nothing.
#[test]
fn a_time_beyond_all_clocks_neither_panics_nor_comes() {
    let rig = Rig::new(1);
    let actor = clockwork(&rig);
    tell(&rig, actor, Tell::After(Duration::MAX));
    tell(&rig, actor, Tell::Every(Duration::MAX));
    let waits = rig.on(0, || {
        spawn_local(async {
            let forever = crate::timeout(Duration::MAX, std::future::pending::<()>());
            let nothing = crate::timeout(Duration::ZERO, crate::sleep(Duration::MAX)).await;
            assert_eq!(nothing, Err(crate::Elapsed));
            forever.await
        })
    });
    for _ in 0..3 {
        advance(&rig, Duration::from_secs(u64::from(u32::MAX)));
    }
    assert_eq!(ticks(&rig, actor), 0);
    assert!(!waits.is_finished());
}
