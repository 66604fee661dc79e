//! What reaches a shard other than by packets.

use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use greenroom_core::{Placement, ShardId};
use greenroom_testkit::Campaign;

use super::actors::{Note, Notebook, come_to_rest, in_order};

#[test]
fn a_wake_from_another_shard_arrives() {
    Campaign::new("sim::outside::a_wake_from_another_shard_arrives").seeds(100).run(|sim| {
        sim.run(async |system| {
            let shared: Arc<Mutex<(bool, Option<Waker>)>> = Arc::default();
            let other = shared.clone();
            let waker = system.handle().run_on(ShardId(1), async move |_| {
                greenroom_core::sleep(std::time::Duration::from_micros(3)).await;
                let waker = {
                    let mut shared = other.lock().unwrap();
                    shared.0 = true;
                    shared.1.take()
                };
                waker.into_iter().for_each(Waker::wake);
            });
            std::future::poll_fn(|cx| {
                let mut shared = shared.lock().unwrap();
                shared.1 = Some(cx.waker().clone());
                if shared.0 { Poll::Ready(()) } else { Poll::Pending }
            })
            .await;
            waker.await.unwrap();
        });
        come_to_rest(sim, 1, 2);
    });
}

#[test]
fn a_handle_sends_and_calls_from_outside_in_order() {
    let name = "sim::outside::a_handle_sends_and_calls_from_outside_in_order";
    Campaign::new(name).seeds(100).run(|sim| {
        let notebook = sim.run(async |system| {
            system.spawn(Placement::Shard(1), Notebook::default).await.unwrap()
        });
        let handle = sim.system(0).handle();
        for number in 0..20 {
            drop(handle.send(notebook, Note::Write(0, number)));
        }
        let mut read = pin!(handle.call(notebook, Note::Read));
        let mut cx = Context::from_waker(Waker::noop());
        assert!(read.as_mut().poll(&mut cx).is_pending());
        sim.run_until_idle();
        let Poll::Ready(Ok(Ok(seen))) = read.as_mut().poll(&mut cx) else { panic!("no answer") };
        // Each send is a task of its own there: they may be polled in any order. None is lost.
        assert!(seen.len() <= 20);
        let seen = sim.run(async move |_| notebook.call(Note::Read).await.unwrap());
        let mut numbers = seen;
        numbers.sort_unstable();
        assert!(in_order(&numbers, 1, 20), "{numbers:?}");
    });
}

#[test]
fn a_spurious_wake_up_does_no_harm() {
    Campaign::new("sim::outside::a_spurious_wake_up_does_no_harm").seeds(50).run(|sim| {
        let root = sim.start_on(0, async |system| {
            let notebook = system.spawn(Placement::Shard(1), Notebook::default).await.unwrap();
            for number in 0..30 {
                notebook.call(|reply| Note::Confirm(0, number, reply)).await.unwrap();
            }
            notebook.call(Note::Read).await.unwrap()
        });
        while !root.is_finished() {
            sim.wake_spuriously(0, 0);
            sim.wake_spuriously(0, 1);
            assert!(sim.step());
        }
        assert!(in_order(&sim.finish(root), 1, 30));
        come_to_rest(sim, 1, 2);
    });
}
