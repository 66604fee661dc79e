//! Frames over connections, and connections that feed actors.

use std::time::Duration;

use greenroom_core::{
    Actor, ActorConfig, Context, ExitReason, Flow, MailboxBound, Reply, System, spawn_local,
    timeout,
};

use super::support::*;
use crate::attach;
use crate::stream::WriteHalf;
use crate::{
    AttachEnd, FeedError, FrameError, FrameSink, Frames, LengthDelimitedCodec, LinesCodec,
};

/// Frames of many sizes arrive whole and in order, batched as their sender likes.
pub async fn frames_round_trip(_: System) {
    const FRAMES: usize = 400;
    const FRAME_MAX: usize = 60_000;
    let size = |number: usize| {
        let below = if number.is_multiple_of(50) { FRAME_MAX } else { 300 };
        number * 7919 % below
    };
    let (client, server) = pair().await;
    let sending = spawn_local(async move {
        let codec = LengthDelimitedCodec::new(FRAME_MAX);
        let mut sink = FrameSink::with_batch_bytes(client, codec, 10_000);
        let mut flushes = 0;
        for number in 0..FRAMES {
            let mut frame = pattern(number as u64, 0..size(number));
            while let Err(FeedError::Full(back)) = sink.feed(frame) {
                frame = back;
                sink.flush().await.expect("flushed");
                flushes += 1;
            }
        }
        sink.flush().await.expect("flushed");
        assert!(flushes < FRAMES / 2, "{flushes} sends for {FRAMES} frames");
        sink.into_inner().close().await.expect("closed");
    });
    let mut frames = Frames::new(server, LengthDelimitedCodec::new(FRAME_MAX));
    for number in 0..FRAMES {
        let frame = frames.next().await.expect("received").expect("a frame");
        assert_eq!(frame.len(), size(number), "frame {number}");
        expect_pattern(number as u64, 0, &frame);
    }
    assert!(frames.next().await.expect("received").is_none(), "a frame nobody sent");
    sending.await.expect("the sending task ends");

    // A stream that ends within a frame says so.
    let (mut client, server) = pair().await;
    client.send(b"\x00\x00\x00\x05abc".to_vec()).await.expect("sent");
    client.close().await.expect("closed");
    let mut frames = Frames::new(server, LengthDelimitedCodec::new(FRAME_MAX));
    let cut = frames.next().await;
    assert!(matches!(cut, Err(FrameError::Truncated { left: 7 })), "{cut:?}");
}

/// Gathers lines.
#[derive(Default)]
struct Gatherer {
    lines: Vec<String>,
    /// Where to confirm each line.
    confirm: Option<WriteHalf>,
    /// Who waits for the next line.
    waiting: Option<Reply<Vec<String>>>,
}

enum Message {
    Line(String),
    /// Answered with the lines so far, once there is one.
    Lines(Reply<Vec<String>>),
    /// Answered at once; then the handler sits there for as long.
    Block(Reply<()>, Duration),
}

impl Actor for Gatherer {
    type Message = Message;

    async fn handle(&mut self, message: Message, ctx: &Context<Self>) -> Flow {
        match message {
            Message::Line(line) => {
                if let Some(confirm) = &mut self.confirm {
                    confirm.send(format!("{line}\n").into_bytes()).await.expect("confirmed");
                }
                self.lines.push(line);
            }
            Message::Lines(reply) => self.waiting = Some(reply),
            Message::Block(reply, duration) => {
                reply.send(());
                ctx.sleep(duration).await;
            }
        }
        if !self.lines.is_empty()
            && let Some(reply) = self.waiting.take()
        {
            reply.send(std::mem::take(&mut self.lines));
        }
        Flow::Continue
    }
}

/// A stream's frames reach an actor in order; the attachment ends with the stream or the actor.
pub async fn attach_feeds_an_actor(system: System) {
    const LINES: usize = 200;
    let config = || ActorConfig::default().mailbox(MailboxBound::Fixed(2));
    let (client, server) = pair().await;
    let (read, write) = server.split();
    let gatherer = Gatherer { confirm: Some(write), ..Gatherer::default() };
    let actor = system.spawn_here(config(), || gatherer).expect("spawned");
    let attached = attach(read, actor, LinesCodec::default(), Message::Line);
    let (client_read, mut client_write) = client.split();
    let expected: Vec<String> = (0..LINES).map(|number| format!("line {number}")).collect();
    let text = expected.iter().map(|line| format!("{line}\n")).collect::<String>();
    let sending = spawn_local(async move {
        client_write.send(text.into_bytes()).await.expect("sent");
    });
    // Dropping the client's write half ended the stream; the actor still answers.
    let mut confirmed = Frames::new(client_read, LinesCodec::default());
    for line in &expected {
        assert_eq!(confirmed.next().await.expect("received").as_ref(), Some(line));
    }
    sending.await.expect("the sending task ends");
    let end = attached.await.expect("the attachment ends");
    assert!(matches!(end, AttachEnd::StreamEnded), "{end:?}");
    assert_eq!(actor.call(Message::Lines).await.expect("answered"), expected);
    actor.stop();
    assert_eq!(actor.exit().await, ExitReason::Normal);
    assert!(confirmed.next().await.expect("received").is_none(), "the actor held the write half");

    // The actor ends first: so does the attachment, and the peer hears of it.
    let (mut client, server) = pair().await;
    let actor = system.spawn_here(config(), Gatherer::default).expect("spawned");
    let attached = attach(server, actor, LinesCodec::default(), Message::Line);
    client.send(b"one\n".to_vec()).await.expect("sent");
    assert_eq!(actor.call(Message::Lines).await.expect("answered"), ["one"]);
    actor.stop();
    let end = attached.await.expect("the attachment ends");
    assert!(matches!(end, AttachEnd::ActorEnded(ExitReason::Normal)), "{end:?}");
    expect_gone(&mut client).await;

    // What is no frame ends it too.
    let (mut client, server) = pair().await;
    let actor = system.spawn_here(config(), Gatherer::default).expect("spawned");
    let attached = attach(server, actor, LinesCodec::new(4), Message::Line);
    // Refused as soon as it is too long: its end may find nobody to take it.
    drop(client.send(b"too long\n".to_vec()).await);
    let end = attached.await.expect("the attachment ends");
    assert!(matches!(end, AttachEnd::Failed(FrameError::Codec(_))), "{end:?}");
    expect_gone(&mut client).await;
    actor.stop();
    actor.exit().await;
}

/// A slow actor slows the peer down: its mailbox stays bounded and so does what is in between.
pub async fn attach_slows_the_peer_down(system: System) {
    /// More than any transport buffers between two ends.
    const LIMIT: usize = 64 * 1024 * 1024;
    let config = ActorConfig::default().mailbox(MailboxBound::Fixed(2));
    let actor = system.spawn_here(config, Gatherer::default).expect("spawned");
    // The actor sits in its handler until it is killed.
    let hour = Duration::from_secs(3600);
    actor.call(|reply| Message::Block(reply, hour)).await.expect("answered");
    let (client, server) = pair().await;
    let attached = attach(server, actor, LinesCodec::default(), Message::Line);
    let mut sending = spawn_local(async move {
        let mut sink = FrameSink::new(client, LinesCodec::default());
        let line = "x".repeat(4000);
        for _ in 0..LIMIT / line.len() {
            while let Err(FeedError::Full(_)) = sink.feed(&line) {
                sink.flush().await?;
            }
        }
        sink.flush().await
    });
    // However long this looks, the sender cannot be through.
    let look = timeout(Duration::from_millis(100), &mut sending).await;
    assert!(look.is_err(), "{LIMIT} bytes were sent to an actor that takes none");
    actor.kill();
    let end = attached.await.expect("the attachment ends");
    assert!(matches!(end, AttachEnd::Refused(_)), "{end:?}");
    // The connection is gone with the attachment.
    sending.await.expect("the sending task ends").expect_err("sent to nobody");
}
