//! Unix sockets within a node.

use std::cell::RefCell;
use std::io::{Error, ErrorKind};
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use greenroom_core::io::{disk, net};
use greenroom_core::runtime::{DiskRequest, NetDone, NetRequest, SocketId, UnixAddress};
use greenroom_core::spawn_local;
use greenroom_testkit::{Campaign, Crash, Fault, Faults, TestRuntime};

use super::files::{NEW, open};
use super::sockets_io::{close, receive, send};

fn path(name: &str) -> UnixAddress {
    UnixAddress::Path(PathBuf::from(name))
}

async fn listen(address: UnixAddress, backlog: u32) -> Result<SocketId, Error> {
    match net(NetRequest::ListenUnix { address, backlog }).await? {
        NetDone::ListeningUnix { listener } => Ok(listener),
        other => panic!("{other:?}"),
    }
}

async fn accept(listener: SocketId) -> SocketId {
    match net(NetRequest::Accept { listener }).await.unwrap() {
        NetDone::AcceptedUnix { stream, peer: UnixAddress::Unnamed } => stream,
        other => panic!("{other:?}"),
    }
}

async fn connect(address: UnixAddress) -> Result<SocketId, Error> {
    match net(NetRequest::ConnectUnix { address }).await? {
        NetDone::ConnectedUnix { stream } => Ok(stream),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_name_is_its_node_s_alone() {
    let name = "sim::unix::a_name_is_its_node_s_alone";
    Campaign::new(name).seeds(50).runtime(|builder, _| builder.nodes(2)).run(|sim| {
        for address in [path("socket"), UnixAddress::Abstract(b"socket".to_vec())] {
            for node in 0..2 {
                let address = address.clone();
                let root = sim.start_on(node, async move |_| {
                    let missing = connect(address.clone()).await.unwrap_err().kind();
                    assert!([ErrorKind::NotFound, ErrorKind::ConnectionRefused].contains(&missing));
                    listen(address, 1).await.unwrap()
                });
                sim.finish(root);
            }
        }
    });
}

#[test]
fn nothing_of_the_network_happens_to_a_unix_socket() {
    let faults = Faults::none()
        .reset_probability(1.0)
        .half_open_probability(1.0)
        .reset_on_close_probability(1.0)
        .partition_probability(1.0);
    // No campaign, which wants each fault to have an effect.
    for seed in 0..50 {
        let mut sim = TestRuntime::builder().seed(seed).faults(faults).build();
        sim.run(async |_| {
            let listener = listen(path("socket"), 8).await.unwrap();
            let server = spawn_local(async move {
                let stream = accept(listener).await;
                let asked = receive(stream).await.unwrap();
                send(stream, &asked).await.unwrap();
                close(stream).await;
            });
            let stream = connect(path("socket")).await.unwrap();
            send(stream, b"x").await.unwrap();
            assert_eq!(receive(stream).await.unwrap(), b"x");
            assert!(receive(stream).await.unwrap().is_empty());
            server.await.unwrap();
        });
        for fault in [Fault::Reset, Fault::HalfOpen, Fault::ResetOnClose, Fault::Partition] {
            assert_eq!(sim.fault_effects(fault), 0, "seed {seed}: {fault:?}");
        }
    }
}

#[test]
fn a_full_backlog_refuses_for_now() {
    let name = "sim::unix::a_full_backlog_refuses_for_now";
    Campaign::new(name).seeds(30).run(|sim| {
        sim.run(async |_| {
            let listener = listen(path("socket"), 2).await.unwrap();
            let mut waiting = Vec::new();
            let full = loop {
                match connect(path("socket")).await {
                    Ok(stream) => waiting.push(stream),
                    Err(error) => break error,
                }
            };
            assert_eq!((full.kind(), waiting.len()), (ErrorKind::WouldBlock, 2));
            accept(listener).await;
            connect(path("socket")).await.unwrap();
        });
    });
}

#[test]
fn files_and_sockets_are_in_each_other_s_way() {
    let name = "sim::unix::files_and_sockets_are_in_each_other_s_way";
    Campaign::new(name).seeds(30).run(|sim| {
        sim.run(async |_| {
            open("file", NEW).await.unwrap();
            let taken = listen(path("file"), 1).await.unwrap_err();
            assert_eq!(taken.kind(), ErrorKind::AddrInUse);
            let no_socket = connect(path("file")).await.unwrap_err();
            assert_eq!(no_socket.kind(), ErrorKind::ConnectionRefused);
        });
    });
}

#[test]
fn a_path_outlives_its_node_s_crash() {
    let name = "sim::unix::a_path_outlives_its_node_s_crash";
    Campaign::new(name).seeds(30).runtime(|builder, _| builder.nodes(2)).run(|sim| {
        let root = sim.start_on(1, async |_| {
            listen(UnixAddress::Abstract(b"name".to_vec()), 1).await.unwrap();
            listen(path("socket"), 1).await.unwrap();
            connect(path("socket")).await.unwrap();
        });
        sim.finish(root);
        let how = if sim.draw(2) == 0 { Crash::Power } else { Crash::Process };
        sim.crash(1, how);
        let wiped = sim.draw(2) == 0;
        if wiped {
            sim.wipe_disk(1);
        }
        sim.restart(1);
        let root = sim.start_on(1, async move |_| {
            listen(UnixAddress::Abstract(b"name".to_vec()), 1).await.unwrap();
            if !wiped {
                let stale = listen(path("socket"), 1).await.unwrap_err();
                assert_eq!(stale.kind(), ErrorKind::AddrInUse);
                disk(DiskRequest::Remove { path: PathBuf::from("socket") }).await.unwrap();
            }
            listen(path("socket"), 1).await.unwrap();
        });
        sim.finish(root);
    });
}

#[test]
fn a_drawn_wipe_takes_a_path_along() {
    let mut sim = TestRuntime::new_with_seed(2);
    let outcomes = Rc::new(RefCell::new(Vec::new()));
    let tells = outcomes.clone();
    sim.boot(0, async move |_| {
        let listens = listen(path("socket"), 1).await;
        tells.borrow_mut().push(listens.err().map(|error| error.kind()));
    });
    sim.advance(Duration::from_secs(1));
    let wipes = Faults::none().wiped_disk_probability(1.0);
    sim.set_faults(wipes.process_kill_probability(1.0).down_time_max(Duration::from_secs(1)));
    drop(sim.start_on(0, async |_| drop(open("file", NEW).await)));
    while !sim.is_down(0) {
        assert!(sim.step());
    }
    sim.set_faults(wipes);
    sim.advance(Duration::from_secs(2));
    assert_eq!(sim.fault_effects(Fault::WipedDisk), 1);
    assert_eq!(*outcomes.borrow(), [None, None]);
}
