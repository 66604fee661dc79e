//! Datagrams between sockets of one machine, where none is lost that finds room.

use std::collections::BTreeSet;
use std::io;
use std::net::SocketAddr;

use greenroom_core::{System, TaskError, spawn_local};

use super::support::*;
use crate::{BindOptions, Datagram, UdpSocket};

/// Longest datagram over IPv4.
const DATAGRAM_MAX: usize = 65_507;

async fn bind() -> UdpSocket {
    UdpSocket::bind(any_port()).await.expect("loopback can be bound")
}

async fn receive(socket: &mut UdpSocket) -> Datagram {
    socket.receive_from().await.expect("a datagram is received")
}

async fn send(socket: &UdpSocket, data: &[u8], to: SocketAddr) {
    let spare = socket.send_to(data.to_vec(), to).await.expect("a datagram is sent");
    assert!(spare.is_empty(), "the buffer comes back with something in it");
}

/// Datagrams arrive whole, with their sender's address, also those of no bytes.
pub async fn datagrams_echo(_: System) {
    let (mut server, mut client) = (bind().await, bind().await);
    let to = server.local_addr();
    let echo = spawn_local(async move {
        loop {
            let datagram = receive(&mut server).await;
            if &*datagram.data == b"end" {
                return server.close().await.expect("closed");
            }
            send(&server, &datagram.data, datagram.from).await;
        }
    });
    for size in [1, 0, 64, 1400, 0, 9000, 16_000, 2] {
        let sent = pattern(size as u64, 0..size);
        send(&client, &sent, to).await;
        let back = receive(&mut client).await;
        assert_eq!((back.from, back.len, back.is_truncated()), (to, size, false));
        expect_pattern(size as u64, 0, &back.data);
        assert_eq!(back.data.len(), size);
    }
    send(&client, b"end", to).await;
    echo.await.expect("the server ends");
    client.close().await.expect("closed");
}

/// Of a datagram that is longer than the socket takes, the end is lost, and nothing else.
pub async fn long_datagrams_are_cut(_: System) {
    for datagram_max in [0, 1, 100, 20_000] {
        let options = BindOptions { datagram_max, ..BindOptions::new(any_port()) };
        let mut server = UdpSocket::bind_with(options).await.expect("loopback can be bound");
        let client = bind().await;
        send(&client, &pattern(1, 0..datagram_max + 1), server.local_addr()).await;
        let cut = receive(&mut server).await;
        assert!(cut.is_truncated(), "nothing is missing of {}", cut.len);
        assert_eq!((cut.data.len(), cut.len), (datagram_max, datagram_max + 1));
        expect_pattern(1, 0, &cut.data);
        send(&client, &pattern(2, 0..datagram_max), server.local_addr()).await;
        let whole = receive(&mut server).await;
        assert!(!whole.is_truncated(), "{datagram_max} bytes do not fit");
        assert_eq!((whole.data.len(), whole.len), (datagram_max, datagram_max));
        expect_pattern(2, 0, &whole.data);
    }
}

/// The longest datagram there is arrives at a socket that was made for it; a longer one is refused,
/// and the socket stands.
pub async fn the_longest_datagram_arrives(_: System) {
    let options = BindOptions { datagram_max: DATAGRAM_MAX, ..BindOptions::new(any_port()) };
    let mut server = UdpSocket::bind_with(options).await.expect("loopback can be bound");
    let client = bind().await;
    let longer = client.send_to(vec![1; DATAGRAM_MAX + 1], server.local_addr()).await;
    assert_eq!(longer.expect_err("too long").kind(), io::ErrorKind::InvalidInput);
    for key in 0..3 {
        send(&client, &pattern(key, 0..DATAGRAM_MAX), server.local_addr()).await;
        let datagram = receive(&mut server).await;
        assert_eq!(datagram.data.len(), DATAGRAM_MAX);
        expect_pattern(key, 0, &datagram.data);
    }
}

/// A socket that has a peer sends there and hears nobody else.
pub async fn a_peer_is_heard_alone(_: System) {
    let (mut near, mut far, stranger) = (bind().await, bind().await, bind().await);
    let nobody = near.send(b"x".to_vec()).await.expect_err("sent to nobody");
    assert_eq!(nobody.kind(), io::ErrorKind::NotConnected);
    assert_eq!(near.peer_addr(), None);
    near.connect(far.local_addr()).await.expect("a peer is set");
    assert_eq!(near.peer_addr(), Some(far.local_addr()));
    for round in 0..3u8 {
        send(&stranger, b"stranger", near.local_addr()).await;
        near.send(vec![round]).await.expect("sent");
        let asked = receive(&mut far).await;
        assert_eq!((&*asked.data, asked.from), (&[round][..], near.local_addr()));
        send(&far, &[round, round], near.local_addr()).await;
        let answer = receive(&mut near).await;
        assert_eq!((&*answer.data, answer.from), (&[round; 2][..], far.local_addr()));
    }
}

/// Who sends to its peer hears that nobody is there, and may go on.
pub async fn a_peer_that_is_gone_is_told(_: System) {
    let (mut near, far) = (bind().await, bind().await);
    let gone = far.local_addr();
    far.close().await.expect("closed");
    near.connect(gone).await.expect("a peer is set");
    for _ in 0..2 {
        near.send(b"x".to_vec()).await.expect("sent");
        let refused = near.receive_from().await.expect_err("received from nobody");
        assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused, "{refused}");
    }
    let mut far = UdpSocket::bind(gone).await.expect("its address is free");
    near.send(b"y".to_vec()).await.expect("sent");
    assert_eq!(&*receive(&mut far).await.data, b"y");
}

/// Two sockets share an address only where both say so.
pub async fn an_address_is_taken_once(_: System) {
    let first = bind().await;
    let again = UdpSocket::bind(first.local_addr()).await.expect_err("bound twice");
    assert_eq!(again.kind(), io::ErrorKind::AddrInUse);
    let shared = |address| BindOptions { reuse_port: true, ..BindOptions::new(address) };
    let one = UdpSocket::bind_with(shared(any_port())).await.expect("bound");
    let other = UdpSocket::bind_with(shared(one.local_addr())).await.expect("bound as well");
    assert_eq!(one.local_addr(), other.local_addr());
    let alone = UdpSocket::bind(one.local_addr()).await.expect_err("bound without a word");
    assert_eq!(alone.kind(), io::ErrorKind::AddrInUse);
}

/// Receives that are dropped over and over lose no datagram and double none.
pub async fn a_dropped_receive_loses_no_datagram(_: System) {
    let (mut server, client) = (bind().await, bind().await);
    for round in 0..20u8 {
        for _ in 0..round % 3 {
            assert!(poll_once(server.receive_from()).await.is_none(), "received what nobody sent");
            yield_now().await;
        }
        send(&client, &[round, 1], server.local_addr()).await;
        send(&client, &[round, 2], server.local_addr()).await;
        for part in 1..3 {
            let early = poll_once(server.receive_from()).await;
            let datagram = match early {
                Some(datagram) => datagram.expect("received"),
                None => receive(&mut server).await,
            };
            assert_eq!(*datagram.data, [round, part]);
        }
    }
}

/// More datagrams come than anybody asks for: they wait, in order, as far as there is room.
pub async fn datagrams_wait_in_order(_: System) {
    const MANY: u8 = 24;
    let (mut server, client) = (bind().await, bind().await);
    for round in 0..4 {
        send(&client, b"first", server.local_addr()).await;
        assert_eq!(&*receive(&mut server).await.data, b"first");
        for number in 0..MANY {
            send(&client, &[round, number], server.local_addr()).await;
        }
        for number in 0..MANY {
            assert_eq!(*receive(&mut server).await.data, [round, number]);
        }
    }
}

/// Tasks send from one socket at the same time.
pub async fn many_tasks_send_from_one_socket(_: System) {
    const TASKS: u8 = 20;
    let (mut server, client) = (bind().await, bind().await);
    let to = server.local_addr();
    let sending: Vec<_> = (0..TASKS)
        .map(|number| {
            let sender = client.sender();
            spawn_local(async move { sender.send_to(vec![number; 10], to).await.map(drop) })
        })
        .collect();
    let mut heard = BTreeSet::new();
    while heard.len() < usize::from(TASKS) {
        let datagram = receive(&mut server).await;
        assert_eq!((datagram.data.len(), datagram.from), (10, client.local_addr()));
        assert!(heard.insert(datagram.data[0]), "a datagram came twice");
    }
    for task in sending {
        task.await.expect("the sending task ends").expect("sent");
    }
}

/// A close does not wait for a receive that nobody wants any more, and frees the address.
pub async fn close_with_receive_from_under_way(_: System) {
    let mut address = any_port();
    for _ in 0..3 {
        let mut socket = UdpSocket::bind(address).await.expect("the address is free");
        address = socket.local_addr();
        assert!(poll_once(socket.receive_from()).await.is_none(), "received what nobody sent");
        let sender = socket.sender();
        socket.close().await.expect("closed");
        sender.send_to(b"x".to_vec(), address).await.expect_err("sent from a closed socket");
    }
    // A task that is aborted in the middle of its receive.
    let mut socket = UdpSocket::bind(address).await.expect("the address is free");
    let receiving = spawn_local(async move { socket.receive_from().await.map(drop) });
    yield_now().await;
    receiving.abort();
    assert_eq!(receiving.await.map(|_| ()), Err(TaskError::Aborted));
}
