//! Sockets: what their operations promise, and that none leaks.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};

use greenroom_core::runtime::{Buffer, ListenOptions, NetDone, NetRequest, ShutdownSide, SocketId};
use greenroom_core::{Result, io, spawn_local};

use greenroom_shard::Driver;

use crate::common::{alone, descriptors, driver_turn, on_each_driver, system};

on_each_driver! {
    an_echo_of_more_than_the_kernel_buffers_comes_back_whole,
    a_half_closed_stream_still_receives,
    a_receive_takes_no_more_than_it_was_asked_to,
    a_refused_connect_says_so,
    an_address_in_use_is_an_error_unless_shared,
    closing_ends_what_is_under_way_with_an_error,
    one_receive_and_one_send_at_a_time,
    a_server_of_a_shard_answers_a_client_of_a_thread,
    dropped_operations_leak_no_descriptor,
}

fn loopback() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

async fn listen() -> Result<(SocketId, SocketAddr)> {
    match io::net(NetRequest::Listen(ListenOptions::new(loopback()))).await? {
        NetDone::Listening { listener, local } => Ok((listener, local)),
        other => Err(format!("{other:?}").into()),
    }
}

async fn accept(listener: SocketId) -> std::io::Result<SocketId> {
    match io::net(NetRequest::Accept { listener }).await? {
        NetDone::Accepted { stream, .. } => Ok(stream),
        other => Err(std::io::Error::other(format!("{other:?}"))),
    }
}

async fn connect(address: SocketAddr) -> std::io::Result<SocketId> {
    match io::net(NetRequest::Connect { address }).await? {
        NetDone::Connected { stream, .. } => Ok(stream),
        other => Err(std::io::Error::other(format!("{other:?}"))),
    }
}

async fn receive(stream: SocketId, max: usize) -> std::io::Result<Buffer> {
    match io::net(NetRequest::Receive { stream, max }).await? {
        NetDone::Received(bytes) => Ok(bytes),
        other => Err(std::io::Error::other(format!("{other:?}"))),
    }
}

async fn send_all(stream: SocketId, mut data: Vec<u8>) -> std::io::Result<()> {
    let mut start = 0;
    while start < data.len() {
        match io::net(NetRequest::Send { stream, data, start }).await? {
            NetDone::Sent { data: back, written } => {
                data = back;
                start += written;
            }
            other => return Err(std::io::Error::other(format!("{other:?}"))),
        }
    }
    Ok(())
}

async fn receive_all(stream: SocketId) -> std::io::Result<Vec<u8>> {
    let mut all = Vec::new();
    loop {
        let bytes = receive(stream, 1 << 20).await?;
        if bytes.is_empty() {
            return Ok(all);
        }
        all.extend_from_slice(&bytes);
    }
}

async fn shutdown(stream: SocketId, side: ShutdownSide) -> std::io::Result<()> {
    io::net(NetRequest::Shutdown { stream, side }).await.map(drop)
}

async fn close(socket: SocketId) -> std::io::Result<()> {
    io::net(NetRequest::Close { socket }).await.map(drop)
}

/// Both ends of a connection on this shard.
async fn pair(listener: SocketId, address: SocketAddr) -> Result<(SocketId, SocketId)> {
    let near = spawn_local(connect(address));
    let far = accept(listener).await?;
    Ok((near.await??, far))
}

fn an_echo_of_more_than_the_kernel_buffers_comes_back_whole(driver: Driver) {
    let sent: Vec<u8> = (0..8 << 20).map(|n: u32| (n >> 3) as u8).collect();
    let expected = sent.clone();
    let back = system(driver, 1).run(async |_| {
        let (listener, address) = listen().await?;
        let (near, far) = pair(listener, address).await?;
        let echo = spawn_local(async move {
            loop {
                let bytes = receive(far, 1 << 20).await?;
                if bytes.is_empty() {
                    return close(far).await;
                }
                send_all(far, bytes.to_vec()).await?;
            }
        });
        let send = spawn_local(async move {
            send_all(near, sent).await?;
            shutdown(near, ShutdownSide::Send).await
        });
        let back = receive_all(near).await?;
        send.await??;
        echo.await??;
        Ok(back)
    });
    assert!(back.unwrap() == expected);
}

fn a_half_closed_stream_still_receives(driver: Driver) {
    system(driver, 1)
        .run(async |_| {
            let (listener, address) = listen().await?;
            let (near, far) = pair(listener, address).await?;
            send_all(near, b"question".to_vec()).await?;
            shutdown(near, ShutdownSide::Send).await?;
            assert_eq!(receive_all(far).await?, b"question");
            assert!(receive(far, 1).await?.is_empty(), "the end is a state");
            send_all(far, b"answer".to_vec()).await?;
            close(far).await?;
            assert_eq!(receive_all(near).await?, b"answer");
            Ok(())
        })
        .unwrap();
}

fn a_receive_takes_no_more_than_it_was_asked_to(driver: Driver) {
    system(driver, 1)
        .run(async |_| {
            let (listener, address) = listen().await?;
            let (near, far) = pair(listener, address).await?;
            send_all(near, b"abcdef".to_vec()).await?;
            shutdown(near, ShutdownSide::Send).await?;
            for expected in [&b"ab"[..], b"cd", b"ef", b""] {
                assert_eq!(&*receive(far, 2).await?, expected);
            }
            Ok(())
        })
        .unwrap();
}

fn a_refused_connect_says_so(driver: Driver) {
    let refused = system(driver, 1).run(async |_| {
        let (listener, address) = listen().await?;
        close(listener).await?;
        Ok(connect(address).await.map(drop))
    });
    assert_eq!(refused.unwrap().unwrap_err().kind(), ErrorKind::ConnectionRefused);
}

fn an_address_in_use_is_an_error_unless_shared(driver: Driver) {
    system(driver, 1)
        .run(async |_| {
            let (_, address) = listen().await?;
            let again = io::net(NetRequest::Listen(ListenOptions::new(address))).await;
            assert_eq!(again.unwrap_err().kind(), ErrorKind::AddrInUse);
            let mut shared = ListenOptions::new(loopback());
            shared.reuse_port = true;
            let first = io::net(NetRequest::Listen(shared.clone())).await?;
            let NetDone::Listening { local, .. } = first else { panic!("{first:?}") };
            shared.address = local;
            io::net(NetRequest::Listen(shared)).await?;
            Ok(())
        })
        .unwrap();
}

fn closing_ends_what_is_under_way_with_an_error(driver: Driver) {
    system(driver, 1)
        .run(async |_| {
            let (listener, address) = listen().await?;
            let (near, far) = pair(listener, address).await?;
            let waiting = spawn_local(receive(far, 64));
            let accepting = spawn_local(accept(listener));
            driver_turn().await;
            close(far).await?;
            assert_eq!(waiting.await?.unwrap_err().kind(), ErrorKind::Interrupted);
            close(listener).await?;
            assert_eq!(accepting.await?.unwrap_err().kind(), ErrorKind::Interrupted);
            assert!(receive(near, 1).await?.is_empty(), "the peer reads the end");
            for socket in [far, listener] {
                assert_eq!(close(socket).await.unwrap_err().kind(), ErrorKind::InvalidInput);
            }
            Ok(())
        })
        .unwrap();
}

fn one_receive_and_one_send_at_a_time(driver: Driver) {
    system(driver, 1)
        .run(async |_| {
            let (listener, address) = listen().await?;
            let (near, far) = pair(listener, address).await?;
            let first = spawn_local(receive(far, 64));
            driver_turn().await;
            assert_eq!(receive(far, 64).await.unwrap_err().kind(), ErrorKind::InvalidInput);
            send_all(near, b"x".to_vec()).await?;
            assert_eq!(&*first.await??, b"x");
            let beyond = NetRequest::Send { stream: near, data: vec![1], start: 2 };
            assert_eq!(io::net(beyond).await.unwrap_err().kind(), ErrorKind::InvalidInput);
            let wrong = NetRequest::Receive { stream: listener, max: 1 };
            assert_eq!(io::net(wrong).await.unwrap_err().kind(), ErrorKind::InvalidInput);
            Ok(())
        })
        .unwrap();
}

fn a_server_of_a_shard_answers_a_client_of_a_thread(driver: Driver) {
    let running = system(driver, 2).start().unwrap();
    let serve = async |_| {
        let (listener, address) = listen().await?;
        spawn_local(async move {
            let stream = accept(listener).await?;
            let question = receive_all(stream).await?;
            send_all(stream, question).await?;
            close(stream).await
        });
        Ok::<_, greenroom_core::Error>(address)
    };
    let address = running.handle().run_on(greenroom_core::ShardId(1), serve).wait();
    let mut client = TcpStream::connect(address.unwrap().unwrap()).unwrap();
    client.write_all(b"hello").unwrap();
    client.shutdown(std::net::Shutdown::Write).unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    assert_eq!(answer, "hello");
}

/// Futures are dropped at every point of their way, by a draw: before they were tried, while they
/// wait, and when they are done and nobody has looked. Whatever they brought is closed.
fn dropped_operations_leak_no_descriptor(driver: Driver) {
    alone(&format!("tcp::on_{driver}::dropped_operations_leak_no_descriptor"), || {
        let counts = system(driver, 1).run(async |_| {
            let mut draw = Draw(0x9e37_79b9_7f4a_7c15);
            let mut counts = Vec::new();
            for _ in 0..4 {
                let (listener, address) = listen().await?;
                for _ in 0..1000 {
                    abandon(&mut draw, listener, address).await?;
                }
                // With the listener goes what waits in the kernel for it.
                close(listener).await?;
                // Operations given up are done in the first turn, what they brought is closed in
                // the next.
                driver_turn().await;
                driver_turn().await;
                counts.push(descriptors());
            }
            Ok(counts)
        });
        let counts = counts.unwrap();
        assert!(counts.iter().all(|count| *count == counts[0]), "{counts:?}");
    });
}

/// Random numbers of no quality, the same in each run.
struct Draw(u64);

impl Draw {
    fn one_in(&mut self, n: u64) -> bool {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.is_multiple_of(n)
    }
}

/// Begins to accept and to connect, drops either somewhere on the way, and closes what comes.
async fn abandon(draw: &mut Draw, listener: SocketId, address: SocketAddr) -> Result {
    let mut operations = [
        Some(io::net(NetRequest::Accept { listener })),
        Some(io::net(NetRequest::Connect { address })),
    ];
    for _ in 0..3 {
        if draw.one_in(2) {
            driver_turn().await;
        }
        for operation in &mut operations {
            operation.take_if(|_| draw.one_in(4));
        }
    }
    for operation in operations.into_iter().flatten() {
        // An accept may wait for ever: a connection that was given up comes to nobody.
        let limit = std::time::Duration::from_millis(1);
        match greenroom_core::timeout(limit, operation).await {
            Ok(Ok(NetDone::Accepted { stream, .. } | NetDone::Connected { stream, .. })) => {
                let receive = io::net(NetRequest::Receive { stream, max: 8 });
                if draw.one_in(2) {
                    driver_turn().await;
                }
                drop(receive);
                close(stream).await?;
            }
            Ok(Err(error)) => return Err(error.into()),
            Ok(Ok(other)) => return Err(format!("{other:?}").into()),
            Err(_) => {}
        }
    }
    Ok(())
}
