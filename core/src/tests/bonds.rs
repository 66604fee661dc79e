//! Links and monitors, within a shard and across two.

use std::sync::{Arc, Mutex};

use super::{Count, Counter, counter, run};
use crate::testing::Rig;
use crate::{
    Actor, ActorConfig, ActorRef, Context, ExitReason, Flow, Monitor, Pid, Placement, Reply, Signal,
};

/// Does what it is told to with its context, and writes down what it hears.
pub(super) struct Peer {
    heard: Heard,
}

type Told = Box<dyn FnOnce(&Context<Peer>) + Send>;

pub(super) enum Tell {
    Do(Told),
    SpawnLinked(Placement, Reply<ActorRef<Counter>>),
    SpawnMonitored(Placement, Reply<(ActorRef<Counter>, Monitor)>),
    Panic,
}

impl Actor for Peer {
    type Message = Tell;

    async fn handle(&mut self, message: Tell, ctx: &Context<Self>) -> Flow {
        let make = || Counter { total: 0 };
        match message {
            Tell::Do(told) => told(ctx),
            Tell::SpawnLinked(place, reply) => {
                reply.send(ctx.spawn_link(ActorConfig::default(), place, make).await.unwrap());
            }
            Tell::SpawnMonitored(place, reply) => {
                reply.send(ctx.spawn_monitor(ActorConfig::default(), place, make).await.unwrap());
            }
            Tell::Panic => panic!("told to"),
        }
        Flow::Continue
    }

    async fn on_signal(&mut self, signal: Signal, _: &Context<Self>) -> Flow {
        self.heard.lock().unwrap().push(signal);
        Flow::Continue
    }
}

type Heard = Arc<Mutex<Vec<Signal>>>;

fn peer(rig: &Rig, shard: usize, trap_exits: bool) -> (ActorRef<Peer>, Heard) {
    let heard = Heard::default();
    let config = ActorConfig { trap_exits, ..ActorConfig::default() };
    let peer = Peer { heard: heard.clone() };
    let actor = rig.on(shard, || rig.system().spawn_here(config, || peer)).unwrap();
    rig.settle();
    (actor, heard)
}

/// Has a peer do something, to the end: an assertion in there counts.
fn tell(rig: &Rig, peer: ActorRef<Peer>, f: impl FnOnce(&Context<Peer>) + Send + 'static) {
    let done = Arc::new(Mutex::new(false));
    rig.on(0, || peer.cast(Tell::Do(noting(&done, f)))).ok().unwrap();
    rig.settle();
    assert!(*done.lock().unwrap(), "what it was told to do panicked");
}

/// Does that, and notes that it came to its end.
fn noting(done: &Arc<Mutex<bool>>, f: impl FnOnce(&Context<Peer>) + Send + 'static) -> Told {
    let done = done.clone();
    Box::new(move |ctx| {
        f(ctx);
        *done.lock().unwrap() = true;
    })
}

fn end_of<A: Actor>(rig: &Rig, actor: ActorRef<A>) -> Option<ExitReason> {
    run(rig, 0, async move { actor.exit().await })
}

fn crash(rig: &Rig, counter: ActorRef<Counter>) {
    rig.on(0, || counter.cast(Count::Panic)).unwrap();
    rig.settle();
}

fn downs(heard: &Heard) -> Vec<(Pid, ExitReason)> {
    let heard = heard.lock().unwrap();
    heard
        .iter()
        .map(|signal| match signal {
            Signal::Down { pid, reason, .. } | Signal::Exit { pid, reason } => {
                (*pid, reason.clone())
            }
            other => panic!("{other:?}"),
        })
        .collect()
}

fn panicked() -> ExitReason {
    ExitReason::Panicked("told to".into())
}

#[test]
fn a_monitor_brings_one_down_each() {
    let rig = Rig::new(2);
    for shard in 0..2 {
        let (peer, heard) = peer(&rig, 0, false);
        let counter = counter(&rig, shard);
        tell(&rig, peer, move |ctx| {
            let [first, second] = [ctx.monitor(counter.pid()), ctx.monitor(counter.pid())];
            assert_ne!(first, second);
        });
        assert_eq!(downs(&heard), []);
        crash(&rig, counter);
        assert_eq!(downs(&heard), [(counter.pid(), panicked()), (counter.pid(), panicked())]);
        assert_eq!(rig.shards[0].actors(), 1, "a monitor ends nobody");
        rig.on(0, || peer.kill());
        rig.settle();
    }
}

#[test]
fn a_monitor_of_one_that_is_gone_or_never_was_brings_its_down_at_once() {
    let rig = Rig::new(2);
    let stranger = Rig::new(1);
    for shard in 0..2 {
        let (peer, heard) = peer(&rig, 0, false);
        let counter = counter(&rig, shard);
        crash(&rig, counter);
        let never = Pid::new(rig.shards[0].node(), rig.shards[shard].id(), 77, 5);
        let elsewhere = Pid::new(stranger.shards[0].node(), rig.shards[shard].id(), 0, 1);
        let no_shard = Pid::new(rig.shards[0].node(), crate::ShardId(9), 0, 1);
        tell(&rig, peer, move |ctx| {
            for pid in [counter.pid(), never, elsewhere, no_shard] {
                let _ = ctx.monitor(pid);
            }
        });
        let mut downs = downs(&heard);
        downs.sort_by_key(|(pid, _)| *pid);
        let mut expected = [
            (counter.pid(), panicked()),
            (never, ExitReason::NoSuchActor),
            (elsewhere, ExitReason::Unreachable),
            (no_shard, ExitReason::Unreachable),
        ];
        expected.sort_by_key(|(pid, _)| *pid);
        assert_eq!(downs, expected);
    }
}

#[test]
fn a_monitor_that_was_taken_back_is_silent() {
    let rig = Rig::new(2);
    for shard in 0..2 {
        let (peer, heard) = peer(&rig, 0, false);
        let counter = counter(&rig, shard);
        tell(&rig, peer, move |ctx| {
            let monitor = ctx.monitor(counter.pid());
            counter.cast(Count::Panic).unwrap();
            assert!(ctx.demonitor(monitor));
            assert!(!ctx.demonitor(monitor));
        });
        assert_eq!(downs(&heard), []);
    }
}

/// Both the crash and the news of it are under way when the monitor is taken back.
#[test]
fn a_down_that_is_queued_goes_with_its_monitor() {
    let rig = Rig::new(2);
    let (peer, heard) = peer(&rig, 0, false);
    let counter = counter(&rig, 1);
    let monitor = Arc::new(Mutex::new(None));
    let kept = monitor.clone();
    tell(&rig, peer, move |ctx| *kept.lock().unwrap() = Some(ctx.monitor(counter.pid())));
    let taken = monitor.lock().unwrap().unwrap();
    rig.on(1, || counter.cast(Count::Panic)).unwrap();
    rig.turn(1);
    // Before the news arrives, but behind it in what the shard takes in.
    let done = Arc::new(Mutex::new(false));
    let take_back = noting(&done, move |ctx| assert!(ctx.demonitor(taken)));
    rig.on(0, || peer.cast(Tell::Do(take_back))).ok().unwrap();
    rig.turn(0);
    rig.settle();
    assert!(*done.lock().unwrap(), "the monitor was there");
    assert_eq!(downs(&heard), []);
}

#[test]
fn a_link_ends_both_or_is_trapped() {
    let rig = Rig::new(2);
    for shard in 0..2 {
        let (dies, _) = peer(&rig, 0, false);
        let (traps, heard) = peer(&rig, 0, true);
        let counter = counter(&rig, shard);
        for peer in [dies, traps] {
            tell(&rig, peer, move |ctx| ctx.link(counter.pid()));
        }
        crash(&rig, counter);
        let linked = ExitReason::Linked { pid: counter.pid(), reason: Arc::new(panicked()) };
        assert_eq!(end_of(&rig, dies), Some(linked));
        assert_eq!(downs(&heard), [(counter.pid(), panicked())]);
    }
}

#[test]
fn a_link_works_both_ways() {
    let rig = Rig::new(2);
    for shard in 0..2 {
        let (peer, _) = peer(&rig, 0, false);
        let counter = counter(&rig, shard);
        tell(&rig, peer, move |ctx| ctx.link(counter.pid()));
        rig.on(0, || peer.cast(Tell::Panic)).ok().unwrap();
        rig.settle();
        let linked = ExitReason::Linked { pid: peer.pid(), reason: Arc::new(panicked()) };
        assert_eq!(end_of(&rig, counter), Some(linked));
    }
}

/// Reasons that hold one another would be dropped, compared and printed step by step, and a chain
/// may be longer than a stack is deep.
#[test]
fn a_chain_of_links_tells_its_neighbour_and_how_it_began() {
    let rig = Rig::new(2);
    let first = counter(&rig, 0);
    let mut before = first.pid();
    let mut peers = Vec::new();
    for place in 1..=4 {
        let (next, _) = peer(&rig, place % 2, false);
        tell(&rig, next, move |ctx| ctx.link(before));
        peers.push((next, before));
        before = next.pid();
    }
    crash(&rig, first);
    for (peer, before) in peers {
        let linked = ExitReason::Linked { pid: before, reason: Arc::new(panicked()) };
        assert_eq!(end_of(&rig, peer), Some(linked));
    }
}

#[test]
fn a_normal_end_ends_nobody_that_is_linked_but_is_trapped() {
    let rig = Rig::new(2);
    for shard in 0..2 {
        let (lives, nothing) = peer(&rig, 0, false);
        let (traps, heard) = peer(&rig, 0, true);
        let counter = counter(&rig, shard);
        for peer in [lives, traps] {
            tell(&rig, peer, move |ctx| ctx.link(counter.pid()));
        }
        rig.on(0, || counter.stop());
        rig.settle();
        tell(&rig, lives, |_| ());
        assert_eq!((downs(&nothing).len(), downs(&heard).len()), (0, 1));
        assert_eq!(downs(&heard), [(counter.pid(), ExitReason::Normal)]);
    }
}

#[test]
fn a_link_to_one_that_is_gone_ends_the_linker() {
    let rig = Rig::new(2);
    for shard in 0..2 {
        let (peer, _) = peer(&rig, 0, false);
        let counter = counter(&rig, shard);
        rig.on(0, || counter.stop());
        rig.settle();
        tell(&rig, peer, move |ctx| ctx.link(counter.pid()));
        let reason = Arc::new(ExitReason::NoSuchActor);
        assert_eq!(end_of(&rig, peer), Some(ExitReason::Linked { pid: counter.pid(), reason }));
    }
}

#[test]
fn unlinked_actors_end_alone() {
    let rig = Rig::new(2);
    for shard in 0..2 {
        let (peer, _) = peer(&rig, 0, false);
        let counter = counter(&rig, shard);
        tell(&rig, peer, move |ctx| {
            ctx.link(counter.pid());
            ctx.unlink(counter.pid());
            // Under way when the unlink is not confirmed yet.
            ctx.link(counter.pid());
            ctx.unlink(counter.pid());
        });
        crash(&rig, counter);
        tell(&rig, peer, |ctx| {
            let bonds = ctx.door().bonds();
            assert!(bonds.links.is_empty() && bonds.unlinking.is_empty(), "unlinks are confirmed");
        });
    }
}

/// The other side's link crosses the unlink: both agree that there is none.
#[test]
fn a_link_that_crosses_an_unlink_leaves_both_sides_agreed() {
    let rig = Rig::new(2);
    let (a, _) = peer(&rig, 0, false);
    let (b, _) = peer(&rig, 1, false);
    let (to_a, to_b) = (a.pid(), b.pid());
    let do_on = |shard: usize, peer: ActorRef<Peer>, told: Told| {
        rig.on(shard, || peer.cast(Tell::Do(told))).ok().unwrap();
        rig.turn(shard);
    };
    // B links A; before A knows, A links B; before B knows, B takes its link back.
    do_on(1, b, Box::new(move |ctx| ctx.link(to_a)));
    do_on(0, a, Box::new(move |ctx| ctx.link(to_b)));
    do_on(1, b, Box::new(move |ctx| ctx.unlink(to_a)));
    rig.settle();
    let linked = Arc::new(Mutex::new(Vec::new()));
    for peer in [a, b] {
        let linked = linked.clone();
        tell(&rig, peer, move |ctx| linked.lock().unwrap().push(ctx.door().bonds().links.len()));
    }
    let linked = linked.lock().unwrap();
    assert_eq!(linked[0], linked[1], "one side thinks that it is linked");
}

#[test]
fn spawning_binds_from_the_start() {
    let rig = Rig::new(2);
    for shard in 0..2 {
        let place = Placement::Shard(shard);
        let (linked, _) = peer(&rig, 0, false);
        let child = run(&rig, 0, async move { linked.call(|r| Tell::SpawnLinked(place, r)).await });
        let child = child.unwrap().unwrap();
        crash(&rig, child);
        let reason = Arc::new(panicked());
        assert_eq!(end_of(&rig, linked), Some(ExitReason::Linked { pid: child.pid(), reason }));

        let (watching, heard) = peer(&rig, 0, false);
        let spawned =
            run(&rig, 0, async move { watching.call(|r| Tell::SpawnMonitored(place, r)).await });
        let (child, monitor) = spawned.unwrap().unwrap();
        crash(&rig, child);
        let down = Signal::Down { monitor, pid: child.pid(), reason: panicked() };
        assert_eq!(*heard.lock().unwrap(), [down]);
        // And the other way round: the spawner's end ends what is linked to it.
        let (linked, _) = peer(&rig, 0, false);
        let child = run(&rig, 0, async move { linked.call(|r| Tell::SpawnLinked(place, r)).await });
        rig.on(0, || linked.kill());
        rig.settle();
        let reason = Arc::new(ExitReason::Killed);
        let killed = ExitReason::Linked { pid: linked.pid(), reason };
        assert_eq!(end_of(&rig, child.unwrap().unwrap()), Some(killed));
    }
}

/// A spawner that dies while its child starts on another shard leaves no orphan.
#[test]
fn a_child_that_starts_when_its_spawner_is_gone_ends_too() {
    let rig = Rig::new(2);
    let (spawner, _) = peer(&rig, 0, false);
    let before = rig.shards[1].actors();
    let spawning = run(&rig, 0, async move {
        let place = Placement::Shard(1);
        let call = spawner.call(|reply| Tell::SpawnLinked(place, reply));
        spawner.kill();
        call.await.is_err()
    });
    assert_eq!(spawning, Some(true));
    assert_eq!(rig.shards[1].actors(), before);
}

/// A storm neither blocks nor loses anything: thousands of linked actors on two shards go with the
/// first, each for the end of the one before or of the hub.
#[test]
fn an_exit_storm_reaches_everybody() {
    const LINKED: usize = 20_000;
    let rig = Rig::new(2);
    let (hub, _) = peer(&rig, 0, false);
    let (witness, heard) = peer(&rig, 1, true);
    let mut last = hub;
    for n in 0..LINKED {
        let peer = Peer { heard: Heard::default() };
        let spawn = || rig.system().spawn_here(ActorConfig::default(), || peer);
        let next = rig.on(n % 2, spawn).unwrap();
        let before = if n % 3 == 0 { last } else { hub };
        rig.on(n % 2, || {
            next.cast(Tell::Do(Box::new(move |ctx| ctx.link(before.pid())))).ok().unwrap();
        });
        last = next;
        if n % 500 == 0 {
            rig.settle();
        }
    }
    tell(&rig, witness, move |ctx| ctx.link(hub.pid()));
    assert_eq!(rig.shards.iter().map(crate::Shard::actors).sum::<usize>(), LINKED + 2);
    rig.on(0, || hub.kill());
    rig.settle();
    assert_eq!(rig.shards.iter().map(crate::Shard::actors).sum::<usize>(), 1);
    assert_eq!(downs(&heard), [(hub.pid(), ExitReason::Killed)]);
}

/// News come before messages, however many wait.
#[test]
fn a_signal_overtakes_messages() {
    let rig = Rig::new(1);
    let (peer, heard) = peer(&rig, 0, false);
    let counter = counter(&rig, 0);
    tell(&rig, peer, move |ctx| {
        let _ = ctx.monitor(counter.pid());
    });
    let at_first = Arc::new(Mutex::new(None));
    rig.on(0, || {
        counter.kill();
        for _ in 0..10 {
            let (heard, at_first) = (heard.clone(), at_first.clone());
            let told: Told = Box::new(move |_| {
                at_first.lock().unwrap().get_or_insert(heard.lock().unwrap().len());
            });
            peer.cast(Tell::Do(told)).ok().unwrap();
        }
    });
    rig.settle();
    assert_eq!(*at_first.lock().unwrap(), Some(1));
}
