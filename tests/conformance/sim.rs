//! The suite in the simulator.

use greenroom_testkit::Campaign;

use super::actors;

/// Seeds of each body, unless `SIM_SEEDS` says otherwise.
const SEEDS: u64 = 20;

#[test]
fn sim_actors_conform() {
    for body in actors::ALL {
        let name = format!("conformance::sim::sim_actors_conform {}", body.name);
        let campaign = Campaign::new(name).seeds(SEEDS).runtime(|builder, _| builder.shards(2));
        campaign.run(|sim| {
            let run = body.run;
            sim.run(async move |system| run(system).await);
        });
    }
}

#[test]
fn sim_networks_conform() {
    for body in greenroom_net::conformance::ALL {
        let name = format!("conformance::sim::sim_networks_conform {}", body.name);
        let campaign = Campaign::new(name).seeds(SEEDS).runtime(|builder, _| builder.shards(2));
        campaign.run(|sim| {
            let body = *body;
            sim.run(async move |system| body.run(system).await);
        });
    }
}
