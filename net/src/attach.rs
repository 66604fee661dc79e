//! A stream that speaks to an actor.

use std::fmt;

use greenroom_core::{Actor, ActorRef, ExitReason, LocalTask, SendError, spawn_local};

use crate::codec::Decode;
use crate::frames::{FrameError, Frames};
use crate::race::{First, race};
use crate::transport::Receive;

/// How an attachment ended.
pub enum AttachEnd<M, E> {
    /// The stream ended behind a frame; every frame was accepted by the actor.
    StreamEnded,
    /// The stream failed, or what it brought was no frame.
    Failed(FrameError<E>),
    /// The actor ended while the attachment waited for a frame.
    ActorEnded(ExitReason),
    /// The actor did not take a frame's message, which is given back: it has ended, or its mailbox
    /// is one that rejects and was full.
    Refused(SendError<M>),
}

impl<M, E: fmt::Debug> fmt::Debug for AttachEnd<M, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::StreamEnded => f.write_str("StreamEnded"),
            Self::Failed(error) => f.debug_tuple("Failed").field(error).finish(),
            Self::ActorEnded(reason) => f.debug_tuple("ActorEnded").field(reason).finish(),
            Self::Refused(error) => f.debug_tuple("Refused").field(error).finish(),
        }
    }
}

/// Decodes the frames of `source` and sends each to `actor` as the message that `mapper` makes of
/// it, in order, as a task of this shard. The actor may live on another one.
///
/// The task waits for room in the actor's mailbox and receives nothing meanwhile, so an actor that
/// is slow slows the peer down. It ends, and drops `source`, when the stream or the actor does;
/// await it to learn which. Aborting it detaches the stream.
///
/// Attach a [`crate::ReadHalf`] to keep the other half for answers.
///
/// # Panics
///
/// Outside any shard, or when the shard has no slot left for a task.
pub fn attach<R, A, D, F>(
    source: R,
    actor: ActorRef<A>,
    decoder: D,
    mapper: F,
) -> LocalTask<AttachEnd<A::Message, D::Error>>
where
    R: Receive + 'static,
    A: Actor,
    D: Decode + 'static,
    F: FnMut(D::Item) -> A::Message + 'static,
{
    spawn_local(feed(Frames::new(source, decoder), actor, mapper))
}

async fn feed<R, A, D, F>(
    mut frames: Frames<R, D>,
    actor: ActorRef<A>,
    mut mapper: F,
) -> AttachEnd<A::Message, D::Error>
where
    R: Receive,
    A: Actor,
    D: Decode,
    F: FnMut(D::Item) -> A::Message,
{
    let mut exit = actor.exit();
    loop {
        let frame = match race(frames.next(), &mut exit).await {
            First::Left(frame) => frame,
            First::Right(reason) => return AttachEnd::ActorEnded(reason),
        };
        match frame {
            Ok(Some(item)) => {
                if let Err(error) = actor.send(mapper(item)).await {
                    return AttachEnd::Refused(error);
                }
            }
            Ok(None) => return AttachEnd::StreamEnded,
            Err(error) => return AttachEnd::Failed(error),
        }
    }
}
