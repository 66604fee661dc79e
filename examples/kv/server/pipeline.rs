//! From bytes to replies, as far as one shard can tell.

use super::collected::Collected;
use super::shard::Shard;
use crate::command;
use crate::exec::{Request, execute_local};
use crate::resp::{Decoder, encode};
use crate::route::{Fanout, Route};
use crate::session::{Next, Session};

/// One connection's commands on their way through.
///
/// [`Pipeline::run`] never waits: it stops where the connection has to, and says why.
#[derive(Debug)]
pub(super) struct Pipeline {
    decoder: Decoder,
    session: Session,
    /// The replies of this batch, in order, but for those that are collected.
    out: Vec<u8>,
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
            out: Vec::new(),
            collected: Collected::new(shard.plan.map.shards()),
            commands: 0,
        }
    }

    /// Carries out or collects the commands at the start of `input`; returns how many bytes of it
    /// are done with.
    pub(super) fn run(&mut self, shard: &Shard, input: &[u8]) -> (usize, Stop) {
        let now_ms = shard.now_ms();
        let limits = &shard.plan.limits;
        let store = &mut *shard.store.borrow_mut();
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
            let command = match command::parse(args, now_ms) {
                Ok(command) => command,
                Err(error) => {
                    error.encode(out);
                    continue;
                }
            };
            match shard.plan.map.route(command) {
                Route::Local(command) => {
                    let next = self.session.answer(&command, &shard.facts, now_ms, out);
                    if next == Next::Close {
                        break Stop::Close;
                    }
                }
                Route::Keyed { shard: owner, command } if owner == shard.number => {
                    execute_local(store, now_ms, &command, out);
                }
                Route::Keyed { shard: owner, command } => {
                    self.collected.push(owner, Request::from(&command), out);
                }
                Route::Scatter(command) => {
                    break Stop::Barrier(Fanout::scatter(command, shard.plan.map));
                }
                Route::All(command) => {
                    break Stop::Barrier(Fanout::broadcast(command, shard.plan.map));
                }
            }
        };
        (batch.consumed(), stop)
    }

    /// Waits for the other shards' answers to what was collected.
    ///
    /// # Cancel safety
    ///
    /// None: the batch is lost.
    pub(super) async fn ask(&mut self, shard: &Shard) {
        self.collected.ask(shard, &mut self.out).await;
    }

    /// Goes on with the command at which [`Stop::Barrier`] stopped, after [`Pipeline::ask`].
    pub(super) fn scatter(&mut self, shard: &Shard, fanout: Fanout) {
        self.collected.scatter(fanout, shard, &mut self.out);
    }

    /// Ends the batch: takes its replies, which are complete after [`Pipeline::ask`].
    pub(super) fn take_batch(&mut self) -> Vec<u8> {
        self.commands = 0;
        std::mem::take(&mut self.out)
    }

    /// Gives the buffer of a batch back, empty, for the next one.
    pub(super) fn reuse(&mut self, buffer: Vec<u8>) {
        debug_assert!(buffer.is_empty() && self.out.is_empty());
        self.out = buffer;
    }
}

/// Appends Redis's answer to a client for whom there is no room.
pub(super) fn refuse(out: &mut Vec<u8>) {
    encode::error(out, &[b"ERR max number of clients reached"]);
}
