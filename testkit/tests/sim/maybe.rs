//! What is planned to be unlikely.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};

use greenroom_core::{Actor, Context, Flow, Placement, Reply, maybe};
use greenroom_testkit::{Campaign, MaybeSite, TestRuntime};

use super::actors::is_whole;

/// Counts how often its sites fired.
#[derive(Default)]
struct Doubter {
    often: u64,
    seldom: u64,
}

enum Doubt {
    Ask,
    Read(Reply<(u64, u64)>),
}

impl Actor for Doubter {
    type Message = Doubt;

    async fn handle(&mut self, message: Doubt, _: &Context<Self>) -> Flow {
        match message {
            Doubt::Ask => {
                self.often += u64::from(maybe!("often", 0.5));
                self.seldom += u64::from(maybe!("seldom", 0.05));
                assert!(!maybe!("never", 0.0), "a site that fires with probability 0");
            }
            Doubt::Read(reply) => reply.send((self.often, self.seldom)),
        }
        Flow::Continue
    }
}

const ASKED: u32 = 100;

fn ask(sim: &mut TestRuntime) -> (u64, u64) {
    sim.run(async |system| {
        let doubter = system.spawn(Placement::Shard(1), Doubter::default).await.unwrap();
        for _ in 0..ASKED {
            doubter.send(Doubt::Ask).await.unwrap();
        }
        doubter.call(Doubt::Read).await.unwrap()
    })
}

fn site<'a>(sites: &'a [MaybeSite], name: &str) -> &'a MaybeSite {
    sites.iter().find(|site| site.name == name).expect("the site was met")
}

#[test]
fn a_site_is_active_under_one_seed_in_four_and_fires_at_its_probability() {
    let (mut active, mut both, mut fired) = (0, 0, 0);
    for seed in 0..400 {
        let mut sim = TestRuntime::builder().seed(seed).build();
        let (often, seldom) = ask(&mut sim);
        let sites = sim.maybe_sites();
        assert_eq!(sites.len(), 3, "{sites:?}");
        assert_eq!((site(&sites, "often").fired, site(&sites, "seldom").fired), (often, seldom));
        assert!(site(&sites, "often").active || often == 0, "an inactive site fired: {sites:?}");
        active += u32::from(site(&sites, "often").active);
        both += u32::from(site(&sites, "often").active && site(&sites, "seldom").active);
        fired += often;
    }
    // Seeds are fixed, so these are what they are; the margins are for changes of the draws.
    assert!((60..=140).contains(&active), "active under {active} of 400 seeds");
    assert!((5..=60).contains(&both), "two sites are active together under {both} of 400 seeds");
    let expected = u64::from(active * ASKED / 2);
    assert!((expected * 9 / 10..=expected * 11 / 10).contains(&fired), "{fired} of {expected}");
}

#[test]
fn a_site_fires_again_when_the_run_is_made_again() {
    for seed in 0..40 {
        let mut sim = TestRuntime::builder().seed(seed).log_decisions(true).build();
        let fired = ask(&mut sim);
        let mut again = TestRuntime::builder().replay(sim.decision_log()).build();
        assert_eq!(ask(&mut again), fired);
        assert_eq!(again.trace_hash(), sim.trace_hash());
        assert!(!again.drift().unwrap().any());
    }
}

fn message_of(run: impl FnOnce()) -> Option<String> {
    let payload = catch_unwind(AssertUnwindSafe(run)).err()?;
    payload.downcast_ref::<String>().cloned()
}

#[test]
fn a_site_that_is_active_and_never_fires_fails_only_if_asked() {
    if !is_whole(40) {
        // Fewer seeds than the campaign's own are no reason to complain.
        return;
    }
    let name = "sim::maybe::a_site_that_is_active_and_never_fires_fails_only_if_asked";
    let campaign = || Campaign::new(name).seeds(40);
    let all = AtomicU64::new(0);
    let body = |sim: &mut TestRuntime| {
        all.fetch_add(ask(sim).0, Ordering::Relaxed);
    };
    campaign().run(body);
    assert!(all.load(Ordering::Relaxed) > 0);
    let fails = || drop(campaign().sites_must_fire().run(body));
    let said = message_of(fails).expect("it must fail");
    assert!(said.contains("active and never fired: [\"never\"]"), "{said}");
}

#[test]
fn what_is_no_probability_is_refused() {
    let refused = message_of(|| {
        let mut sim = TestRuntime::new_with_seed(1);
        sim.on(0, 0, || maybe!("a site", 1.5));
    });
    assert!(refused.expect("1.5").contains("1.5 is no probability"));
}
