//! Streams and listeners at their edges.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use futures_lite::future::block_on;
use greenroom_core::{System, spawn_local};
use greenroom_net::{ListenOptions, TcpListener, TcpStream};

use crate::loopback::Rig;

pub(crate) fn any_port() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, 0).into()
}

pub(crate) async fn pair() -> (TcpStream, TcpStream) {
    let mut listener = TcpListener::bind(any_port()).await.unwrap();
    let client = spawn_local(TcpStream::connect(listener.local_addr()));
    let (server, _) = listener.accept().await.unwrap();
    (client.await.unwrap().unwrap(), server)
}

#[test]
fn a_host_is_tried_address_by_address() {
    let rig = Rig::new(1);
    let driver = rig.driver();
    rig.run(async move |_: System| {
        let closed = TcpListener::bind(any_port()).await.unwrap();
        let nobody = closed.local_addr();
        closed.close().await.unwrap();
        let listener = TcpListener::bind(any_port()).await.unwrap();
        let somebody = listener.local_addr();
        let host = |name: &str, addresses: &[SocketAddr]| {
            driver.hosts.borrow_mut().insert(name.to_owned(), addresses.to_vec());
        };
        host("alive.test", &[nobody, somebody, nobody]);
        host("dead.test", &[nobody, nobody]);

        let stream = TcpStream::connect("alive.test:1").await.unwrap();
        assert_eq!(stream.peer_addr(), somebody);
        let kind = async |name: &str| TcpStream::connect(name).await.unwrap_err().kind();
        assert_eq!(kind("dead.test:1").await, io::ErrorKind::ConnectionRefused);
        assert_eq!(kind("unknown.test:1").await, io::ErrorKind::NotFound);
    });
}

#[test]
fn an_address_is_taken_until_its_listener_has_closed() {
    Rig::new(2).run(async |_: System| {
        let listener = TcpListener::bind(any_port()).await.unwrap();
        let options = ListenOptions { backlog: 1, ..ListenOptions::new(listener.local_addr()) };
        let taken = TcpListener::bind_with(options.clone()).await.unwrap_err();
        assert_eq!(taken.kind(), io::ErrorKind::AddrInUse);
        listener.close().await.unwrap();
        TcpListener::bind_with(options).await.unwrap();
    });
}

#[test]
fn an_accept_that_fails_leaves_its_listener_standing() {
    let rig = Rig::new(3);
    rig.network(|network| network.accept_errors.push_back(io::ErrorKind::OutOfMemory));
    rig.run(async |_: System| {
        let mut listener = TcpListener::bind(any_port()).await.unwrap();
        let client = TcpStream::connect(listener.local_addr()).await.unwrap();
        let error = listener.accept().await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::OutOfMemory);
        let (_, peer) = listener.accept().await.unwrap();
        assert_eq!(peer, client.local_addr());
    });
}

#[test]
fn a_send_that_fails_tears_its_stream() {
    Rig::new(4).run(async |_: System| {
        let (mut client, server) = pair().await;
        server.close().await.unwrap();
        let error = client.send(vec![1; 10]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
        assert!(client.is_torn());
        assert_eq!(client.send(vec![1]).await.unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    });
}

#[test]
fn the_buffer_that_comes_back_is_the_one_that_was_given() {
    for seed in 0..10 {
        Rig::new(seed).run(async |_: System| {
            let (mut client, mut server) = pair().await;
            let data = vec![7; 500];
            let (at, capacity) = (data.as_ptr(), data.capacity());
            let spare = client.send(data).await.unwrap();
            assert_eq!((spare.as_ptr(), spare.capacity()), (at, capacity));
            server.receive().await.unwrap();
        });
    }
}

#[test]
fn nothing_works_outside_a_shard() {
    let error = block_on(TcpListener::bind(any_port())).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::NotConnected);
    let error = block_on(TcpStream::connect(any_port())).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::NotConnected);
}

/// A socket's number means something on its own shard only: elsewhere it names another socket.
#[test]
fn a_stream_does_nothing_on_another_shard() {
    let (home, away) = (Rig::new(5), Rig::new(6));
    let (mut client, server) = home.run_only(async |_: System| pair().await);
    away.run(async move |_: System| {
        let (mut other_client, mut other_server) = pair().await;
        for error in [
            client.receive().await.unwrap_err(),
            client.send(vec![1]).await.unwrap_err(),
            client.shutdown(greenroom_net::ShutdownSide::Both).await.unwrap_err(),
            client.close().await.unwrap_err(),
        ] {
            assert_eq!(error.kind(), io::ErrorKind::NotConnected);
        }
        drop(server);
        // The sockets of the same numbers here are as they were.
        other_client.send(vec![7]).await.unwrap();
        assert_eq!(*other_server.receive().await.unwrap(), [7]);
    });
    assert_eq!(home.network(|network| network.sockets()), 2, "closed from another shard");
}
