//! Sends that go at once, and those that wait for the others of their turn.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::pin::Pin;
use std::rc::Rc;
use std::task::Poll;

use greenroom_core::runtime::SocketId;
use greenroom_core::{Result, spawn_local};
use rustix::net::sockopt::set_socket_linger;

use super::rig::{
    accept, bind, close, connect, listen, on_ring, pair, receive, send, send_to, turn,
};
use crate::IdleStrategy;
use crate::driver::RingLimits;
use crate::driver::uring::ring::entered;

/// A connection from outside.
async fn outside(listener: SocketId, address: SocketAddr) -> Result<(TcpStream, SocketId)> {
    let near = TcpStream::connect(address)?;
    near.set_nodelay(true)?;
    Ok((near, accept(listener).await?))
}

/// Begins what `future` does; what is to be waited for, where it is not over at once.
async fn begin<F: Future>(future: F) -> std::result::Result<F::Output, Pin<Box<F>>> {
    let mut future = Box::pin(future);
    match poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx))).await {
        Poll::Ready(done) => Ok(done),
        Poll::Pending => Err(future),
    }
}

/// With two, one carries the answer and comes back at once.
#[test]
fn a_request_and_its_answer_are_one_call_of_the_ring() {
    const REQUESTS: usize = 400;
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let client = || {
        let (mut near, _) = listener.accept().unwrap();
        let mut answer = [0; 4];
        for n in 0..REQUESTS as u32 {
            near.write_all(&n.to_le_bytes()).unwrap();
            near.read_exact(&mut answer).unwrap();
            assert_eq!(u32::from_le_bytes(answer), n);
        }
    };
    let serve = async move |_| {
        let far = connect(address).await?;
        let before = entered();
        for _ in 0..REQUESTS {
            let request = receive(far, 64).await?.to_vec();
            send(far, request).await?;
        }
        assert!(receive(far, 64).await?.is_empty());
        let calls = entered() - before;
        // The end of the stream takes one as well, and what comes to nothing may take a few.
        let expected = REQUESTS..REQUESTS + REQUESTS / 4;
        assert!(expected.contains(&calls), "{calls} calls for {REQUESTS} requests");
        Ok(close(far).await?)
    };
    std::thread::scope(|scope| {
        scope.spawn(client);
        on_ring(RingLimits::default(), IdleStrategy::Park, serve);
    });
}

#[test]
fn the_first_send_of_a_turn_goes_at_once_and_the_others_together() {
    on_ring(RingLimits::default(), IdleStrategy::Park, async |_| {
        let (listener, address) = listen().await?;
        let mut streams = Vec::new();
        for _ in 0..3 {
            let (near, far) = outside(listener, address).await?;
            near.set_nonblocking(true)?;
            streams.push((near, far));
        }
        turn().await;
        let mut buffer = [0; 64];
        for round in 0..10 {
            let said = [b'a' + round; 10];
            let mut waiting = Vec::new();
            for (_, far) in &streams {
                match begin(send(*far, said.to_vec())).await {
                    Ok(sent) => sent?,
                    Err(later) => waiting.push(later),
                }
            }
            assert_eq!(waiting.len(), streams.len() - 1, "one is over at once");
            let heard = streams.iter_mut().map(|(near, _)| near.read(&mut buffer));
            let kinds: Vec<_> = heard.map(|heard| heard.map_err(|error| error.kind())).collect();
            let later = Err(ErrorKind::WouldBlock);
            assert_eq!(kinds, [Ok(10), later, later], "what has come before the turn's end");
            for send in waiting {
                send.await?;
            }
            for (near, _) in &mut streams[1..] {
                assert_eq!((near.read(&mut buffer)?, buffer[0]), (10, said[0]));
            }
            turn().await;
        }
        Ok(())
    });
}

/// Each send is short enough to go at once, until the socket is full: then it waits, and what
/// follows it waits for it.
#[test]
fn short_sends_wait_for_a_peer_that_does_not_read() {
    const SENDS: usize = 4096;
    const BYTES: usize = 8 * 1024;
    on_ring(RingLimits::default(), IdleStrategy::Park, async |_| {
        let (listener, address) = listen().await?;
        let (near, far) = pair(listener, address).await?;
        let sending = spawn_local(async move {
            for n in 0..SENDS {
                send(near, n.to_le_bytes().repeat(BYTES / 8)).await?;
            }
            close(near).await
        });
        for _ in 0..2 * SENDS {
            turn().await;
        }
        assert!(!sending.is_finished(), "no socket holds so much");
        let (mut word, mut words) = (Vec::new(), 0);
        loop {
            let bytes = receive(far, 100_000).await?;
            if bytes.is_empty() {
                break;
            }
            for byte in &*bytes {
                word.push(*byte);
                if word.len() == 8 {
                    assert_eq!(word, (words / (BYTES / 8)).to_le_bytes(), "word {words}");
                    (word, words) = (Vec::new(), words + 1);
                }
            }
        }
        assert_eq!(words, SENDS * BYTES / 8);
        sending.await??;
        Ok(close(far).await?)
    });
}

#[test]
fn a_send_at_once_tells_that_the_peer_is_gone() {
    on_ring(RingLimits::default(), IdleStrategy::Park, async |_| {
        let (listener, address) = listen().await?;
        let (near, far) = outside(listener, address).await?;
        set_socket_linger(&near, Some(std::time::Duration::ZERO))?;
        drop(near);
        turn().await;
        let error = send(far, vec![1; 100]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{error}");
        let error = send(far, vec![1; 100]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BrokenPipe, "{error}");
        Ok(close(far).await?)
    });
}

#[test]
fn a_datagram_goes_at_once() {
    on_ring(RingLimits::default(), IdleStrategy::Park, async |_| {
        let (socket, _) = bind(1000).await?;
        let near = UdpSocket::bind(("127.0.0.1", 0))?;
        near.set_nonblocking(true)?;
        let mut buffer = [0; 64];
        for n in 0..3 {
            for part in 0..10 {
                let sent = begin(send_to(socket, vec![n; part], near.local_addr()?)).await;
                sent.map_err(|_| "it waits")??;
                assert_eq!(near.recv(&mut buffer)?, part);
            }
        }
        Ok(close(socket).await?)
    });
}

/// What is known at once is told at once, but not for ever: a task that does nothing but ask would
/// never let the others have a turn.
#[test]
fn a_task_that_always_has_an_answer_lets_others_have_theirs() {
    on_ring(RingLimits::default(), IdleStrategy::Park, async |_| {
        let (socket, _) = bind(1000).await?;
        close(socket).await?;
        let over = Rc::new(Cell::new(false));
        let other = spawn_local({
            let over = over.clone();
            async move {
                turn().await;
                over.set(true);
            }
        });
        let mut at_once = 0;
        while !over.get() {
            match begin(close(socket)).await {
                Ok(_) => at_once += 1,
                Err(later) => drop(later.await),
            }
        }
        assert!(at_once > 0, "an error that is known is told");
        Ok(other.await?)
    });
}
