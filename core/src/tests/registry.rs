//! Names and groups, on one shard and on three.

use std::sync::{Arc, Mutex};

use super::{Count, Counter, counter, run};
use crate::registry::{LookupError, RegisterError};
use crate::testing::Rig;
use crate::{
    Actor, ActorConfig, ActorRef, Context, ExitReason, Flow, Placement, Result, Signal, SpawnError,
};

fn name_it(
    rig: &Rig,
    from: usize,
    name: &'static str,
    actor: ActorRef<Counter>,
) -> std::result::Result<(), RegisterError> {
    let system = rig.system();
    run(rig, from, async move { system.register(name, actor).await }).unwrap()
}

fn look(rig: &Rig, from: usize, name: &str) -> std::result::Result<ActorRef<Counter>, LookupError> {
    rig.on(from, || rig.system().lookup(name))
}

#[test]
fn a_name_is_unique_and_known_on_every_shard() {
    let rig = Rig::new(3);
    for (n, name) in ["a", "b", "c", "d", "e"].into_iter().enumerate() {
        let (first, second) = (counter(&rig, n % 3), counter(&rig, (n + 1) % 3));
        assert_eq!(name_it(&rig, n % 3, name, first), Ok(()));
        let taken = Err(RegisterError::Taken(first.pid()));
        assert_eq!(name_it(&rig, (n + 2) % 3, name, second), taken);
        assert_eq!(name_it(&rig, (n + 2) % 3, name, first), Ok(()), "it has it already");
        for shard in 0..3 {
            assert_eq!(look(&rig, shard, name), Ok(first));
        }
    }
    let names = rig.on(1, || rig.system().names());
    assert!(names.iter().map(|(name, _)| &**name).eq(["a", "b", "c", "d", "e"]));
}

/// Both ask before either is answered.
#[test]
fn of_two_that_want_a_name_at_once_one_gets_it() {
    for round in 0..8 {
        let rig = Rig::new(3);
        let name = format!("name{round}");
        let actors = [0, 1, 2].map(|shard| counter(&rig, shard));
        let asked = [0, 1, 2].map(|shard: usize| {
            let (system, name) = (rig.system(), name.clone());
            let register = async move { system.register(name, actors[shard]).await };
            rig.on(shard, || crate::spawn_local(register))
        });
        rig.settle();
        let mut shard = 0;
        let got = asked.map(|asked| {
            let got = run(&rig, shard, asked).unwrap().unwrap().is_ok();
            shard += 1;
            usize::from(got)
        });
        assert_eq!(got.iter().sum::<usize>(), 1);
        let owner = actors[got.iter().position(|&got| got == 1).unwrap()];
        for shard in 0..3 {
            assert_eq!(look(&rig, shard, &name), Ok(owner));
        }
    }
}

#[test]
fn what_was_registered_here_is_known_here_when_that_is_done() {
    let rig = Rig::new(3);
    let system = rig.system();
    for (n, name) in ["a", "b", "c", "d", "e", "f"].into_iter().enumerate() {
        let actor = counter(&rig, 0);
        let found = run(&rig, n % 3, async move {
            system.register(name, actor).await.unwrap();
            system.lookup::<Counter>(name)
        });
        assert_eq!(found, Some(Ok(actor)));
    }
}

#[test]
fn a_name_goes_with_its_actor_and_comes_back_with_another() {
    let rig = Rig::new(3);
    let system = rig.system();
    for (n, name) in ["a", "b", "c", "d"].into_iter().enumerate() {
        let actor = counter(&rig, n % 3);
        name_it(&rig, 0, name, actor).unwrap();
        rig.on(0, || actor.cast(Count::Panic)).unwrap();
        rig.settle();
        for shard in 0..3 {
            assert_eq!(look(&rig, shard, name), Err(LookupError::NotFound));
        }
        // One that has ended may ask for a name, and does not keep it.
        let _ = name_it(&rig, 1, name, actor);
        rig.settle();
        let resolved = run(&rig, 2, async move { system.resolve(name).await });
        assert_eq!(resolved, Some(None));
        let next = counter(&rig, (n + 1) % 3);
        assert_eq!(name_it(&rig, 2, name, next), Ok(()));
        let taken_back =
            run(
                &rig,
                0,
                async move { (system.unregister(name).await, system.unregister(name).await) },
            );
        assert_eq!(taken_back, Some((true, false)));
        assert_eq!(look(&rig, 1, name), Err(LookupError::NotFound));
    }
}

/// Takes a name when it starts, and fails to start when asked to.
struct Named {
    name: &'static str,
    fails: bool,
}

impl Actor for Named {
    type Message = ();

    async fn started(&mut self, ctx: &Context<Self>) -> Result {
        ctx.register(self.name).await?;
        if self.fails { Err("asked to".into()) } else { Ok(()) }
    }

    async fn handle(&mut self, (): (), _: &Context<Self>) -> Flow {
        Flow::Continue
    }
}

/// ractor #467 and #468: a start that fails or is given up leaves no name.
#[test]
fn a_start_that_fails_keeps_no_name() {
    let rig = Rig::new(2);
    let system = rig.system();
    let spawn = |fails| {
        let make = move || Named { name: "it", fails };
        run(&rig, 0, async move { system.spawn(Placement::Shard(1), make).await }).unwrap()
    };
    assert!(matches!(spawn(true), Err(SpawnError::Start(ExitReason::InitFailed(_)))));
    let first = spawn(false).expect("the name is free");
    let taken = spawn(false);
    assert!(matches!(taken, Err(SpawnError::Start(ExitReason::InitFailed(_)))), "{taken:?}");
    let found = rig.on(0, || system.lookup::<Named>("it"));
    assert_eq!(found, Ok(first));
    let wrong = rig.on(0, || system.lookup::<Counter>("it"));
    assert_eq!(wrong, Err(LookupError::WrongType(first.pid())));
}

type Heard = Arc<Mutex<Vec<Signal>>>;

struct Watcher {
    heard: Heard,
    members: Arc<Mutex<Vec<crate::Pid>>>,
}

impl Actor for Watcher {
    type Message = bool;

    async fn handle(&mut self, watch: bool, ctx: &Context<Self>) -> Flow {
        if watch {
            *self.members.lock().unwrap() = ctx.monitor_group("group").await.unwrap();
        } else {
            assert!(ctx.demonitor_group("group"));
            assert!(!ctx.demonitor_group("group"));
        }
        Flow::Continue
    }

    async fn on_signal(&mut self, signal: Signal, _: &Context<Self>) -> Flow {
        self.heard.lock().unwrap().push(signal);
        Flow::Continue
    }
}

#[test]
fn groups_have_members_and_those_who_hear_of_them() {
    let rig = Rig::new(3);
    let system = rig.system();
    let (heard, members) = (Heard::default(), Arc::default());
    let watcher = Watcher { heard: heard.clone(), members: Arc::clone(&members) };
    let watcher = rig.on(2, || system.spawn_here(ActorConfig::default(), || watcher)).unwrap();
    let actors = [0, 1, 2].map(|shard| counter(&rig, shard));
    let join = |from: usize, actor: ActorRef<Counter>| {
        run(&rig, from, async move { system.join("group", actor).await }).unwrap().unwrap();
    };
    join(0, actors[0]);
    rig.on(0, || watcher.cast(true)).unwrap();
    rig.settle();
    assert_eq!(*members.lock().unwrap(), [actors[0].pid()]);
    join(1, actors[1]);
    join(2, actors[1]);
    join(2, actors[2]);
    for shard in 0..3 {
        assert_eq!(rig.on(shard, || system.members::<Counter>("group")), actors);
        assert!(rig.on(shard, || system.members::<Named>("group")).is_empty());
    }
    let left = run(&rig, 0, async move {
        let [first, second, _] = actors.map(|actor| actor.pid());
        (system.leave("group", first).await, system.leave("group", first).await, second)
    });
    assert!(matches!(left, Some((true, false, _))));
    rig.on(0, || actors[1].kill());
    rig.settle();
    assert_eq!(rig.on(0, || system.members::<Counter>("group")), [actors[2]]);
    let group: Arc<str> = "group".into();
    let joined = |n: usize| Signal::Joined { group: group.clone(), pid: actors[n].pid() };
    let left = |n: usize| Signal::Left { group: group.clone(), pid: actors[n].pid() };
    assert_eq!(*heard.lock().unwrap(), [joined(1), joined(2), left(0), left(1)]);
    rig.on(0, || watcher.cast(false)).unwrap();
    rig.settle();
    rig.on(0, || actors[2].stop());
    rig.settle();
    assert_eq!(heard.lock().unwrap().len(), 4);
    assert!(rig.on(0, || system.members::<Counter>("group")).is_empty());
}

/// ractor #411.
#[test]
fn a_group_that_a_stopped_actor_joins_does_not_keep_it() {
    let rig = Rig::new(2);
    let system = rig.system();
    let actor = counter(&rig, 1);
    rig.on(0, || actor.stop());
    rig.settle();
    let joined = run(&rig, 0, async move { system.join("group", actor).await });
    assert!(joined.unwrap().is_ok());
    rig.settle();
    for shard in 0..2 {
        assert!(rig.on(shard, || system.members::<Counter>("group")).is_empty());
    }
}

#[test]
fn outside_its_system_nothing_is_found() {
    let (rig, other) = (Rig::new(1), Rig::new(1));
    let actor = counter(&rig, 0);
    name_it(&rig, 0, "a", actor).unwrap();
    let system = rig.system();
    assert_eq!(other.on(0, || system.lookup::<Counter>("a")), Err(LookupError::NotFound));
    let registered = run(&other, 0, async move { system.register("a", actor).await });
    assert_eq!(registered, Some(Err(RegisterError::ShuttingDown)));
}
