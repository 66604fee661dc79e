//! What the bodies share.

use std::future::{Future, poll_fn};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::pin;
use std::task::Poll;

use greenroom_core::hash::mix;
use greenroom_core::spawn_local;

use crate::stream::TcpStream;
use crate::transport::{Receive, Transmit};
use crate::{ServeLimits, Server, TcpListener, serve};

/// Loopback, with a port of the system's choice.
pub(super) fn any_port() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, 0).into()
}

pub(super) async fn listen() -> TcpListener {
    TcpListener::bind(any_port()).await.expect("loopback can be listened on")
}

pub(super) async fn connect(to: SocketAddr) -> TcpStream {
    TcpStream::connect(to).await.expect("a listener can be connected to")
}

/// The two ends of a connection.
pub(super) async fn pair() -> (TcpStream, TcpStream) {
    let mut listener = listen().await;
    let client = spawn_local(connect(listener.local_addr()));
    let (server, peer) = listener.accept().await.expect("a connection is accepted");
    let client = client.await.expect("the connecting task ends");
    assert_eq!(client.local_addr(), peer, "the listener names another peer");
    assert_eq!(client.peer_addr(), listener.local_addr());
    (client, server)
}

/// Sends back what comes, until the peer has ended its side.
pub(super) async fn send_back(mut stream: TcpStream) {
    while let Ok(received) = stream.receive().await {
        if received.is_empty() || stream.send(received.to_vec()).await.is_err() {
            return;
        }
    }
}

pub(super) async fn echo_server(limits: ServeLimits) -> Server {
    serve(listen().await, limits, async |stream, _| send_back(stream).await)
}

/// Receives exactly `count` bytes; the peer must not send more before it hears from this end.
pub(super) async fn receive_exactly(source: &mut impl Receive, count: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(count);
    while bytes.len() < count {
        let chunk = receive(source).await.expect("the stream is received from");
        assert!(!chunk.is_empty(), "the stream ended after {} of {count} bytes", bytes.len());
        bytes.extend_from_slice(&chunk);
    }
    assert_eq!(bytes.len(), count, "more came than was sent");
    bytes
}

/// Receives until the peer has ended its side.
pub(super) async fn receive_to_end(source: &mut impl Receive) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    loop {
        let chunk = receive(source).await?;
        if chunk.is_empty() {
            return Ok(bytes);
        }
        bytes.extend_from_slice(&chunk);
    }
}

pub(super) async fn receive(source: &mut impl Receive) -> io::Result<crate::Buffer> {
    poll_fn(|cx| source.poll_receive(cx)).await
}

/// Sends `text` and expects it back.
pub(super) async fn round_trip<S: Receive + Transmit>(stream: &mut S, text: &str) {
    let spare = stream.send(text.into()).await.expect("the stream is sent to");
    assert!(spare.is_empty(), "the buffer comes back with something in it");
    assert_eq!(receive_exactly(stream, text.len()).await, text.as_bytes());
}

/// Asserts that the peer is gone: its end, or an error that says so.
pub(super) async fn expect_gone(stream: &mut impl Receive) {
    let left = receive_to_end(stream).await;
    if let Ok(bytes) = left {
        assert!(bytes.is_empty(), "{} bytes from a peer that sent none", bytes.len());
    }
}

/// Asserts that nobody listens there.
pub(super) async fn expect_refused(to: SocketAddr) {
    let error = TcpStream::connect(to).await.expect_err("connected to a closed listener");
    assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused, "{error}");
}

/// Polls a future once and drops it.
pub(super) async fn poll_once<T>(future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    poll_fn(|cx| match future.as_mut().poll(cx) {
        Poll::Ready(value) => Poll::Ready(Some(value)),
        Poll::Pending => Poll::Ready(None),
    })
    .await
}

/// Lets other tasks run.
pub(super) async fn yield_now() {
    let mut yielded = false;
    poll_fn(|cx| {
        if yielded {
            return Poll::Ready(());
        }
        yielded = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Bytes that are a function of their place, so that a lost, doubled or moved piece shows.
pub(super) fn pattern(key: u64, range: std::ops::Range<usize>) -> Vec<u8> {
    range.map(|at| (mix(key ^ (at as u64 / 8)) >> (at % 8 * 8)) as u8).collect()
}

/// Asserts that `bytes` stand at `at` in the pattern.
pub(super) fn expect_pattern(key: u64, at: usize, bytes: &[u8]) {
    let expected = pattern(key, at..at + bytes.len());
    let wrong = bytes.iter().zip(&expected).position(|(got, expected)| got != expected);
    assert_eq!(wrong, None, "the bytes from {at} on are not those that were sent there");
}
