//! Unix sockets. Each body has a directory of its own, which is also part of its abstract names.

use std::cell::Cell;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use greenroom_core::io::disk;
use greenroom_core::runtime::DiskRequest;
use greenroom_core::{TaskError, spawn_local, timeout};

use super::support::*;
use crate::{ShutdownSide, UnixAddress, UnixListener, UnixStream};

fn abstract_name(directory: &Path) -> UnixAddress {
    UnixAddress::Abstract(directory.as_os_str().as_encoded_bytes().to_vec())
}

async fn listen_in(directory: &Path) -> UnixListener {
    UnixListener::bind(directory.join("socket")).await.expect("a socket is made")
}

async fn connect(to: &UnixListener) -> UnixStream {
    UnixStream::connect_to(to.local_addr().clone()).await.expect("connected")
}

async fn remove(path: PathBuf) -> io::Result<()> {
    disk(DiskRequest::Remove { path }).await.map(drop)
}

/// The two ends of a connection; the socket's file is gone again.
async fn unix_pair(directory: &Path) -> (UnixStream, UnixStream) {
    let mut listener = listen_in(directory).await;
    let client = connect(&listener).await;
    let (server, peer) = listener.accept().await.expect("a connection is accepted");
    assert_eq!(peer, UnixAddress::Unnamed);
    listener.close().await.expect("closed");
    remove(directory.join("socket")).await.expect("there is a file");
    (client, server)
}

/// What is sent comes back, over a path and over an abstract name.
pub async fn unix_echo(directory: PathBuf) {
    for name in [UnixAddress::Path(directory.join("echo")), abstract_name(&directory)] {
        let mut listener = UnixListener::bind_to(name.clone()).await.expect("a socket is made");
        assert_eq!(listener.local_addr(), &name);
        let server = spawn_local(async move {
            let (mut stream, _) = listener.accept().await.expect("a connection is accepted");
            loop {
                let received = stream.receive().await.expect("received");
                if received.is_empty() {
                    return;
                }
                stream.send(received.to_vec()).await.expect("sent");
            }
        });
        let stream = UnixStream::connect_to(name.clone()).await.expect("connected");
        assert_eq!((stream.peer_addr(), stream.local_addr()), (&name, &UnixAddress::Unnamed));
        let (mut read, mut write) = stream.split();
        for size in [1, 64, 1000, 300_000] {
            let sending = spawn_local(async move {
                write.send(pattern(1, 0..size)).await.expect("sent");
                write
            });
            expect_pattern(1, 0, &receive_exactly(&mut read, size).await);
            write = sending.await.expect("the sending task ends");
        }
        write.shutdown(ShutdownSide::Send).await.expect("the send side is ended");
        assert!(receive_to_end(&mut read).await.expect("received").is_empty());
        server.await.expect("the server ends");
    }
}

/// A closed listener's file stays, and is in the way until it is removed.
pub async fn a_stale_file_is_in_the_way(directory: PathBuf) {
    let path = directory.join("socket");
    let missing = UnixStream::connect(&path).await.expect_err("connected to nothing");
    assert_eq!(missing.kind(), io::ErrorKind::NotFound);
    for _ in 0..2 {
        let listener = listen_in(&directory).await;
        let again = UnixListener::bind(&path).await.expect_err("bound twice");
        assert_eq!(again.kind(), io::ErrorKind::AddrInUse);
        listener.close().await.expect("closed");
        let refused = UnixStream::connect(&path).await.expect_err("connected to nobody");
        assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
        let stale = UnixListener::bind(&path).await.expect_err("bound over a file");
        assert_eq!(stale.kind(), io::ErrorKind::AddrInUse);
        remove(path.clone()).await.expect("there is a file");
    }
    let long = directory.join("x".repeat(200));
    let long = UnixListener::bind(long).await.expect_err("bound to an endless path");
    assert_eq!(long.kind(), io::ErrorKind::InvalidInput);
}

/// An abstract name is gone with its listener.
pub async fn an_abstract_name_is_free_again(directory: PathBuf) {
    let name = abstract_name(&directory);
    for _ in 0..3 {
        let listener = UnixListener::bind_to(name.clone()).await.expect("the name is free");
        let again = UnixListener::bind_to(name.clone()).await.expect_err("bound twice");
        assert_eq!(again.kind(), io::ErrorKind::AddrInUse);
        listener.close().await.expect("closed");
        let refused = UnixStream::connect_to(name.clone()).await.expect_err("nobody is there");
        assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
    }
}

/// As of a TCP stream: a close does not wait for a receive that nobody wants any more.
pub async fn a_busy_unix_stream_closes(directory: PathBuf) {
    let (mut client, mut server) = unix_pair(&directory).await;
    assert!(poll_once(client.receive()).await.is_none(), "received what nobody sent");
    client.close().await.expect("closed");
    expect_gone(&mut server).await;

    let (mut client, mut server) = unix_pair(&directory).await;
    assert!(poll_once(client.receive()).await.is_none(), "received what nobody sent");
    drop(client);
    expect_gone(&mut server).await;

    let (mut client, mut server) = unix_pair(&directory).await;
    let receiving = spawn_local(async move { client.receive().await.map(|chunk| chunk.len()) });
    yield_now().await;
    receiving.abort();
    assert_eq!(receiving.await.map(|_| ()), Err(TaskError::Aborted));
    expect_gone(&mut server).await;
}

/// A connection taken by an accept that was dropped goes to the next one, and is closed when there
/// is none.
pub async fn a_dropped_unix_accept_leaks_nothing(directory: PathBuf) {
    let mut listener = listen_in(&directory).await;
    for _ in 0..4 {
        assert!(poll_once(listener.accept()).await.is_none(), "accepted nobody");
        let mut client = connect(&listener).await;
        let (mut server, _) = listener.accept().await.expect("accepted");
        client.send(b"hello".to_vec()).await.expect("sent");
        assert_eq!(receive_exactly(&mut server, 5).await, b"hello");
    }
    assert!(poll_once(listener.accept()).await.is_none(), "accepted nobody");
    let mut client = connect(&listener).await;
    listener.close().await.expect("closed");
    expect_gone(&mut client).await;
}

/// A peer that does not read makes the sender wait, and nothing is lost when it reads at last; a
/// send that is dropped under way tears the stream.
pub async fn a_slow_unix_reader_holds_the_sender_back(directory: PathBuf) {
    /// More than any transport buffers between two ends.
    const LIMIT: usize = 64 * 1024 * 1024;
    const CHUNK: usize = 64 * 1024;
    let (mut client, mut server) = unix_pair(&directory).await;
    let stop = Rc::new(Cell::new(false));
    let stopped = stop.clone();
    let mut sending = spawn_local(async move {
        let mut sent = 0;
        while sent < LIMIT && !stopped.get() {
            client.send(pattern(4, sent..sent + CHUNK)).await.expect("sent");
            sent += CHUNK;
        }
        client.close().await.expect("closed");
        sent
    });
    // However long this looks, the sender cannot be through.
    let look = timeout(Duration::from_millis(100), &mut sending).await;
    assert!(look.is_err(), "{LIMIT} bytes were sent to a peer that does not read");
    stop.set(true);
    let received = receive_to_end(&mut server).await.expect("received");
    expect_pattern(4, 0, &received);
    assert_eq!(received.len(), sending.await.expect("the sending task ends"));

    let (mut client, mut server) = unix_pair(&directory).await;
    {
        let mut sending = pin!(client.send(vec![b'x'; LIMIT]));
        for _ in 0..4 {
            assert!(poll_once(sending.as_mut()).await.is_none(), "sent to nobody");
            yield_now().await;
        }
    }
    assert!(client.is_torn(), "a dropped send has left no mark");
    client.close().await.expect("closed");
    let left = receive_to_end(&mut server).await;
    assert!(left.map_or(0, |left| left.len()) < LIMIT, "all was received of a dropped send");
}
