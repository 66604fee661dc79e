//! From bytes to replies, as far as one shard can tell.

use super::collected::Collected;
use super::shard::Shard;
use crate::resp::{Decoder, Writer};
use crate::route::Fanout;
use crate::session::{Here, Outcome, Session};

/// One connection's commands on their way through.
///
/// [`Pipeline::run`] never waits: it stops where the connection has to, and says why.
#[derive(Debug)]
pub(super) struct Pipeline {
    decoder: Decoder,
    session: Session,
    /// The replies of this batch, in order, but for those that are collected.
    out: Writer,
    collected: Collected,
    /// Commands of this batch so far.
    commands: usize,
}

/// Why [`Pipeline::run`] stopped.
#[derive(Debug)]
pub(super) enum Stop {
    /// No complete command is left.
    Starved,
    /// The batch is as large as it may be.
    Full,
    /// This command is over several shards: it waits for those before it.
    Barrier(Fanout),
    /// Nothing after this is to be answered.
    Close,
}

impl Pipeline {
    /// A connection's pipeline at the start of its stream.
    pub(super) fn new(shard: &Shard, session: Session) -> Self {
        Self {
            decoder: Decoder::new(shard.plan.limits.command),
            session,
            out: Writer::default(),
            collected: Collected::new(shard.plan.map.shards()),
            commands: 0,
        }
    }

    /// Carries out or collects the commands at the start of `input`; returns how many bytes of it
    /// are done with.
    pub(super) fn run(&mut self, shard: &Shard, input: &[u8]) -> (usize, Stop) {
        let limits = &shard.plan.limits;
        let mut here = Here {
            shard: shard.number,
            state: &mut shard.state.borrow_mut(),
            map: shard.plan.map,
            facts: &shard.facts,
            now_ms: shard.now_ms(),
        };
        let out = &mut self.out;
        let mut batch = self.decoder.batch(input);
        let stop = loop {
            if self.commands >= limits.batch_commands_max || out.len() >= limits.batch_bytes_max {
                break Stop::Full;
            }
            let args = match batch.next_command() {
                Ok(Some(args)) => args,
                Ok(None) => break Stop::Starved,
                Err(error) => {
                    error.encode(out);
                    break Stop::Close;
                }
            };
            self.commands += 1;
            match self.session.take(args, &mut here, out) {
                Outcome::Done => {}
                Outcome::Close => break Stop::Close,
                Outcome::Ask { shard: owner, asked } => {
                    self.collected.push(owner, asked, shard, out);
                }
                Outcome::Scatter(fanout) => break Stop::Barrier(fanout),
            }
        };
        (batch.consumed(), stop)
    }

    /// Waits for the other shards' answers to what was collected; whether they are complete. If not,
    /// what there is of the batch is to be sent first.
    ///
    /// # Cancel safety
    ///
    /// None: the batch is lost.
    pub(super) async fn ask(&mut self, shard: &Shard) -> bool {
        self.collected.ask(shard, &mut self.out).await
    }

    /// Goes on with the command at which [`Stop::Barrier`] stopped, after [`Pipeline::ask`].
    pub(super) fn scatter(&mut self, shard: &Shard, fanout: Fanout) {
        self.collected.scatter(fanout, shard, &mut self.out);
    }

    /// Takes the replies that [`Pipeline::ask`] has completed.
    pub(super) fn take_replies(&mut self) -> Vec<u8> {
        self.out.take()
    }

    /// Ends the batch: takes its last replies, and the messages that were published meanwhile.
    pub(super) fn take_batch(&mut self) -> Vec<u8> {
        self.commands = 0;
        self.session.drain_messages(&mut self.out);
        self.out.take()
    }

    /// Gives the buffer of a batch back, empty, for the next one.
    pub(super) fn reuse(&mut self, buffer: Vec<u8>) {
        self.out.reuse(buffer);
    }
}

/// Appends Redis's answer to a client for whom there is no room.
pub(super) fn refuse(out: &mut Writer) {
    out.error(&[b"ERR max number of clients reached"]);
}

#[cfg(test)]
#[path = "pipeline_tests.rs"]
mod tests;
