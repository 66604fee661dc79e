//! Two actors that park on each other's full mailboxes.

use std::future::poll_fn;
use std::task::Poll;

use greenroom_core::{
    Actor, ActorConfig, ActorRef, Context, Flow, MailboxBound, Placement, Reply, SpawnError, System,
};

/// What the two send each other.
#[derive(Debug)]
pub enum CrossedMessage {
    /// The partner. The first message each of them gets.
    Meet(ActorRef<Crossed>),
    /// Work: passed on to the partner as often as the number says.
    Pass(u32),
    /// Answered once everything sent before has been handled.
    Done(Reply<u32>),
}

/// An actor with a mailbox of one message that passes work on to its partner.
///
/// When the bug is planted it waits for room in the middle of its handler. Should the partner do
/// the same at that moment, and both mailboxes be full, neither will ever read another message. A
/// circle like that is broken by the runtime where it is certain; so the waker is lent out, as by
/// waiting for something of another library as well, and the runtime can but suspect it. Without
/// the bug it refuses to wait: work that finds no room is done here.
#[derive(Debug)]
pub struct Crossed {
    partner: Option<ActorRef<Self>>,
    planted: bool,
    handled: u32,
}

impl Actor for Crossed {
    type Message = CrossedMessage;

    async fn handle(&mut self, message: CrossedMessage, _: &Context<Self>) -> Flow {
        match message {
            CrossedMessage::Meet(partner) => self.partner = Some(partner),
            CrossedMessage::Done(reply) => reply.send(self.handled),
            CrossedMessage::Pass(left) => {
                self.handled += 1;
                if let (Some(partner), Some(left)) = (self.partner, left.checked_sub(1)) {
                    let work = CrossedMessage::Pass(left);
                    if self.planted {
                        drop(poll_fn(|cx| Poll::Ready(cx.waker().clone())).await);
                        // A partner that has ended takes no more work.
                        drop(partner.send(work).await);
                    } else if partner.cast(work).is_err() {
                        self.handled += left;
                    }
                }
            }
        }
        Flow::Continue
    }
}

/// Starts two such actors, on shard 0 and on the last shard, and makes them know each other.
///
/// # Errors
///
/// When one of them does not start.
pub async fn crossed(system: System, planted: bool) -> Result<[ActorRef<Crossed>; 2], SpawnError> {
    let config = ActorConfig::named("crossed").mailbox(MailboxBound::Fixed(1));
    let start = |shard| {
        let make = move || Crossed { partner: None, planted, handled: 0 };
        system.spawn_with(config.clone(), Placement::Shard(shard), make)
    };
    let (first, second) = (start(0).await?, start(system.shards() - 1).await?);
    // An empty mailbox has room.
    drop(first.send(CrossedMessage::Meet(second)).await);
    drop(second.send(CrossedMessage::Meet(first)).await);
    Ok([first, second])
}
