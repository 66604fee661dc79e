//! Ends, restarts, links and groups that cross each other on the way, step by step.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::run;
use crate::supervision::{
    Backoff, Budget, ChildSpec, ChildStatus, Strategy, Supervisor, SupervisorSpec,
};
use crate::testing::Rig;
use crate::{Actor, ActorConfig, ActorRef, Context, Flow, Pid, Placement, Reply, Result, Signal};

const SECOND: Duration = Duration::from_secs(1);

/// What a puppet heard, and what it was told of a group when it asked.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<News>>>);

#[derive(Debug)]
enum News {
    Heard(Signal),
    Members(Vec<Pid>),
}

/// Does what it is told to with its context, and writes down what it hears.
struct Puppet {
    heard: Heard,
    starts_for: Duration,
}

type What = Box<dyn FnOnce(&Context<Puppet>) + Send>;

enum Pull {
    Do(What),
    Monitor(&'static str),
    Stop,
    /// Answers and stops.
    Leave(Reply<()>),
}

impl Actor for Puppet {
    type Message = Pull;

    async fn started(&mut self, ctx: &Context<Self>) -> Result {
        if !self.starts_for.is_zero() {
            ctx.sleep(self.starts_for).await;
        }
        Ok(())
    }

    async fn handle(&mut self, message: Pull, ctx: &Context<Self>) -> Flow {
        match message {
            Pull::Do(what) => what(ctx),
            Pull::Monitor(group) => {
                let members = ctx.monitor_group(group).await.unwrap();
                self.heard.0.lock().unwrap().push(News::Members(members));
            }
            Pull::Stop => return Flow::Stop,
            Pull::Leave(reply) => {
                reply.send(());
                return Flow::Stop;
            }
        }
        Flow::Continue
    }

    async fn on_signal(&mut self, signal: Signal, _: &Context<Self>) -> Flow {
        self.heard.0.lock().unwrap().push(News::Heard(signal));
        Flow::Continue
    }
}

fn puppet(heard: &Heard) -> Puppet {
    Puppet { heard: heard.clone(), starts_for: Duration::ZERO }
}

/// A child; those whose names are capitals live on shard 1.
fn child(name: &'static str, heard: &Heard) -> ChildSpec {
    let heard = heard.clone();
    let shard = u16::from(name.starts_with(char::is_uppercase));
    ChildSpec::new(name, move || puppet(&heard)).placement(Placement::Shard(shard))
}

fn start(rig: &Rig, spec: SupervisorSpec) -> ActorRef<Supervisor> {
    let system = rig.system();
    run(rig, 0, async move { spec.start(&system, Placement::Here).await }).unwrap().unwrap()
}

fn find<A: Actor>(rig: &Rig, of: ActorRef<Supervisor>, id: &'static str) -> ActorRef<A> {
    run(rig, 0, async move { of.child(id).await }).unwrap().unwrap().expect("an actor")
}

fn lone(rig: &Rig, shard: usize, heard: &Heard, trap_exits: bool) -> ActorRef<Puppet> {
    let config = ActorConfig { trap_exits, ..ActorConfig::default() };
    let heard = heard.clone();
    rig.on(shard, || rig.system().spawn_here(config, || puppet(&heard))).unwrap()
}

/// Tells a puppet of that shard something; it is done with it when this returns.
/// Has a puppet do something at once, to the end: an assertion in there counts.
fn pull(rig: &Rig, to: ActorRef<Puppet>, what: impl FnOnce(&Context<Puppet>) + Send + 'static) {
    let done = Arc::new(Mutex::new(false));
    let note = done.clone();
    give(rig, to, move |ctx| {
        what(ctx);
        *note.lock().unwrap() = true;
    });
    assert!(*done.lock().unwrap(), "what it was told to do panicked");
}

fn give(rig: &Rig, to: ActorRef<Puppet>, what: impl FnOnce(&Context<Puppet>) + Send + 'static) {
    let shard = usize::from(to.pid().shard().0);
    rig.on(shard, || to.cast(Pull::Do(Box::new(what)))).ok().unwrap();
    rig.turn(shard);
}

fn crash(rig: &Rig, to: ActorRef<Puppet>) {
    give(rig, to, |_| panic!("told to"));
}

fn status(rig: &Rig, of: ActorRef<Supervisor>) -> Vec<ChildStatus> {
    let children = run(rig, 0, async move { of.children().await }).unwrap().unwrap();
    children.into_iter().map(|child| child.status).collect()
}

fn actors(rig: &Rig) -> usize {
    rig.settle();
    rig.shards.iter().map(crate::Shard::actors).sum()
}

/// The stop arrives after the crash and before the supervisor's answer to it.
#[test]
fn a_stop_between_two_incarnations_is_final_and_ends_nobody_else() {
    for end in [ActorRef::stop, ActorRef::drain] {
        for strategy in [Strategy::OneForOne, Strategy::OneForAll] {
            let rig = Rig::new(2);
            let heard = Heard::default();
            let spec = SupervisorSpec::new(strategy).child(child("B", &heard));
            let supervisor = start(&rig, spec.child(child("c", &heard)));
            let stopped = find::<Puppet>(&rig, supervisor, "B");
            crash(&rig, stopped);
            rig.on(1, || end(&stopped));
            rig.settle();
            let expected = [ChildStatus::Ended, ChildStatus::Up];
            assert_eq!(status(&rig, supervisor), expected, "{strategy:?}");
            assert_eq!(actors(&rig), 2);
        }
    }
}

/// A call may be handled in its caller's place: then the end of the incarnation is still to come.
#[test]
fn a_message_behind_a_call_that_ends_an_incarnation_is_for_the_next() {
    let rig = Rig::new(2);
    let heard = Heard::default();
    let spec = SupervisorSpec::new(Strategy::OneForOne).child(child("c", &heard));
    let supervisor = start(&rig, spec);
    let child = find::<Puppet>(&rig, supervisor, "c");
    let done = Arc::new(Mutex::new(false));
    let does = done.clone();
    let sent = run(&rig, 0, async move {
        child.call(Pull::Leave).await.unwrap();
        child.cast(Pull::Do(Box::new(move |_| *does.lock().unwrap() = true))).is_ok()
    });
    assert_eq!((sent, *done.lock().unwrap()), (Some(true), true));
    assert_eq!(status(&rig, supervisor), [ChildStatus::Up]);
    assert_eq!(rig.shards[0].ledger().undelivered.iter().sum::<u64>(), 0);
}

/// Three children that end together, of which the first waits before its second restart.
fn waiting(rig: &Rig, heard: &Heard) -> (ActorRef<Supervisor>, ActorRef<Puppet>) {
    let backoff = Backoff { jitter_percent: 0, ..Backoff::exponential(SECOND, SECOND) };
    let spec = SupervisorSpec::new(Strategy::OneForAll)
        .child(child("A", heard).backoff(backoff))
        .child(child("B", heard))
        .child(child("c", heard));
    let supervisor = start(rig, spec);
    let first = find::<Puppet>(rig, supervisor, "A");
    for _ in 0..2 {
        crash(rig, first);
        rig.settle();
    }
    assert_eq!(status(rig, supervisor), [ChildStatus::Restarting; 3]);
    (supervisor, first)
}

#[test]
fn siblings_do_not_wait_for_a_child_that_will_not_come() {
    let heard = Heard::default();
    for end in [ActorRef::stop, ActorRef::drain] {
        let rig = Rig::new(2);
        let (supervisor, first) = waiting(&rig, &heard);
        rig.on(0, || end(&first));
        rig.settle();
        let expected = [ChildStatus::Ended, ChildStatus::Up, ChildStatus::Up];
        assert_eq!(status(&rig, supervisor), expected);
    }
    let rig = Rig::new(2);
    let (supervisor, _) = waiting(&rig, &heard);
    run(&rig, 0, async move { supervisor.terminate_child("A").await }).unwrap().unwrap();
    rig.settle();
    assert_eq!(status(&rig, supervisor)[1..], [ChildStatus::Up; 2]);
}

/// Starts once.
struct Once(Arc<Mutex<u32>>);

impl Actor for Once {
    type Message = ();

    async fn started(&mut self, _: &Context<Self>) -> Result {
        *self.0.lock().unwrap() += 1;
        if *self.0.lock().unwrap() == 1 { Ok(()) } else { Err("never again".into()) }
    }

    async fn handle(&mut self, (): (), _: &Context<Self>) -> Flow {
        panic!("told to");
    }
}

#[test]
fn siblings_do_not_wait_for_a_child_that_is_given_up() {
    for shard in 0..2 {
        let rig = Rig::new(2);
        let heard = Heard::default();
        let starts = Arc::new(Mutex::new(0));
        let once = ChildSpec::new("once", move || Once(starts.clone()));
        let spec = SupervisorSpec::new(Strategy::RestForOne)
            .healthy_min(1)
            .child(child("a", &heard))
            .child(once.budget(Budget::new(2, SECOND)).placement(Placement::Shard(shard)))
            .child(child("B", &heard));
        let supervisor = start(&rig, spec);
        let once = find::<Once>(&rig, supervisor, "once");
        rig.on(0, || once.cast(())).unwrap();
        rig.settle();
        let expected = [ChildStatus::Up, ChildStatus::Ended, ChildStatus::Up];
        assert_eq!(status(&rig, supervisor), expected);
    }
}

/// A supervisor that another one restarts while a child of its starts on another shard.
#[test]
fn a_child_that_starts_for_an_incarnation_that_is_over_ends_too() {
    let heard = Heard::default();
    for links in [false, true] {
        let rig = Rig::new(2);
        let spec = SupervisorSpec::new(Strategy::OneForOne)
            .child(ChildSpec::supervisor("inner", SupervisorSpec::new(Strategy::OneForOne)))
            .child(child("c", &heard));
        let outer = start(&rig, spec);
        let slow = {
            let heard = heard.clone();
            move || Puppet { heard: heard.clone(), starts_for: SECOND }
        };
        let place = Placement::Shard(1);
        let kill: Box<dyn Fn()> = if links {
            let puppet = find::<Puppet>(&rig, outer, "c");
            pull(&rig, puppet, move |ctx| {
                drop(ctx.spawn_link(ActorConfig::default(), place, slow));
            });
            Box::new(move || puppet.kill())
        } else {
            let inner = find::<Supervisor>(&rig, outer, "inner");
            let spec = ChildSpec::new("slow", slow).placement(place);
            let asked = async move { drop(inner.start_child::<Puppet>(spec).await) };
            rig.on(0, || drop(crate::spawn_local(asked)));
            Box::new(move || inner.kill())
        };
        assert_eq!(actors(&rig), 4, "it is about to start");
        rig.on(0, kill);
        rig.settle();
        rig.advance(2 * SECOND);
        assert_eq!(actors(&rig), 3, "nobody's child is left: links {links}");
    }
}

fn links_of(rig: &Rig, of: ActorRef<Puppet>) -> usize {
    rig.settle();
    let ties = rig.shards[usize::from(of.pid().shard().0)].ties();
    ties.iter().find(|ties| ties.actor == of.pid()).map_or(0, |ties| ties.links.len())
}

/// Whoever links an actor just when its incarnation ends hears of that end, and then there is no
/// link on either side.
#[test]
fn a_link_that_crosses_the_end_of_an_incarnation_leaves_both_sides_agreed() {
    for heard_of in 0..3 {
        let rig = Rig::new(2);
        let heard = Heard::default();
        let (other, peer) = (Heard::default(), Heard::default());
        let spec = SupervisorSpec::new(Strategy::OneForOne).child(child("C", &other));
        let supervisor = start(&rig, spec);
        let child = find::<Puppet>(&rig, supervisor, "C");
        let peer = lone(&rig, 0, &peer, true);
        let watched = lone(&rig, 0, &heard, true);
        let (to_child, to_peer) = (child.pid(), peer.pid());
        pull(&rig, child, move |ctx| ctx.link(to_peer));
        crash(&rig, child);
        pull(&rig, peer, move |ctx| ctx.link(to_child));
        for _ in 0..heard_of {
            rig.hop();
        }
        rig.settle();
        // The supervisor's is the other one.
        assert_eq!(links_of(&rig, peer), links_of(&rig, child) - 1, "one side thinks it is linked");
        // And a link from now on is one, whoever makes it.
        pull(&rig, child, move |ctx| ctx.link(to_peer));
        rig.settle();
        pull(&rig, watched, move |ctx| ctx.link(to_child));
        rig.settle();
        assert_eq!((links_of(&rig, peer), links_of(&rig, child)), (1, 3));
        rig.on(0, || peer.kill());
        rig.settle();
        let heard = heard.0.lock().unwrap();
        let ended = |news: &News| matches!(news, News::Heard(Signal::Exit { .. }));
        assert_eq!(heard.iter().filter(|news| ended(news)).count(), 1, "the link had to end it");
    }
}

/// A monitor that was set before a restart, and one that fired before it was taken back.
#[test]
fn no_down_comes_of_a_monitor_that_is_over() {
    for shard in 0..2 {
        let rig = Rig::new(2);
        let (heard, nobody) = (Heard::default(), Heard::default());
        let spec = SupervisorSpec::new(Strategy::OneForOne).child(child("c", &heard));
        let supervisor = start(&rig, spec);
        let child = find::<Puppet>(&rig, supervisor, "c");
        let watched = lone(&rig, shard, &nobody, false);
        pull(&rig, child, move |ctx| _ = ctx.monitor(watched.pid()));
        rig.settle();
        crash(&rig, child);
        rig.settle();
        let ties = rig.shards[shard].ties();
        assert!(ties.iter().all(|ties| ties.watchers.is_empty()), "nobody monitors: {ties:?}");
        rig.on(shard, || watched.kill());
        rig.settle();
        pull(&rig, child, move |ctx| {
            // On this shard the news is there at once.
            let monitor = ctx.monitor(watched.pid());
            let fired = ctx.door().bonds().monitors.is_empty();
            assert_eq!(fired, shard == 0);
            assert_eq!(ctx.demonitor(monitor), !fired);
        });
        rig.settle();
        assert_eq!(heard.0.lock().unwrap().len(), 0);
        assert_eq!(status(&rig, supervisor), [ChildStatus::Up]);
    }
}

#[test]
fn no_timer_of_an_incarnation_reaches_the_next() {
    for shard in 0..2 {
        let rig = Rig::new(2);
        let heard = Heard::default();
        let spec = SupervisorSpec::new(Strategy::OneForOne);
        let name = if shard == 0 { "c" } else { "C" };
        let supervisor = start(&rig, spec.child(child(name, &heard)));
        let child = find::<Puppet>(&rig, supervisor, name);
        let fired = Arc::new(Mutex::new(false));
        let fires = fired.clone();
        pull(&rig, child, move |ctx| {
            let told = move |_: &Context<Puppet>| *fires.lock().unwrap() = true;
            let _ = ctx.send_after(SECOND, Pull::Do(Box::new(told)));
        });
        assert_eq!(rig.shards[shard].in_use().timers, 1);
        crash(&rig, child);
        rig.settle();
        assert_eq!(rig.shards[shard].in_use().timers, 0, "it goes with its incarnation");
        rig.advance(2 * SECOND);
        rig.settle();
        assert_eq!(status(&rig, supervisor), [ChildStatus::Up]);
        assert!(!*fired.lock().unwrap());
    }
}

/// Of two children that wait, the second is ended anew with the first, whose time comes later.
#[test]
fn a_restart_that_was_planned_does_not_come_before_the_one_it_waits_for() {
    let rig = Rig::new(2);
    let heard = Heard::default();
    let backoff = Backoff { jitter_percent: 0, ..Backoff::exponential(SECOND, SECOND) };
    let spec = SupervisorSpec::new(Strategy::RestForOne)
        .child(child("a", &heard).backoff(backoff))
        .child(child("B", &heard).backoff(backoff));
    let supervisor = start(&rig, spec);
    let (first, second) = (find(&rig, supervisor, "a"), find(&rig, supervisor, "B"));
    // The first restart of each is at once.
    for child in [first, second, second] {
        crash(&rig, child);
        rig.settle();
    }
    assert_eq!(status(&rig, supervisor), [ChildStatus::Up, ChildStatus::Restarting]);
    rig.advance(SECOND / 2);
    crash(&rig, first);
    rig.settle();
    assert_eq!(status(&rig, supervisor), [ChildStatus::Restarting; 2]);
    rig.advance(SECOND * 3 / 4);
    rig.settle();
    assert_eq!(status(&rig, supervisor), [ChildStatus::Restarting; 2], "it is not its turn");
    rig.advance(SECOND / 2);
    rig.settle();
    assert_eq!(status(&rig, supervisor), [ChildStatus::Up; 2]);
}

/// Plays what was heard since the last look at the members; tells who is in the group by that.
fn replay(heard: &Heard) -> BTreeSet<Pid> {
    let heard = heard.0.lock().unwrap();
    let mut members = BTreeSet::new();
    for news in heard.iter() {
        match news {
            News::Members(now) => members = now.iter().copied().collect(),
            News::Heard(Signal::Joined { pid, .. }) => {
                assert!(members.insert(*pid), "{pid} joined twice: {heard:?}");
            }
            News::Heard(Signal::Left { pid, .. }) => {
                assert!(members.remove(pid), "{pid} left and was not in it: {heard:?}");
            }
            News::Heard(other) => panic!("{other:?}"),
        }
    }
    members
}

/// News of the first time are under way when the group is monitored for the second.
#[test]
fn a_group_that_is_monitored_anew_tells_nothing_twice() {
    const GROUP: &str = "group";
    // Asked again at once, after it was taken back, and by another incarnation.
    for how in 0..3 {
        for (shard, hops) in (0..3).flat_map(|shard| (0..8).map(move |hops| (shard, hops))) {
            let rig = Rig::new(3);
            let (heard, nobody) = (Heard::default(), Heard::default());
            let watches = {
                let heard = heard.clone();
                move || puppet(&heard)
            };
            let spec = ChildSpec::new("watcher", watches).placement(Placement::Shard(shard));
            let supervisor = start(&rig, SupervisorSpec::new(Strategy::OneForOne).child(spec));
            let watcher = find::<Puppet>(&rig, supervisor, "watcher");
            let members = [0, 1, 2].map(|shard| lone(&rig, shard, &nobody, false));
            rig.on(0, || watcher.cast(Pull::Monitor(GROUP))).ok().unwrap();
            rig.settle();
            for (shard, member) in members.into_iter().enumerate() {
                let system = rig.system();
                let join = async move { system.join(GROUP, member).await };
                drop(rig.on(shard, || crate::spawn_local(join)));
            }
            for _ in 0..hops {
                (0..3).for_each(|shard| _ = rig.turn(shard));
                rig.hop();
            }
            rig.on(usize::from(shard), || {
                let take_back = |ctx: &Context<Puppet>| _ = ctx.demonitor_group(GROUP);
                match how {
                    0 => {}
                    1 => watcher.cast(Pull::Do(Box::new(take_back))).ok().unwrap(),
                    _ => watcher.cast(Pull::Do(Box::new(|_| panic!("told to")))).ok().unwrap(),
                }
                watcher.cast(Pull::Monitor(GROUP)).ok().unwrap();
            });
            rig.settle();
            assert_eq!(replay(&heard), members.map(|member| member.pid()).into());
            rig.on(0, || members[0].kill());
            rig.settle();
            assert_eq!(replay(&heard), [members[1].pid(), members[2].pid()].into());
        }
    }
}

/// Starts a supervisor that ends with it.
struct Owner {
    spec: Option<SupervisorSpec>,
}

impl Actor for Owner {
    type Message = Pull;

    async fn started(&mut self, ctx: &Context<Self>) -> Result {
        let spec = self.spec.take().expect("once");
        spec.start_link(ctx, Placement::Shard(1)).await?;
        Ok(())
    }

    async fn handle(&mut self, _: Pull, _: &Context<Self>) -> Flow {
        Flow::Stop
    }
}

/// OTP: the end of a supervisor's parent is its own, whatever the reason.
#[test]
fn a_supervisor_ends_with_whoever_it_was_started_by_however_that_ends() {
    let rig = Rig::new(2);
    let heard = Heard::default();
    let spec = SupervisorSpec::new(Strategy::OneForOne).child(child("a", &heard));
    let owner = Owner { spec: Some(spec) };
    let config = ActorConfig::default();
    let owner = rig.on(0, || rig.system().spawn_here(config, || owner)).unwrap();
    assert_eq!(actors(&rig), 3);
    rig.on(0, || owner.cast(Pull::Stop)).ok().unwrap();
    assert_eq!(actors(&rig), 0);
}
