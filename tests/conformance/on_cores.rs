//! The suite on the production runtime, in each way of idling.

use greenroom::{Builder, IdleStrategy};

use super::actors;

#[test]
fn actors_conform_on_cores() {
    for idle in [IdleStrategy::default(), IdleStrategy::Park, IdleStrategy::Spin] {
        let builder = Builder::new().shards(2).idle(idle);
        let ran = builder.run(async |system| {
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
