//! User code in `Drop`, wakers and factories that comes back to the shard.

use std::cell::Cell;
use std::rc::Rc;

use super::{Count, Counter, counter, run};
use crate::testing::Rig;
use crate::{Actor, ActorConfig, ActorRef, Context, Flow, MailboxBound, Reply};

/// Casts to a counter when dropped.
struct Bell(ActorRef<Counter>);

impl Drop for Bell {
    fn drop(&mut self) {
        // Refused outside a shard, which is fine.
        drop(self.0.cast(Count::Add(1)));
    }
}

/// Takes bells; keeps them till its end.
struct Belfry(Vec<Bell>);

impl Actor for Belfry {
    type Message = Bell;

    async fn handle(&mut self, bell: Bell, _: &Context<Self>) -> Flow {
        self.0.push(bell);
        Flow::Continue
    }
}

fn belfry(rig: &Rig, shard: usize, bound: MailboxBound) -> ActorRef<Belfry> {
    let config = ActorConfig::default().mailbox(bound);
    rig.on(shard, || rig.system().spawn_here(config, || Belfry(Vec::new()))).unwrap()
}

fn total(rig: &Rig, counter: ActorRef<Counter>) -> u64 {
    run(rig, 0, async move { counter.call(Count::Read).await }).unwrap().unwrap()
}

#[test]
fn dropped_messages_and_states_may_send() {
    let rig = Rig::new(2);
    let counter = counter(&rig, 0);
    let bounds = [MailboxBound::Dropping(1), MailboxBound::Sliding(1), MailboxBound::Fixed(1)];
    let mut rung = 0;
    for bound in bounds {
        for shard in 0..2 {
            let belfry = belfry(&rig, shard, bound);
            rig.on(0, || {
                for _ in 0..3 {
                    // A refused bell comes back and is dropped here.
                    drop(belfry.cast(Bell(counter)));
                }
            });
            rig.settle();
            // Killed with its state, and then sent to once more.
            rig.on(shard, || belfry.kill());
            rig.settle();
            rig.on(0, || drop(belfry.cast(Bell(counter))));
            rig.settle();
            rung += 4;
            assert_eq!(total(&rig, counter), rung, "{bound:?} on shard {shard}");
        }
    }
}

#[test]
fn a_dropped_task_may_spawn_and_abort() {
    struct Spawns(ActorRef<Counter>);
    impl Drop for Spawns {
        fn drop(&mut self) {
            let counter = self.0;
            crate::spawn_local(async move { counter.cast(Count::Add(1)) });
        }
    }
    let rig = Rig::new(1);
    let counter = counter(&rig, 0);
    let task = rig.on(0, || {
        crate::spawn_local(async move {
            let _spawns = Spawns(counter);
            std::future::pending::<()>().await;
        })
    });
    rig.settle();
    rig.on(0, || task.abort());
    rig.settle();
    assert_eq!(total(&rig, counter), 1);
}

#[test]
fn a_factory_may_spawn_and_call_back() {
    struct Parent(ActorRef<Counter>);
    impl Actor for Parent {
        type Message = Reply<ActorRef<Counter>>;
        async fn handle(&mut self, reply: Self::Message, _: &Context<Self>) -> Flow {
            reply.send(self.0);
            Flow::Continue
        }
    }
    let rig = Rig::new(1);
    let system = rig.system();
    let parent = rig.on(0, || {
        system.spawn_here(ActorConfig::default(), || {
            let child = system.spawn_here(ActorConfig::default(), || Counter { total: 3 });
            Parent(child.unwrap())
        })
    });
    let parent = parent.unwrap();
    let child = run(&rig, 0, async move { parent.call(|reply| reply).await }).unwrap().unwrap();
    assert_eq!(total(&rig, child), 3);
}

#[test]
fn a_panicking_drop_ends_nobody_else() {
    struct Bomb(Rc<Cell<u32>>);
    impl Drop for Bomb {
        fn drop(&mut self) {
            self.0.set(self.0.get() + 1);
            panic!("in a drop");
        }
    }
    struct Holder(#[expect(dead_code, reason = "held for its drop")] Bomb);
    impl Actor for Holder {
        type Message = ();
        async fn handle(&mut self, (): (), _: &Context<Self>) -> Flow {
            Flow::Stop
        }
    }
    let rig = Rig::new(1);
    let (dropped, neighbour) = (Rc::new(Cell::new(0)), counter(&rig, 0));
    let holder = {
        let dropped = dropped.clone();
        rig.on(0, || rig.system().spawn_here(ActorConfig::default(), || Holder(Bomb(dropped))))
    };
    let holder = holder.unwrap();
    rig.on(0, || holder.cast(()).unwrap());
    rig.settle();
    assert_eq!(dropped.get(), 1);
    assert_eq!(total(&rig, neighbour), 0);
    assert_eq!(rig.shards[0].actors(), 1);
    let exit = run(&rig, 0, async move { holder.exit().await });
    assert_eq!(exit, Some(crate::ExitReason::Normal));
}
