//! User code in `Drop`, wakers and factories that comes back to the shard.

use std::cell::Cell;
use std::rc::Rc;

use super::{Count, Counter, counter, run};
use crate::testing::Rig;
use crate::{Actor, ActorConfig, ActorRef, Context, Flow, MailboxBound, Reply};

/// Casts to a counter when dropped, and touches whatever else the shard has.
struct Bell(ActorRef<Counter>);

impl Drop for Bell {
    fn drop(&mut self) {
        touch_everything(self.0, self.0);
        // Refused outside a shard, which is fine. Last, so that it counts only if all went well.
        drop(self.0.cast(Count::Add(1)));
    }
}

/// Opens and gives up a reply slot, a timer, a wait for an end, a task; sends to another actor.
fn touch_everything(counter: ActorRef<Counter>, other: ActorRef<Counter>) {
    if crate::System::current().is_none() {
        return;
    }
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    let mut poll = |future: &mut (dyn Future<Output = ()> + Unpin)| {
        let _pending = std::pin::Pin::new(future).poll(&mut cx);
    };
    poll(&mut crate::sleep(std::time::Duration::from_secs(1)));
    poll(&mut Box::pin(async move { drop(counter.call(Count::Keep).await) }));
    poll(&mut Box::pin(async move { drop(counter.exit().await) }));
    drop(crate::spawn_local(async {}));
    drop(counter.recipient::<Count>().cast(Count::Add(0)));
    drop(other.cast(Count::Add(0)));
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

#[test]
fn a_dropped_answer_may_send() {
    let rig = Rig::new(2);
    let counter = counter(&rig, 0);
    let mut rung = 0;
    for shard in 0..2 {
        let (kept, ports) = std::sync::mpsc::channel();
        let actor =
            rig.on(shard, || rig.system().spawn_here(ActorConfig::default(), || Lender(kept)));
        let actor = actor.unwrap();
        // Given up before the answer is there, and after.
        for early in [true, false] {
            let mut call = rig.on(0, || {
                let mut call = Box::pin(actor.call(|port| port));
                let waker = std::task::Waker::noop();
                assert!(
                    call.as_mut().poll(&mut std::task::Context::from_waker(waker)).is_pending()
                );
                Some(call)
            });
            rig.settle();
            let port = ports.recv().unwrap();
            if early {
                rig.on(0, || drop(call.take()));
            }
            rig.on(shard, || port.send(Bell(counter)));
            rig.settle();
            rig.on(0, || drop(call.take()));
            rung += 1;
            assert_eq!(total(&rig, counter), rung, "shard {shard}, early {early}");
        }
    }
}

/// Hands on the ports it is sent.
struct Lender(std::sync::mpsc::Sender<Reply<Bell>>);

impl Actor for Lender {
    type Message = Reply<Bell>;

    async fn handle(&mut self, port: Self::Message, _: &Context<Self>) -> Flow {
        self.0.send(port).unwrap();
        Flow::Continue
    }
}

/// A waker that rings when it is cloned, woken, and dropped.
struct Ringing(ActorRef<Counter>, ActorRef<Counter>);

impl std::task::Wake for Ringing {
    fn wake(self: std::sync::Arc<Self>) {
        touch_everything(self.0, self.1);
        drop(self.0.cast(Count::Add(100)));
    }
}

impl Drop for Ringing {
    fn drop(&mut self) {
        touch_everything(self.0, self.1);
        drop(self.0.cast(Count::Add(1)));
    }
}

#[test]
fn a_waker_may_send_when_it_wakes_and_when_it_is_dropped() {
    let rig = Rig::new(2);
    let counter = counter(&rig, 0);
    let far = super::counter(&rig, 1);
    let waker = || std::task::Waker::from(std::sync::Arc::new(Ringing(counter, far)));
    let poll = |future: &mut (dyn Future<Output = ()> + Unpin)| {
        let waker = waker();
        let polled = std::pin::Pin::new(future).poll(&mut std::task::Context::from_waker(&waker));
        assert!(polled.is_pending());
    };
    let mut expected = 0;
    let config = ActorConfig::default().mailbox(MailboxBound::Fixed(1));
    for shard in 0..2 {
        // A call: the waker is replaced once, then woken.
        let callee = super::counter(&rig, shard);
        rig.on(0, || {
            let mut call = Box::pin(async move { drop(callee.call(Count::Read).await) });
            poll(&mut call);
            poll(&mut call);
            std::mem::forget(call);
        });
        rig.settle();
        expected += 102;
        assert_eq!(total(&rig, counter), expected, "a call to shard {shard}");
        // A call given up: the waker is only dropped.
        rig.on(0, || {
            let mut call = Box::pin(async move { drop(callee.call(Count::Keep).await) });
            poll(&mut call);
            drop(call);
        });
        rig.settle();
        expected += 1;
        assert_eq!(total(&rig, counter), expected, "a call to shard {shard} given up");
        // A sleep that is renewed and then fires.
        rig.on(0, || {
            let mut sleep = crate::sleep(std::time::Duration::from_secs(1));
            poll(&mut sleep);
            poll(&mut sleep);
            std::mem::forget(sleep);
        });
        rig.advance(std::time::Duration::from_secs(1));
        rig.settle();
        expected += 102;
        assert_eq!(total(&rig, counter), expected, "a sleep");
    }
    // A sender that parks, comes again and gets room; and one for which nobody waits.
    for shard in 0..2 {
        let full = super::counter_with(&rig, shard, config.clone());
        let send = rig.on(0, || {
            full.cast(Count::Add(1)).unwrap();
            if shard == 1 {
                full.cast(Count::Add(1)).unwrap();
            }
            rig.hop();
            rig.hop();
            let mut send = Box::pin(async move { drop(full.send(Count::Add(1)).await) });
            poll(&mut send);
            poll(&mut send);
            send
        });
        rig.settle();
        expected += 102;
        assert_eq!(total(&rig, counter), expected, "room on shard {shard}");
        rig.on(0, || drop(send));
    }
}

#[test]
fn the_waker_of_one_who_is_not_let_wait_may_send_when_it_is_dropped() {
    let rig = Rig::new(1);
    let counter = counter(&rig, 0);
    let config = ActorConfig::default().mailbox(MailboxBound::Reject(1));
    let full = super::counter_with(&rig, 0, config);
    rig.on(0, || {
        full.cast(Count::Add(1)).unwrap();
        let mut send = full.send(Count::Add(1));
        let waker = std::task::Waker::from(std::sync::Arc::new(Ringing(counter, counter)));
        let mut cx = std::task::Context::from_waker(&waker);
        assert!(std::pin::Pin::new(&mut send).poll(&mut cx).is_ready());
    });
    rig.settle();
    assert_eq!(total(&rig, counter), 1);
}
