//! The loop of a shard on its thread.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use greenroom_core::runtime::Clock;
use greenroom_core::{Instant, Next};

use super::world::UringWorld;
use crate::driver::{ShardLoop, World, message_of};

/// Runs the shard to its end.
pub(super) fn run(shard_loop: &mut ShardLoop<UringWorld>) {
    let shard = shard_loop.shard.clone();
    shard.enter(|| {
        // Core catches what user code panics with. What comes through is a bug of the runtime, and
        // ends this shard.
        let ran = catch_unwind(AssertUnwindSafe(|| {
            turn_after_turn(shard_loop);
            finish(shard_loop);
        }));
        if let Err(payload) = ran {
            shard_loop.fail(message_of(&*payload));
            abandon(shard_loop);
        }
    });
}

/// Ends a shard that is not to run: the kernel holds its bell already, and what its start asked for.
pub(super) fn give_up(shard_loop: &mut ShardLoop<UringWorld>) {
    let shard = shard_loop.shard.clone();
    shard.enter(|| abandon(shard_loop));
}

/// Ends the shard where it stands. What the kernel still holds after a panic is leaked with the
/// table.
fn abandon(shard_loop: &mut ShardLoop<UringWorld>) {
    drop(catch_unwind(AssertUnwindSafe(|| {
        shard_loop.abandon();
        finish(shard_loop);
    })));
}

fn turn_after_turn(shard_loop: &mut ShardLoop<UringWorld>) {
    while !shard_loop.is_over() {
        let Some(step) = shard_loop.advance() else { continue };
        match step.next {
            Next::Ready => {}
            Next::Until(deadline) => rest(shard_loop, Some(deadline), step.blocked),
            Next::Idle => rest(shard_loop, None, step.blocked),
        }
    }
}

/// Comes back when there is, or may be, something to do.
fn rest(shard_loop: &mut ShardLoop<UringWorld>, deadline: Option<Instant>, blocked: bool) {
    // A shard that is to sleep at once looks around once all the same, which takes a microsecond or
    // two and often saves two wake-ups; but not where there is no other shard to hear of, and not
    // with something to hand over, which the call that sleeps does as well.
    let parks = shard_loop.idle().spin() == Some(Duration::ZERO);
    let alone = shard_loop.shard.shards() == 1;
    if !(parks && (alone || shard_loop.world.has_entries())) {
        shard_loop.world.hand_over(&shard_loop.shard);
        if shard_loop.spin(deadline) {
            return;
        }
    }
    if shard_loop.has_input() || !shard_loop.announce() {
        return;
    }
    let timeout = shard_loop.timeout(deadline, blocked);
    shard_loop.world.sleep(&shard_loop.shard, timeout);
    shard_loop.awake();
}

/// Waits for what the kernel still holds: buffers and descriptors are given back with the last
/// completion, not before.
fn finish(shard_loop: &ShardLoop<UringWorld>) {
    let (world, shard) = (&shard_loop.world, &shard_loop.shard);
    let settle = || {
        loop {
            world.complete_io(shard, world.now());
            if world.is_quiet() {
                return;
            }
            if !world.has_input() {
                // The bell, which may ring for nobody, ends a sleep as well; no harm is done.
                world.sleep(shard, None);
            }
        }
    };
    settle();
    world.stop_listening();
    settle();
}
