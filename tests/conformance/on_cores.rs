//! The suite on the production runtime, on each of its drivers.

use greenroom::{Builder, Driver, IdleStrategy};

use super::{actors, blocking, durable, files};

#[test]
fn actors_conform_on_cores() {
    for driver in Driver::ALL {
        for idle in [IdleStrategy::default(), IdleStrategy::Park, IdleStrategy::Spin] {
            let builder = Builder::new().driver(*driver).shards(2).idle(idle);
            let ran = builder.run(async move |system| {
                for body in actors::ALL {
                    // A line per body, so that one that hangs is known by name.
                    eprintln!("on cores, {driver}: {}", body.name);
                    (body.run)(system).await;
                }
                Ok(actors::ALL.len())
            });
            assert_eq!(ran.expect("every body passes"), actors::ALL.len());
        }
    }
}

#[test]
fn what_blocks_conforms_on_cores() {
    for driver in Driver::ALL {
        for idle in [IdleStrategy::default(), IdleStrategy::Park] {
            let builder = Builder::new().driver(*driver).shards(2).idle(idle);
            let ran = builder.run(async move |system| {
                for body in blocking::ALL {
                    eprintln!("on cores, {driver}: {}", body.name);
                    (body.run)(system).await;
                }
                Ok(())
            });
            ran.expect("every body passes");
        }
    }
}

#[test]
fn networks_conform_on_cores() {
    for driver in Driver::ALL {
        for idle in [IdleStrategy::default(), IdleStrategy::Park] {
            let builder = Builder::new().driver(*driver).shards(2).idle(idle);
            let ran = builder.run(async move |system| {
                for body in greenroom_net::conformance::ALL {
                    eprintln!("on cores, {driver}: {}", body.name);
                    body.run(system).await;
                }
                Ok(())
            });
            ran.expect("every body passes");
        }
    }
}

#[test]
fn datagrams_conform_on_cores() {
    for driver in Driver::ALL {
        for idle in [IdleStrategy::default(), IdleStrategy::Park] {
            let builder = Builder::new().driver(*driver).shards(2).idle(idle);
            let ran = builder.run(async move |system| {
                for body in greenroom_net::conformance::DATAGRAMS {
                    eprintln!("on cores, {driver}: {}", body.name);
                    body.run(system).await;
                }
                Ok(())
            });
            ran.expect("every body passes");
        }
    }
}

#[test]
fn unix_sockets_conform_on_cores() {
    let name = format!("greenroom-unix-{}", std::process::id());
    let scratch = std::env::temp_dir().join(name);
    for driver in Driver::ALL {
        for idle in [IdleStrategy::default(), IdleStrategy::Park] {
            for body in greenroom_net::conformance::UNIX {
                eprintln!("on cores, {driver}: {}", body.name);
                std::fs::create_dir(&scratch).expect("a directory of its own");
                let directory = scratch.clone();
                let builder = Builder::new().driver(*driver).shards(2).idle(idle);
                let ran = builder.run(async move |_| {
                    body.run(directory).await;
                    Ok(())
                });
                std::fs::remove_dir_all(&scratch).expect("the directory is there");
                ran.expect("every body passes");
            }
        }
    }
}

#[test]
fn files_conform_on_cores() {
    let name = format!("greenroom-conformance-{}", std::process::id());
    let scratch = std::env::temp_dir().join(name);
    for driver in Driver::ALL {
        for idle in [IdleStrategy::default(), IdleStrategy::Park, IdleStrategy::Spin] {
            for body in files::ALL.iter().chain(durable::ALL) {
                eprintln!("on cores, {driver}: {}", body.name);
                std::fs::create_dir(&scratch).expect("a directory of its own");
                let dir = scratch.clone();
                let builder = Builder::new().driver(*driver).shards(2).idle(idle);
                let ran = builder.run(async move |_| {
                    (body.run)(dir).await;
                    Ok(())
                });
                std::fs::remove_dir_all(&scratch).expect("the directory is there");
                ran.expect("every body passes");
            }
        }
    }
}
