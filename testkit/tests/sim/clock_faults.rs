//! Clocks that are off, and timers that are late.

use std::time::Duration;

use greenroom_core::runtime::Wall;
use greenroom_core::{Actor, Context, Flow, Instant, Placement, Reply, sleep};
use greenroom_testkit::{Campaign, Fault, Faults, Shift, TestRuntime};

const SECOND: Duration = Duration::from_secs(1);

/// Both clocks of a node, read by a program.
fn read(sim: &mut TestRuntime, node: u16) -> (Duration, Instant) {
    let reads = sim.start_on(node, async |system| (system.wall().0, system.now()));
    sim.finish(reads)
}

/// What a wall clock shows in the instant of the run's beginning.
fn origin((wall, now): (Duration, Instant)) -> Duration {
    wall - Duration::from_nanos(now.as_nanos())
}

#[test]
fn a_wall_clock_is_off_and_jumps_while_the_monotonic_clock_goes_on() {
    let mut sim = TestRuntime::builder().seed(5).nodes(2).build();
    let right = origin((sim.wall().0, sim.now()));
    assert_eq!(origin(read(&mut sim, 0)), right);
    sim.skew_clock(1, Shift::Back(5 * SECOND));
    assert_eq!(origin(read(&mut sim, 1)), right - 5 * SECOND);
    assert_eq!((sim.fault_effects(Fault::ClockSkew), sim.fault_effects(Fault::ClockStep)), (1, 0));
    sim.skew_clock(1, Shift::Forward(Duration::ZERO));
    for (by, after) in [
        (Shift::Forward(9 * SECOND), right + 9 * SECOND),
        (Shift::Back(10 * SECOND), right - SECOND),
    ] {
        let (_, before) = read(&mut sim, 1);
        sim.step_clock(1, by);
        let steps = sim.fault_effects(Fault::ClockStep);
        let (wall, now) = read(&mut sim, 1);
        assert!(now >= before && now - before < SECOND, "the monotonic clock jumped");
        assert_eq!(origin((wall, now)), after);
        assert_eq!(sim.fault_effects(Fault::ClockStep), steps + 1);
        assert_eq!(origin(read(&mut sim, 1)), after, "it jumped again");
        assert_eq!(sim.fault_effects(Fault::ClockStep), steps + 1, "nothing new was seen");
    }
    assert_eq!(origin(read(&mut sim, 0)), right, "the other node is right");
}

/// A node's wall clock, read between two turns.
fn wall(sim: &mut TestRuntime, node: u16) -> Duration {
    let system = sim.system(node);
    sim.on(node, 0, || system.wall().0)
}

#[test]
fn a_jump_that_nobody_could_see_has_no_effect() {
    let mut sim = TestRuntime::new_with_seed(6);
    sim.step_clock(0, Shift::Back(SECOND));
    assert_eq!(wall(&mut sim, 0), sim.wall().0 - SECOND);
    assert_eq!(sim.fault_effects(Fault::ClockStep), 0, "it was never read before");
}

#[test]
fn a_leap_second_comes_twice() {
    let day = 86_400;
    let mut sim = TestRuntime::new_with_seed(7);
    sim.leap_second(0);
    let left = day - wall(&mut sim, 0).as_secs() % day;
    sim.advance(Duration::from_secs(left) - SECOND);
    let before = wall(&mut sim, 0);
    sim.advance(SECOND);
    assert_eq!(wall(&mut sim, 0), before, "the last second of the day was not repeated");
    sim.advance(SECOND);
    assert_eq!(wall(&mut sim, 0), before + SECOND);
    assert_eq!(sim.fault_effects(Fault::ClockStep), 1);
}

#[test]
fn timers_go_by_a_clock_that_drifts() {
    let name = "sim::clock_faults::timers_go_by_a_clock_that_drifts";
    Campaign::new(name).seeds(40).runtime(|builder, _| builder.nodes(2)).run(|sim| {
        let parts = [250_000, -200_000][sim.draw(2) as usize];
        let begun = sim.now();
        let sleeper = sim.start_on(1, async move |system| {
            let before = (system.now(), system.wall().0);
            sleep(100 * SECOND).await;
            (system.now() - before.0, system.wall().0 - before.1)
        });
        // In the middle of the sleep.
        sim.advance(50 * SECOND);
        sim.drift_clock(1, parts);
        let (slept, on_the_wall) = sim.finish(sleeper);
        assert!(slept >= 100 * SECOND && slept < 101 * SECOND, "by its own clock: {slept:?}");
        assert!(on_the_wall >= 100 * SECOND && on_the_wall < 101 * SECOND, "{on_the_wall:?}");
        let passed = sim.now() - begun;
        let expected = if parts > 0 { 90 * SECOND } else { Duration::from_millis(112_500) };
        assert!(passed >= expected && passed < expected + SECOND, "{parts}: {passed:?}");
        assert!(sim.fault_effects(Fault::ClockDrift) > 0);
        // All of it under the drift.
        let begun = sim.now();
        let sleeper = sim.start_on(1, async |_| sleep(100 * SECOND).await);
        sim.finish(sleeper);
        let (passed, expected) = (sim.now() - begun, if parts > 0 { 80 } else { 125 } * SECOND);
        assert!(passed >= expected && passed < expected + SECOND, "{parts}: {passed:?}");
        sim.drift_clock(1, 0);
        let (now, own) = (sim.now(), wall(sim, 1));
        sim.advance(100 * SECOND);
        assert_eq!(wall(sim, 1) - own, sim.now() - now, "it still drifts");
    });
}

/// Reads both clocks.
struct Reader;

impl Actor for Reader {
    type Message = Reply<(Wall, Instant)>;

    async fn handle(&mut self, reply: Self::Message, ctx: &Context<Self>) -> Flow {
        reply.send((ctx.wall(), ctx.now()));
        Flow::Continue
    }
}

#[test]
fn drawn_clocks_are_off_within_bounds_and_the_monotonic_one_never_goes_back() {
    let name = "sim::clock_faults::\
        drawn_clocks_are_off_within_bounds_and_the_monotonic_one_never_goes_back";
    let faults = Faults::none()
        .clock_skew_probability(0.5)
        .clock_drift_probability(0.5)
        .clock_step_probability(0.05)
        .clock_drift_max(1000)
        .clock_step_max(SECOND);
    Campaign::new(name).seeds(60).runtime(move |builder, _| builder.faults(faults)).run(|sim| {
        let (right, begun) = (sim.wall().0, sim.now());
        let readings = sim.run(async |system| {
            let reader = system.spawn(Placement::Shard(1), || Reader).await.unwrap();
            let mut readings = Vec::new();
            for _ in 0..40 {
                readings.push(reader.call(|reply| reply).await.unwrap());
                sleep(SECOND).await;
            }
            readings
        });
        assert!(readings.is_sorted_by_key(|&(_, mono)| mono), "a monotonic clock went back");
        let (mut steps, mut differences) = (0, 0);
        for pair in readings.windows(2) {
            let (wall, mono) = (pair[1].0.0, pair[1].1 - pair[0].1);
            let expected = pair[0].0.0 + mono;
            steps += u64::from(wall.abs_diff(expected) > Duration::from_micros(1));
            // A jump may be as small as what is rounded.
            differences += u64::from(wall != expected);
            assert!(wall.abs_diff(expected) <= 2 * SECOND, "a jump of {wall:?} to {expected:?}");
        }
        let counted = sim.fault_effects(Fault::ClockStep);
        let show = steps..=differences;
        assert!(show.contains(&counted), "{show:?} steps show, {counted} count");
        if sim.fault_effects(Fault::ClockStep) == 0 {
            let off = readings[39].0.0.abs_diff(right + (sim.now() - begun));
            assert!(off < 3 * SECOND, "off by {off:?}");
        }
    });
}

#[test]
fn late_timers_are_late_and_never_early() {
    let name = "sim::clock_faults::late_timers_are_late_and_never_early";
    let faults = Faults::none().late_timer_probability(0.3).late_timer_max(10 * SECOND);
    let late = std::sync::atomic::AtomicU64::new(0);
    let summary = Campaign::new(name)
        .seeds(40)
        .runtime(move |builder, _| builder.faults(faults))
        .run(|sim| {
            let far = sim.run(async |system| {
                let mut far = 0;
                for _ in 0..20 {
                    let before = system.now();
                    sleep(SECOND).await;
                    let slept = system.now() - before;
                    assert!(slept >= SECOND, "early");
                    assert!(slept < 12 * SECOND, "later than may be: {slept:?}");
                    far += u64::from(slept > SECOND + Duration::from_millis(20));
                }
                far
            });
            assert!(far <= sim.fault_effects(Fault::LateTimer), "late without the fault");
            late.fetch_add(far, std::sync::atomic::Ordering::Relaxed);
        });
    if !summary.is_whole() {
        return;
    }
    assert!(late.into_inner() > 0, "none was late");
}
