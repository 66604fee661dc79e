//! The suite on the production runtime.

use greenroom::{Builder, IdleStrategy};

use super::actors;

#[test]
fn actors_conform_on_cores() {
    for idle in [IdleStrategy::default(), IdleStrategy::Park, IdleStrategy::Spin] {
        let ran = Builder::new().shards(2).idle(idle).run(async |system| {
            for body in actors::ALL {
                // A line per body, so that one that hangs is known by name.
                eprintln!("on cores: {}", body.name);
                (body.run)(system).await;
            }
            Ok(actors::ALL.len())
        });
        assert_eq!(ran.expect("every body passes"), actors::ALL.len());
    }
}

#[test]
fn networks_conform_on_cores() {
    for idle in [IdleStrategy::default(), IdleStrategy::Park] {
        let ran = Builder::new().shards(2).idle(idle).run(async |system| {
            for body in greenroom_net::conformance::ALL {
                eprintln!("on cores: {}", body.name);
                body.run(system).await;
            }
            Ok(())
        });
        ran.expect("every body passes");
    }
}
