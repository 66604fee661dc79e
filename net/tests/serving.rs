//! Servers at their edges.

use std::io;
use std::rc::Rc;
use std::time::Duration;

use greenroom_core::runtime::Clock;
use greenroom_core::{Instant, System, spawn_local};
use greenroom_net::{Drained, ServeLimits, Server, TcpListener, TcpStream, serve};

use crate::loopback::{Loopback, Rig};
use crate::streams::any_port;

const LONG: Duration = Duration::from_secs(3600);

async fn echo_server(limits: ServeLimits) -> Server {
    let listener = TcpListener::bind(any_port()).await.unwrap();
    serve(listener, limits, async |mut stream, _| {
        while let Ok(received) = stream.receive().await {
            if received.is_empty() || stream.send(received.to_vec()).await.is_err() {
                return;
            }
        }
    })
}

async fn echo(stream: &mut TcpStream) {
    stream.send(vec![7]).await.unwrap();
    assert_eq!(*stream.receive().await.unwrap(), [7]);
}

/// Lets `driver`'s accepts fail with those errors, then has one connection served. Returns how
/// long the server waited.
async fn served_after(driver: &Loopback, errors: &[io::ErrorKind]) -> Duration {
    driver.network.borrow_mut().accept_errors.extend(errors);
    let start: Instant = driver.now();
    let server = echo_server(ServeLimits::default()).await;
    let mut stream = TcpStream::connect(server.local_addr()).await.unwrap();
    echo(&mut stream).await;
    let waited = driver.now().saturating_since(start);
    assert_eq!(server.counts().accept_errors, errors.len() as u64);
    assert!(server.accept_error().is_none(), "an error that is over is still told");
    stream.close().await.unwrap();
    server.drain(LONG).await;
    waited
}

/// The connection that could not be taken is still there: an attempt at once would fail at once.
#[test]
fn accepts_that_fail_for_want_of_something_wait_on_the_timer() {
    let rig = Rig::new(1);
    let driver = rig.driver();
    rig.run(async move |_: System| {
        // 5 ms, doubled six times.
        let waited = served_after(&driver, &[io::ErrorKind::Other; 7]).await;
        assert!(waited >= Duration::from_millis(5 * 127), "the server spun: {waited:?}");
        let accepts = driver.network.borrow().accepts;
        assert_eq!(accepts, 8, "failed and successful attempts");
    });
}

#[test]
fn an_accept_that_its_peer_gave_up_is_followed_by_the_next_at_once() {
    let rig = Rig::new(2);
    let driver = rig.driver();
    rig.run(async move |_: System| {
        let waited = served_after(&driver, &[io::ErrorKind::ConnectionAborted; 20]).await;
        assert_eq!(waited, Duration::ZERO);
    });
}

#[test]
fn a_server_that_cannot_accept_says_why_and_can_be_drained() {
    let rig = Rig::new(3);
    let driver = rig.driver();
    rig.run(async move |_: System| {
        driver.network.borrow_mut().accept_errors.push_back(io::ErrorKind::OutOfMemory);
        let limits = ServeLimits { accept_backoff_min: LONG, ..ServeLimits::default() };
        let start = driver.now();
        let server = echo_server(limits).await;
        let mut stream = TcpStream::connect(server.local_addr()).await.unwrap();
        // The drain's own limit is the only thing that could make time pass.
        let draining = server.clone();
        let drain = spawn_local(async move {
            greenroom_core::sleep(Duration::from_secs(1)).await;
            assert_eq!(draining.accept_error().unwrap().kind(), io::ErrorKind::OutOfMemory);
            draining.drain(LONG).await
        });
        assert_eq!(drain.await.unwrap(), Drained { finished: 0, aborted: 0 });
        let waited = driver.now().saturating_since(start);
        assert!(waited < LONG, "the drain waited for the pause");
        // The peer in the backlog was refused.
        assert!(stream.receive().await.map_or(true, |chunk| chunk.is_empty()));
    });
}

#[test]
fn a_full_server_has_no_accept_under_way() {
    for seed in 0..20 {
        let rig = Rig::new(seed);
        let driver = rig.driver();
        let accepting = move |driver: &Rc<Loopback>| driver.network.borrow().is_accepting();
        rig.run(async move |_: System| {
            // None is taken for one.
            let server = echo_server(ServeLimits::connections(0)).await;
            let mut first = TcpStream::connect(server.local_addr()).await.unwrap();
            echo(&mut first).await;
            assert!(!accepting(&driver), "it would take one too many");
            assert_eq!(server.counts().open, 1);
            first.close().await.unwrap();
            let mut second = TcpStream::connect(server.local_addr()).await.unwrap();
            echo(&mut second).await;
            drop(second);
            server.drain(LONG).await;
            assert!(!accepting(&driver), "a drained server accepts");
        });
    }
}

#[test]
fn a_server_outlives_its_handles() {
    Rig::new(4).run(async |_: System| {
        let server = echo_server(ServeLimits::default()).await;
        let address = server.local_addr();
        let kept = server.clone();
        drop(server);
        let mut stream = TcpStream::connect(address).await.unwrap();
        echo(&mut stream).await;
        assert_eq!(kept.counts().open, 1);
        drop(stream);
        kept.drain(LONG).await;
    });
}

/// Each of two drains sees the end, and each connection is told of once by each.
#[test]
fn two_drains_wait_for_the_same_end() {
    Rig::new(5).run(async |_: System| {
        let server = echo_server(ServeLimits::default()).await;
        let mut stream = TcpStream::connect(server.local_addr()).await.unwrap();
        echo(&mut stream).await;
        let (one, two) = (server.clone(), server.clone());
        let one = spawn_local(async move { one.drain(LONG).await });
        let two = spawn_local(async move { two.drain(Duration::from_millis(1)).await });
        let aborted = Drained { finished: 0, aborted: 1 };
        assert_eq!((one.await.unwrap(), two.await.unwrap()), (aborted, aborted));
        assert!(stream.receive().await.map_or(true, |chunk| chunk.is_empty()));
    });
}
