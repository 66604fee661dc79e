//! Messages of actors to actors of other nodes.
//!
//! Two nodes share one connection, as in any cluster: what is to leave while a send is under way
//! leaves with the next one. A message is a frame of sixteen bytes, made by an actor here and
//! handled by one over there, which sends the next.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Poll, Waker};

use greenroom_core::io::net;
use greenroom_core::runtime::{NetDone, NetRequest, SocketId};
use greenroom_core::{Actor, ActorRef, Context, Flow, Placement, System, spawn_local};
use greenroom_testkit::TestRuntime;

use super::rate::rate;
use super::streams::{FRAME, accept, connect, listen, odd, send};
use crate::meter::Extent;

/// Actors of each node.
const ACTORS: u32 = 100;
/// Tokens of each actor of the first node.
const TOKENS: u32 = 4;
/// How often each token goes to the other node.
const PASSES: u32 = 200;
/// Most bytes of one receive.
const RECEIVE_MAX: usize = 16 * 1024;

/// What waits for its way to the other node.
#[derive(Default)]
struct Leaving {
    frames: RefCell<Vec<u8>>,
    /// The task that sends, while it has nothing to send.
    sender: Cell<Option<Waker>>,
    count: Cell<u64>,
}

impl Leaving {
    fn push(&self, Token { target, left }: Token) {
        let count = self.count.get();
        self.count.set(count + 1);
        let mut frame = [0; FRAME];
        frame[..4].copy_from_slice(&target.to_le_bytes());
        frame[4..8].copy_from_slice(&left.to_le_bytes());
        frame[8..].copy_from_slice(&count.to_le_bytes());
        self.frames.borrow_mut().extend_from_slice(&frame);
        if let Some(sender) = self.sender.take() {
            sender.wake();
        }
    }

    async fn some(&self) -> Vec<u8> {
        poll_fn(|cx| {
            let mut frames = self.frames.borrow_mut();
            if frames.is_empty() {
                self.sender.set(Some(cx.waker().clone()));
                return Poll::Pending;
            }
            Poll::Ready(std::mem::take(&mut *frames))
        })
        .await
    }
}

/// A message to an actor of the other node.
struct Token {
    /// Which one.
    target: u32,
    /// How often it goes on.
    left: u32,
}

/// A node's end of the connection: takes what is to leave.
struct Link {
    leaving: Rc<Leaving>,
    stream: SocketId,
}

impl Actor for Link {
    type Message = Token;

    async fn started(&mut self, _: &Context<Self>) -> greenroom_core::Result {
        let (stream, leaving) = (self.stream, self.leaving.clone());
        drop(spawn_local(async move {
            loop {
                send(stream, leaving.some().await).await.expect("a stream without faults");
            }
        }));
        Ok(())
    }

    async fn handle(&mut self, token: Token, _: &Context<Self>) -> Flow {
        self.leaving.push(token);
        Flow::Continue
    }
}

/// Sends each token on to an actor of the other node, which it draws.
struct Passer {
    link: ActorRef<Link>,
}

impl Actor for Passer {
    type Message = u32;

    async fn handle(&mut self, left: u32, ctx: &Context<Self>) -> Flow {
        if let Some(left) = left.checked_sub(1) {
            let target = (ctx.random() % u64::from(ACTORS)) as u32;
            self.link.send(Token { target, left }).await.expect("the link lives");
        }
        Flow::Continue
    }
}

/// Takes frames in and hands each to its actor. Ends with the connection.
async fn deliver(stream: SocketId, actors: Arc<[ActorRef<Passer>]>) -> io::Result<()> {
    let (mut rest, mut count) = (Vec::new(), 0u64);
    loop {
        match net(NetRequest::Receive { stream, max: RECEIVE_MAX }).await? {
            NetDone::Received(bytes) if bytes.is_empty() => return Ok(()),
            NetDone::Received(bytes) => rest.extend_from_slice(&bytes),
            other => return odd(other),
        }
        let (frames, _) = rest.as_chunks::<FRAME>();
        let taken = frames.len() * FRAME;
        for frame in frames {
            let (words, _) = frame.as_chunks::<4>();
            let word = |index: usize| u32::from_le_bytes(words[index]);
            let serial = u64::from(word(2)) | u64::from(word(3)) << 32;
            assert_eq!(serial, count, "another frame came");
            count += 1;
            let target = actors[word(0) as usize];
            target.send(word(1)).await.expect("a passer lives");
        }
        rest.drain(..taken);
    }
}

/// Sets a node up on its end of the connection.
async fn set_up(system: System, stream: SocketId) -> Arc<[ActorRef<Passer>]> {
    let link = move || Link { leaving: Rc::default(), stream };
    let link = system.spawn(Placement::Shard(0), link).await.expect("a link");
    let mut actors = Vec::new();
    for _ in 0..ACTORS {
        let passer = move || Passer { link };
        actors.push(system.spawn(Placement::Shard(0), passer).await.expect("a passer"));
    }
    let actors: Arc<[_]> = actors.into();
    drop(spawn_local(deliver(stream, actors.clone())));
    actors
}

/// Messages between two nodes of one shard, in a run of that seed.
fn one_run(seed: u64) -> u64 {
    let mut sim = TestRuntime::builder().seed(seed).nodes(2).shards(1).build();
    drop(sim.start_on(1, async |system| {
        let listener = listen().await?;
        let stream = accept(listener).await?;
        set_up(system, stream).await;
        io::Result::Ok(())
    }));
    sim.run_until_idle();
    let first = sim.start_on(0, async |system| {
        let stream = connect(SocketAddr::from(([10, 0, 0, 2], super::streams::PORT))).await?;
        let actors = set_up(system, stream).await;
        for actor in &*actors {
            for _ in 0..TOKENS {
                actor.send(PASSES).await.expect("a passer lives");
            }
        }
        io::Result::Ok(())
    });
    sim.finish(first).expect("a connection without faults");
    sim.run_until_idle();
    let messages = u64::from(ACTORS * TOKENS * PASSES);
    // Each is handled by a link and by a passer; the first ones, by passers alone.
    let handled: u64 = (0..2).map(|node| sim.ledger(node, 0).handled).sum();
    assert_eq!(handled, messages * 2 + u64::from(ACTORS * TOKENS), "messages were lost");
    messages
}

/// Messages a second between the actors of two nodes, over one connection.
pub(crate) fn measure_network(extent: Extent) -> f64 {
    rate(extent, one_run)
}
