//! Several nodes in one process, and what outlives them.

use std::sync::{Arc, Mutex};

use greenroom_core::{ActorRef, CallError, CastError, ExitReason, Placement, RefError, Reply};
use greenroom_testkit::{Campaign, TestRuntime};

use super::actors::{Note, Notebook};

#[test]
fn a_ref_of_another_node_is_not_local_and_never_a_namesake() {
    let name = "sim::nodes::a_ref_of_another_node_is_not_local_and_never_a_namesake";
    Campaign::new(name).seeds(50).runtime(|builder, _| builder.nodes(2)).run(|sim| {
        let start = async |system: greenroom_core::System| {
            system.spawn(Placement::Shard(1), Notebook::default).await.unwrap()
        };
        let roots = [sim.start_on(0, start), sim.start_on(1, start)];
        let [first, second] = roots.map(|root| sim.finish(root));
        let place = |actor: &ActorRef<Notebook>| {
            (actor.pid().shard(), actor.pid().slot(), actor.pid().generation())
        };
        assert_eq!(place(&first), place(&second), "the two would not be namesakes");
        for shard in 0..2 {
            let refused = sim.on(1, shard, || first.cast(Note::Write(0, 0)));
            let Err(CastError::Unusable(why, _)) = refused else { panic!("{refused:?}") };
            assert_eq!(why, RefError::NotLocal);
        }
        let root = sim.start_on(1, async move |_| {
            assert_eq!(first.exit().await, ExitReason::Unreachable);
            first.kill();
            second.call(Note::Read).await.unwrap()
        });
        assert_eq!(sim.finish(root), [], "the namesake got the message");
        sim.run_until_idle();
        assert_eq!(sim.run(async move |_| first.call(Note::Read).await.unwrap()), []);
    });
}

#[test]
fn what_outlives_its_system_is_harmless() {
    let kept: Arc<Mutex<Option<Reply<u32>>>> = Arc::default();
    let waker = Arc::new(Mutex::new(None));
    let mut old = TestRuntime::new_with_seed(1);
    let (port, woken) = (kept.clone(), waker.clone());
    let actor = old.run(async move |system| {
        let actor = system.spawn(Placement::Shard(1), Notebook::default).await.unwrap();
        std::future::poll_fn(|cx| {
            *woken.lock().unwrap() = Some(cx.waker().clone());
            std::task::Poll::Ready(())
        })
        .await;
        let keeper = system.spawn(Placement::Shard(1), || Keeper(port)).await.unwrap();
        greenroom_core::spawn_local(async move { keeper.call(|reply| reply).await });
        actor
    });
    old.run_until_idle();
    drop(old);

    // The same slots are in use here.
    let mut new = TestRuntime::new_with_seed(1);
    let mine =
        new.run(async |system| system.spawn(Placement::Shard(1), Notebook::default).await.unwrap());
    assert_ne!(actor.pid(), mine.pid());
    new.on(0, 1, || {
        let refused = actor.cast(Note::Write(9, 9));
        assert!(matches!(refused, Err(CastError::Unusable(RefError::NotLocal, _))));
        waker.lock().unwrap().take().expect("a waker was kept").wake();
        kept.lock().unwrap().take().expect("a port was kept").send(3);
    });
    new.run_until_idle();
    assert_eq!(new.run(async move |_| mine.call(Note::Read).await.unwrap()), []);
    // Outside any shard as well.
    let refused = actor.cast(Note::Write(9, 9));
    assert!(matches!(refused, Err(CastError::Unusable(RefError::Outside, _))));
}

#[test]
fn a_port_is_answered_or_dropped_on_another_node() {
    let name = "sim::nodes::a_port_is_answered_or_dropped_on_another_node";
    Campaign::new(name).seeds(50).runtime(|builder, _| builder.nodes(2)).run(|sim| {
        for answered in [true, false] {
            let kept: Arc<Mutex<Option<Reply<u32>>>> = Arc::default();
            let (port, shard) = (kept.clone(), sim.draw(2) as u16);
            let caller = sim.start_on(0, async move |system| {
                let keep = move || Keeper(port);
                let keeper = system.spawn(Placement::Shard(1), keep).await.unwrap();
                keeper.call(|reply| reply).await
            });
            sim.run_until_idle();
            let port = kept.lock().unwrap().take().expect("a port was kept");
            sim.on(1, shard, || {
                assert!(port.is_wanted(), "nothing else is known there");
                if answered {
                    port.send(7);
                }
            });
            let answer = sim.finish(caller);
            assert_eq!(answer, if answered { Ok(7) } else { Err(CallError::Dropped) });
        }
        super::actors::come_to_rest(sim, 2, 2);
    });
}

/// Puts its port where it outlives the system.
struct Keeper(Arc<Mutex<Option<Reply<u32>>>>);

impl greenroom_core::Actor for Keeper {
    type Message = Reply<u32>;

    async fn handle(
        &mut self,
        port: Reply<u32>,
        _: &greenroom_core::Context<Self>,
    ) -> greenroom_core::Flow {
        *self.0.lock().unwrap() = Some(port);
        greenroom_core::Flow::Continue
    }
}
