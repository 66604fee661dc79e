//! Actors on real shards: local and across.

use std::sync::Arc;
use std::sync::mpsc;

use greenroom_core::{ExitReason, Placement, ShardId};
use greenroom_shard::{Driver, IdleStrategy, RunError};

use crate::common::{Count, Counter, Notes, on_each_driver, system};

on_each_driver! {
    a_run_returns_what_its_root_does,
    a_panic_of_the_root_is_an_error,
    a_run_inside_a_shard_is_refused,
    casts_and_calls_reach_actors_of_every_shard,
    a_call_goes_through_actors_of_two_shards_and_back,
    a_crash_is_reported_and_ends_nobody_else,
    the_start_hook_runs_inside_each_shard_first,
    a_start_hook_that_panics_fails_the_start,
}

fn a_run_returns_what_its_root_does(driver: Driver) {
    let shards = system(driver, 3).run(async |system| Ok(system.shards())).unwrap();
    assert_eq!(shards, 3);
    let failed = system(driver, 1).run(async |_| Err::<(), _>("no".into())).unwrap_err();
    assert!(matches!(&failed, RunError::Root(error) if error.to_string() == "no"));
    assert_eq!(failed.into_error().to_string(), "no");
}

fn a_panic_of_the_root_is_an_error(driver: Driver) {
    let failed = system(driver, 1).run(async |_| -> greenroom_core::Result { panic!("root") });
    assert!(matches!(failed, Err(RunError::Panicked(panic)) if panic.message() == "root"));
}

fn a_run_inside_a_shard_is_refused(driver: Driver) {
    let inner = system(driver, 1)
        .run(async move |_| Ok(system(driver, 1).run(async |_| Ok(())).is_err()))
        .unwrap();
    assert!(inner);
}

fn casts_and_calls_reach_actors_of_every_shard(driver: Driver) {
    for idle in [IdleStrategy::Park, IdleStrategy::default(), IdleStrategy::Spin] {
        let totals = system(driver, 2).idle(idle).run(async |system| {
            let mut totals = Vec::new();
            for shard in 0..2 {
                let placement = Placement::Shard(shard);
                let counter = system.spawn(placement, Counter::default).await?;
                for n in 0..500 {
                    counter.send(Count::Add(n)).await.map_err(|_| "sent to the living")?;
                }
                totals.push(counter.call(Count::Total).await?);
            }
            Ok(totals)
        });
        assert_eq!(totals.unwrap(), [124_750; 2]);
    }
}

fn a_call_goes_through_actors_of_two_shards_and_back(driver: Driver) {
    let total = system(driver, 2).run(async |system| {
        let far = system.spawn(Placement::Shard(1), Counter::default).await?;
        let near = system.spawn(Placement::Shard(0), Counter::default).await?;
        far.send(Count::Add(5)).await.map_err(|_| "sent to the living")?;
        let asked = near.call(|reply| Count::Ask(far, reply)).await?;
        let mirror = far.call(|reply| Count::Ask(near, reply)).await?;
        Ok((asked, mirror))
    });
    assert_eq!(total.unwrap(), (5, 0));
}

fn a_crash_is_reported_and_ends_nobody_else(driver: Driver) {
    let notes = Notes::default();
    let reporter = Arc::new(notes.clone());
    let total = system(driver, 2).reporter(reporter).run(async |system| {
        let victim = system.spawn(Placement::Shard(1), Counter::default).await?;
        let other = system.spawn(Placement::Shard(1), Counter::default).await?;
        victim.send(Count::Panic).await.map_err(|_| "sent to the living")?;
        let reason = victim.exit().await;
        assert!(matches!(reason, ExitReason::Panicked(panic) if panic.message() == "asked to"));
        Ok(other.call(Count::Total).await?)
    });
    assert_eq!(total.unwrap(), 0);
    let notes = notes.0.lock().unwrap();
    assert!(matches!(&notes[..], [(name, ExitReason::Panicked(_))] if name.ends_with("Counter")));
}

fn the_start_hook_runs_inside_each_shard_first(driver: Driver) {
    let (sender, started) = mpsc::channel();
    let seen = system(driver, 2)
        .on_shard_start(move |shard| {
            let inside = greenroom_core::System::current().and_then(|system| system.shard());
            sender.send((shard, inside)).unwrap();
        })
        .run(async |_| Ok(()));
    seen.unwrap();
    let mut hooks: Vec<_> = started.iter().collect();
    hooks.sort();
    assert_eq!(hooks, [(ShardId(0), Some(ShardId(0))), (ShardId(1), Some(ShardId(1)))]);
}

fn a_start_hook_that_panics_fails_the_start(driver: Driver) {
    use greenroom_shard::StartError;
    let hook = |shard: ShardId| assert_ne!(shard, ShardId(1), "not this one");
    let failed = system(driver, 2).on_shard_start(hook).start().unwrap_err();
    assert!(matches!(failed, StartError::OnShardStart(ShardId(1), _)), "{failed}");
}
