//! Datagram sockets: what their operations promise, and that none leaks.

use std::io::ErrorKind;
use std::net::{SocketAddr, UdpSocket};

use greenroom_core::io::net;
use greenroom_core::runtime::{
    BindOptions, ListenOptions, NetDone, NetRequest, ShutdownSide, SocketId,
};
use greenroom_core::{Result, spawn_local};

use greenroom_shard::Driver;

use crate::common::{alone, descriptors, driver_turn, on_each_driver, system};

on_each_driver! {
    closing_ends_a_receive_with_an_error,
    one_receive_at_a_time,
    other_sockets_are_no_datagram_sockets,
    a_shard_answers_a_thread,
    a_receive_that_was_given_up_loses_nothing,
    dropped_operations_leak_no_descriptor,
}

fn loopback() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

/// Sockets for datagrams that come into buffers of the pool, and for longer ones.
const SIZES: [usize; 2] = [100, 65_507];

async fn bind(datagram_max: usize) -> std::io::Result<(SocketId, SocketAddr)> {
    let options = BindOptions { datagram_max, ..BindOptions::new(loopback()) };
    match net(NetRequest::Bind(options)).await? {
        NetDone::Bound { socket, local } => Ok((socket, local)),
        other => Err(std::io::Error::other(format!("{other:?}"))),
    }
}

async fn receive_from(socket: SocketId) -> std::io::Result<(Vec<u8>, SocketAddr)> {
    match net(NetRequest::ReceiveFrom { socket }).await? {
        NetDone::ReceivedFrom { data, from, .. } => Ok((data.to_vec(), from)),
        other => Err(std::io::Error::other(format!("{other:?}"))),
    }
}

async fn send_to(socket: SocketId, data: &[u8], to: SocketAddr) -> std::io::Result<()> {
    let (data, to) = (data.to_vec(), Some(to));
    net(NetRequest::SendTo { socket, data, to }).await.map(drop)
}

async fn close(socket: SocketId) -> std::io::Result<()> {
    net(NetRequest::Close { socket }).await.map(drop)
}

fn closing_ends_a_receive_with_an_error(driver: Driver) {
    system(driver, 1)
        .run(async |_| {
            for size in SIZES {
                let (socket, local) = bind(size).await?;
                // What has come and nobody asked for goes with the socket.
                send_to(socket, b"1", local).await?;
                assert_eq!(receive_from(socket).await?, (b"1".to_vec(), local));
                let waiting = spawn_local(receive_from(socket));
                driver_turn().await;
                close(socket).await?;
                assert_eq!(waiting.await?.unwrap_err().kind(), ErrorKind::Interrupted);
                let sent = send_to(socket, b"2", local).await;
                assert_eq!(sent.unwrap_err().kind(), ErrorKind::InvalidInput);
                assert_eq!(close(socket).await.unwrap_err().kind(), ErrorKind::InvalidInput);
            }
            Ok(())
        })
        .unwrap();
}

fn one_receive_at_a_time(driver: Driver) {
    system(driver, 1)
        .run(async |_| {
            for size in SIZES {
                let (socket, local) = bind(size).await?;
                let first = spawn_local(receive_from(socket));
                driver_turn().await;
                let second = receive_from(socket).await.unwrap_err();
                assert_eq!(second.kind(), ErrorKind::InvalidInput);
                send_to(socket, b"x", local).await?;
                assert_eq!(first.await??.0, b"x");
            }
            Ok(())
        })
        .unwrap();
}

fn other_sockets_are_no_datagram_sockets(driver: Driver) {
    system(driver, 1)
        .run(async |_| {
            let listening = net(NetRequest::Listen(ListenOptions::new(loopback()))).await?;
            let NetDone::Listening { listener, local } = listening else {
                return Err(format!("{listening:?}").into());
            };
            let (socket, _) = bind(100).await?;
            let wrong = [
                NetRequest::ReceiveFrom { socket: listener },
                NetRequest::SendTo { socket: listener, data: vec![1], to: Some(local) },
                NetRequest::SetPeer { socket: listener, peer: local },
                NetRequest::Receive { stream: socket, max: 1 },
                NetRequest::Send { stream: socket, data: vec![1], start: 0 },
                NetRequest::Shutdown { stream: socket, side: ShutdownSide::Both },
                NetRequest::Accept { listener: socket },
            ];
            for request in wrong {
                let asked = format!("{request:?}");
                let kind = net(request).await.unwrap_err().kind();
                assert_eq!(kind, ErrorKind::InvalidInput, "{asked}");
            }
            Ok(())
        })
        .unwrap();
}

fn a_shard_answers_a_thread(driver: Driver) {
    let running = system(driver, 2).start().unwrap();
    let serve = async |_| {
        let (socket, local) = bind(2000).await?;
        spawn_local(async move {
            loop {
                let (data, from) = receive_from(socket).await?;
                send_to(socket, &data, from).await?;
            }
            #[expect(unreachable_code, reason = "says what the block gives")]
            std::io::Result::Ok(())
        });
        Ok::<_, greenroom_core::Error>(local)
    };
    let address = running.handle().run_on(greenroom_core::ShardId(1), serve).wait();
    let client = UdpSocket::bind(loopback()).unwrap();
    client.connect(address.unwrap().unwrap()).unwrap();
    for size in [0, 1, 1400, 2000] {
        client.send(&vec![size as u8; size]).unwrap();
        let mut answer = [0; 3000];
        let received = client.recv(&mut answer).unwrap();
        assert_eq!(answer[..received], vec![size as u8; size]);
    }
}

fn a_receive_that_was_given_up_loses_nothing(driver: Driver) {
    system(driver, 1)
        .run(async |_| {
            for size in SIZES {
                let (socket, local) = bind(size).await?;
                for number in 0..20u8 {
                    let given_up = spawn_local(receive_from(socket));
                    driver_turn().await;
                    given_up.abort();
                    drop(given_up.await);
                    send_to(socket, &[number], local).await?;
                    assert_eq!(receive_from(socket).await?.0, [number]);
                }
            }
            Ok(())
        })
        .unwrap();
}

fn dropped_operations_leak_no_descriptor(driver: Driver) {
    alone(&format!("datagrams::on_{driver}::dropped_operations_leak_no_descriptor"), || {
        let counts = system(driver, 1).run(async |_| {
            let mut counts = Vec::new();
            for _ in 0..4 {
                for step in 0..400 {
                    abandon(step).await?;
                }
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

/// Drops a bind, or a receive and a send, at some point of their way.
async fn abandon(step: usize) -> Result {
    let size = SIZES[step % 2];
    let options = BindOptions { datagram_max: size, ..BindOptions::new(loopback()) };
    let binding = net(NetRequest::Bind(options));
    if step.is_multiple_of(3) {
        driver_turn().await;
    }
    drop(binding);
    let (socket, local) = bind(size).await?;
    let receiving = net(NetRequest::ReceiveFrom { socket });
    if step.is_multiple_of(5) {
        driver_turn().await;
    }
    let sending = net(NetRequest::SendTo { socket, data: vec![1; 50], to: Some(local) });
    if step.is_multiple_of(7) {
        driver_turn().await;
    }
    drop((receiving, sending));
    Ok(close(socket).await?)
}
