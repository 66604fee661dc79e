//! Streams between nodes, and within one.

use std::future::poll_fn;
use std::io::{Error, ErrorKind};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

use greenroom_core::io::net;
use greenroom_core::runtime::{ListenOptions, NetDone, NetRequest, ShutdownSide, SocketId};
use greenroom_core::{ShardId, System};
use greenroom_testkit::{Campaign, TestRuntime};

use super::actors::come_to_rest;

async fn listen(address: &str, reuse_port: bool) -> Result<(SocketId, SocketAddr), Error> {
    let mut options = ListenOptions::new(address.parse().unwrap());
    options.reuse_port = reuse_port;
    match net(NetRequest::Listen(options)).await? {
        NetDone::Listening { listener, local } => Ok((listener, local)),
        other => panic!("{other:?}"),
    }
}

async fn accept(listener: SocketId) -> Result<SocketId, Error> {
    match net(NetRequest::Accept { listener }).await? {
        NetDone::Accepted { stream, .. } => Ok(stream),
        other => panic!("{other:?}"),
    }
}

async fn connect(address: SocketAddr) -> Result<SocketId, Error> {
    match net(NetRequest::Connect { address }).await? {
        NetDone::Connected { stream, .. } => Ok(stream),
        other => panic!("{other:?}"),
    }
}

async fn receive(stream: SocketId, max: usize) -> Result<Vec<u8>, Error> {
    match net(NetRequest::Receive { stream, max }).await? {
        NetDone::Received(bytes) => Ok(bytes.to_vec()),
        other => panic!("{other:?}"),
    }
}

async fn send_all(stream: SocketId, mut data: Vec<u8>) -> Result<(), Error> {
    let mut start = 0;
    while start < data.len() {
        match net(NetRequest::Send { stream, data, start }).await? {
            NetDone::Sent { data: back, written } => {
                assert!(written > 0, "a send that sent nothing");
                data = back;
                start += written;
            }
            other => panic!("{other:?}"),
        }
    }
    Ok(())
}

async fn close(socket: SocketId) {
    net(NetRequest::Close { socket }).await.unwrap();
}

/// Sends back what comes, to the end.
async fn echo(stream: SocketId) {
    loop {
        let bytes = receive(stream, 1000).await.unwrap();
        if bytes.is_empty() {
            break;
        }
        send_all(stream, bytes).await.unwrap();
    }
    net(NetRequest::Shutdown { stream, side: ShutdownSide::Send }).await.unwrap();
    close(stream).await;
}

/// Sends and receives at the same time: with buffers of one byte nothing else gets through.
async fn ask_echo(stream: SocketId, data: Vec<u8>) -> Vec<u8> {
    let sent = data.clone();
    let sender = greenroom_core::spawn_local(async move {
        send_all(stream, sent).await.unwrap();
        net(NetRequest::Shutdown { stream, side: ShutdownSide::Send }).await.unwrap();
    });
    let mut back = Vec::new();
    loop {
        let bytes = receive(stream, 700).await.unwrap();
        if bytes.is_empty() {
            break;
        }
        back.extend(bytes);
    }
    sender.await.unwrap();
    close(stream).await;
    back
}

#[test]
fn bytes_come_back_from_another_node_in_order() {
    let name = "sim::sockets::bytes_come_back_from_another_node_in_order";
    Campaign::new(name).seeds(200).runtime(|builder, _| builder.nodes(2)).run(|sim| {
        let size = 1 + sim.draw(3000) as usize;
        let server = sim.start_on(1, async |_| {
            let (listener, _) = listen("0.0.0.0:80", false).await.unwrap();
            for _ in 0..2 {
                let stream = accept(listener).await.unwrap();
                greenroom_core::spawn_local(echo(stream));
            }
            close(listener).await;
        });
        let client = sim.start_on(0, async move |_| {
            for _ in 0..2 {
                let stream = loop {
                    // The server may not be there yet.
                    match connect("10.0.0.2:80".parse().unwrap()).await {
                        Ok(stream) => break stream,
                        Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionRefused),
                    }
                };
                let data: Vec<u8> = (0..size).map(|n| (n * 7) as u8).collect();
                assert_eq!(ask_echo(stream, data.clone()).await, data);
            }
        });
        sim.finish(client);
        sim.finish(server);
        come_to_rest(sim, 2, 2);
    });
}

#[test]
fn ends_and_errors_are_those_of_tcp() {
    let name = "sim::sockets::ends_and_errors_are_those_of_tcp";
    Campaign::new(name).seeds(200).runtime(|builder, _| builder.nodes(2)).run(|sim| {
        sim.run(async |_| {
            let nobody = connect("10.0.0.1:9".parse().unwrap()).await.unwrap_err();
            assert_eq!(nobody.kind(), ErrorKind::ConnectionRefused);
            let nowhere = connect("10.9.9.9:9".parse().unwrap()).await.unwrap_err();
            assert_eq!(nowhere.kind(), ErrorKind::HostUnreachable);
            let (listener, local) = listen("127.0.0.1:0", false).await.unwrap();
            assert_ne!(local.port(), 0);
            let taken = listen(&local.to_string(), false).await.unwrap_err();
            assert_eq!(taken.kind(), ErrorKind::AddrInUse);
            let elsewhere = listen("10.0.0.2:1", false).await.unwrap_err();
            assert_eq!(elsewhere.kind(), ErrorKind::AddrNotAvailable);

            let (client, server) = (connect(local).await.unwrap(), accept(listener).await.unwrap());
            // A receive under way ends with an error when its socket is closed.
            let waits = greenroom_core::spawn_local(receive(client, 10));
            greenroom_core::sleep(std::time::Duration::from_micros(50)).await;
            close(client).await;
            assert_eq!(waits.await.unwrap().unwrap_err().kind(), ErrorKind::Interrupted);
            // A clean close is an end of stream; sending to it is answered with a reset.
            assert_eq!(receive(server, 10).await.unwrap(), b"");
            let mut sent = 0;
            let error = loop {
                match send_all(server, vec![1]).await {
                    Ok(()) => sent += 1,
                    Err(error) => break error,
                }
                assert!(sent < 100_000, "nobody answers");
            };
            assert_eq!(error.kind(), ErrorKind::BrokenPipe);
            close(server).await;

            // Bytes that nobody read reset the other side.
            let (client, server) = (connect(local).await.unwrap(), accept(listener).await.unwrap());
            send_all(client, vec![1]).await.unwrap();
            while receive_would_wait(server).await {}
            close(server).await;
            let error = loop {
                match receive(client, 1).await {
                    Ok(bytes) => assert!(!bytes.is_empty(), "a clean end"),
                    Err(error) => break error,
                }
            };
            assert_eq!(error.kind(), ErrorKind::ConnectionReset);
            close(client).await;
            close(listener).await;
            let gone = accept(listener).await.unwrap_err();
            assert_eq!(gone.kind(), ErrorKind::InvalidInput);
        });
        come_to_rest(sim, 2, 2);
    });
}

/// Whether nothing has arrived: there is no peeking, so time is given until it must have.
async fn receive_would_wait(_: SocketId) -> bool {
    greenroom_core::sleep(std::time::Duration::from_secs(60)).await;
    false
}

#[test]
fn a_receive_given_up_may_still_have_taken_its_bytes() {
    let name = "sim::sockets::a_receive_given_up_may_still_have_taken_its_bytes";
    let raced = std::sync::Mutex::new([false; 2]);
    let summary = Campaign::new(name).seeds(100).run(|sim| {
        let kept = sim.run(async |_| {
            let (listener, local) = listen("127.0.0.1:0", false).await.unwrap();
            let (client, server) = (connect(local).await.unwrap(), accept(listener).await.unwrap());
            let waits = net(NetRequest::Receive { stream: server, max: 1 });
            send_all(client, vec![9]).await.unwrap();
            // The cancel may come before the byte, or after it.
            drop(waits);
            // With a buffer of one byte this waits until the first is taken.
            let second = greenroom_core::spawn_local(send_all(client, vec![8]));
            let next = receive(server, 1).await.unwrap()[0];
            second.await.unwrap().unwrap();
            for socket in [client, server, listener] {
                close(socket).await;
            }
            next == 9
        });
        raced.lock().unwrap()[usize::from(kept)] = true;
        come_to_rest(sim, 1, 2);
    });
    if !summary.is_whole() {
        return;
    }
    assert_eq!(raced.into_inner().unwrap(), [true; 2], "the race has one winner only");
}

/// Counts the connections that its shard accepts.
async fn count_connections(address: &'static str) -> u32 {
    let (listener, _) = listen(address, true).await.unwrap();
    let mut count = 0;
    loop {
        let stream = accept(listener).await.unwrap();
        let word = receive(stream, 1).await.unwrap();
        close(stream).await;
        if word == b"q" {
            close(listener).await;
            return count;
        }
        count += 1;
    }
}

#[test]
fn listeners_that_share_a_port_share_its_connections() {
    let mut sim: TestRuntime = TestRuntime::builder().seed(8).shards(3).build();
    let counts = sim.run(async |system: System| {
        let address = "0.0.0.0:70";
        let servers: Vec<_> = (0..3)
            .map(|shard| {
                system
                    .handle()
                    .run_on(ShardId(shard), async move |_| count_connections(address).await)
            })
            .collect();
        greenroom_core::sleep(std::time::Duration::from_secs(1)).await;
        let target: SocketAddr = "127.0.0.1:70".parse().unwrap();
        for _ in 0..60 {
            let stream = connect(target).await.unwrap();
            send_all(stream, b"x".to_vec()).await.unwrap();
            assert_eq!(receive(stream, 1).await.unwrap(), b"");
            close(stream).await;
        }
        let mut quits = 0;
        while quits < 3 {
            let stream = connect(target).await.unwrap();
            send_all(stream, b"q".to_vec()).await.unwrap();
            assert_eq!(receive(stream, 1).await.unwrap(), b"");
            close(stream).await;
            quits += 1;
        }
        let mut counts = Vec::new();
        for server in servers {
            counts.push(server.await.unwrap());
        }
        counts
    });
    assert_eq!(counts.iter().sum::<u32>(), 60);
    assert!(counts.iter().all(|&count| count > 5), "one shard got nearly nothing: {counts:?}");
}

/// Drivers may know at once what an operation comes to. In some runs they do, in others never, and
/// in each of them the peer hears the same.
#[test]
fn operations_are_over_when_they_are_asked_for_or_later() {
    /// Rounds of a send and of a receive that has nothing yet.
    const ROUNDS: u8 = 20;
    let campaign =
        Campaign::new("sim::sockets::operations_are_over_when_they_are_asked_for_or_later");
    let told = [const { AtomicUsize::new(0) }; 3];
    campaign.seeds(40).runtime(|builder, _| builder.nodes(2).shards(1)).run(|sim| {
        let address = SocketAddr::from(([10, 0, 0, 2], 80));
        drop(sim.start_on(1, async move |_| {
            let (listener, _) = listen("0.0.0.0:80", false).await.unwrap();
            echo(accept(listener).await.unwrap()).await;
            close(listener).await;
        }));
        sim.run_until_idle();
        let (known, asked) = sim.run(async move |_| {
            let stream = connect(address).await.unwrap();
            let mut known = 0;
            for round in 0..ROUNDS {
                let mut sending = Box::pin(send_all(stream, vec![round]));
                match poll_fn(|cx| Poll::Ready(sending.as_mut().poll(cx))).await {
                    Poll::Ready(sent) => {
                        sent.unwrap();
                        known += 1;
                    }
                    Poll::Pending => sending.await.unwrap(),
                }
                assert_eq!(receive(stream, 10).await.unwrap(), [round]);
            }
            close(stream).await;
            (known, usize::from(ROUNDS))
        });
        for (told, count) in told.iter().zip([known, asked - known, usize::from(known == 0)]) {
            told.fetch_add(count, Ordering::Relaxed);
        }
    });
    let told = told.map(AtomicUsize::into_inner);
    assert!(told.iter().all(|&count| count > 0), "at once, later, in so many runs never: {told:?}");
}
