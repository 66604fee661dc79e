//! Connections that behave.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::time::Duration;

use futures_io::{AsyncRead, AsyncWrite};
use greenroom_core::{System, spawn_local};

use super::support::*;
use crate::stream::TcpStream;
use crate::{ServeLimits, ShutdownSide};

/// What is sent comes back, whatever its size.
pub async fn echo(_: System) {
    let server = echo_server(ServeLimits::default()).await;
    let mut stream = connect(server.local_addr()).await;
    for size in [1, 2, 64, 1000, 16 * 1024, 100_000] {
        let (mut read, mut write) = stream.split();
        let sending = spawn_local(async move {
            let spare = write.send(pattern(1, 0..size)).await.expect("sent");
            assert!(spare.is_empty() && spare.capacity() >= size, "the buffer does not come back");
            write
        });
        let bytes = receive_exactly(&mut read, size).await;
        expect_pattern(1, 0, &bytes);
        let write = sending.await.expect("the sending task ends");
        stream = read.reunite(write).expect("two halves of one stream");
    }
    // Nothing to send is sent at once.
    stream.send(Vec::new()).await.expect("an empty send succeeds");
    // By name as by address.
    let mut second = TcpStream::connect(server.local_addr().to_string()).await.expect("connected");
    round_trip(&mut second, "by text").await;
    round_trip(&mut stream, "and the first still stands").await;
    stream.close().await.expect("closed");
    second.close().await.expect("closed");
    let drained = server.drain(Duration::from_secs(60)).await;
    assert_eq!(drained.aborted, 0);
    let counts = server.counts();
    assert_eq!((counts.accepted, counts.finished, counts.open), (2, 2, 0));
}

/// One side may end while the other goes on.
pub async fn half_close(_: System) {
    let (mut client, mut server) = pair().await;
    client.send(b"question".to_vec()).await.expect("sent");
    client.shutdown(ShutdownSide::Send).await.expect("the send side is ended");
    let refused = client.send(b"more".to_vec()).await.expect_err("sent after the end");
    assert_eq!(refused.kind(), io::ErrorKind::BrokenPipe);
    assert!(!client.is_torn(), "a refused send has torn nothing");

    assert_eq!(receive_to_end(&mut server).await.expect("received"), b"question");
    assert!(receive(&mut server).await.expect("received").is_empty(), "the end is not for once");
    server.send(b"answer".to_vec()).await.expect("the other direction still works");
    server.close().await.expect("closed");
    assert_eq!(receive_to_end(&mut client).await.expect("received"), b"answer");
}

/// A write half that is dropped ends its side; the connection ends with the last half.
pub async fn halves_end_one_by_one(_: System) {
    let (client, mut server) = pair().await;
    let (mut read, mut write) = client.split();
    let reading =
        spawn_local(async move { receive_to_end(&mut read).await.map(|all| (all, read)) });
    write.send(b"question".to_vec()).await.expect("sent");
    drop(write);
    assert_eq!(receive_to_end(&mut server).await.expect("received"), b"question");
    server.send(b"answer".to_vec()).await.expect("the other half receives");
    server.shutdown(ShutdownSide::Send).await.expect("the send side is ended");
    let (answer, read) = reading.await.expect("the reading task ends").expect("received");
    assert_eq!(answer, b"answer");
    drop(read);

    let (client, mut server) = pair().await;
    let (read, mut write) = client.split();
    drop(read);
    write.send(b"still".to_vec()).await.expect("the other half sends");
    drop(write);
    assert_eq!(receive_to_end(&mut server).await.expect("received"), b"still");

    // Halves of different streams are no stream.
    let (one, _one) = pair().await;
    let (two, _two) = pair().await;
    let ((read_one, write_one), (read_two, write_two)) = (one.split(), two.split());
    let (read_one, write_two) = read_one.reunite(write_two).expect_err("a stream of two");
    read_one.reunite(write_one).expect("a stream");
    read_two.reunite(write_two).expect("a stream");
}

/// Nobody listens: the connect fails, at once and again.
pub async fn connect_refused(_: System) {
    let listener = listen().await;
    let address = listener.local_addr();
    listener.close().await.expect("closed");
    expect_refused(address).await;
    expect_refused(address).await;

    let nonsense = TcpStream::connect("no target").await.expect_err("connected to nothing");
    assert_eq!(nonsense.kind(), io::ErrorKind::InvalidInput);
}

/// The poll-style adapters carry what the streams carry.
pub async fn poll_style_echo(_: System) {
    const SIZE: usize = 200_000;
    let server = echo_server(ServeLimits::default()).await;
    let (mut reader, mut writer) = connect(server.local_addr()).await.into_poll().split();
    let writing = spawn_local(async move {
        let bytes = pattern(2, 0..SIZE);
        let mut written = 0;
        while written < SIZE {
            let rest = &bytes[written..];
            let took = poll_fn(|cx| Pin::new(&mut writer).poll_write(cx, rest)).await;
            let took = took.expect("written");
            assert!(took > 0 && took <= rest.len(), "wrote {took} of {}", rest.len());
            written += took;
        }
        poll_fn(|cx| Pin::new(&mut writer).poll_flush(cx)).await.expect("flushed");
        poll_fn(|cx| Pin::new(&mut writer).poll_close(cx)).await.expect("closed");
        poll_fn(|cx| Pin::new(&mut writer).poll_close(cx)).await.expect("closed again");
    });
    let mut bytes = Vec::new();
    let mut piece = [0; 1500];
    loop {
        let read = poll_fn(|cx| Pin::new(&mut reader).poll_read(cx, &mut piece)).await;
        match read.expect("read") {
            0 => break,
            count => bytes.extend_from_slice(&piece[..count]),
        }
    }
    assert_eq!(bytes.len(), SIZE);
    expect_pattern(2, 0, &bytes);
    writing.await.expect("the writing task ends");
    server.drain(Duration::from_secs(60)).await;
}
