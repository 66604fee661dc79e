//! From a command's arguments to its reply, or to what has to be asked of other shards.

use super::transaction::Transaction;
use super::{Next, Session};
use crate::bytes::SmallBytes;
use crate::command::{
    self, Call, Command, CommandError, OwnedCall, SessionCommand, TransactionCommand,
};
use crate::exec::{Asked, State, Step, execute, execute_call, execute_local};
use crate::facts::Facts;
use crate::resp::{Args, Writer};
use crate::route::{Fanout, Part, Route, ShardMap};

/// Where a connection lives.
#[derive(Debug)]
pub(crate) struct Here<'a> {
    /// The number of its shard.
    pub(crate) shard: u16,
    /// What that shard holds.
    pub(crate) state: &'a mut State,
    pub(crate) map: ShardMap,
    pub(crate) facts: &'a Facts,
    /// The present in milliseconds of unix time.
    pub(crate) now_ms: u64,
}

/// What became of a command.
#[derive(Debug)]
pub(crate) enum Outcome<'a> {
    /// It was answered.
    Done,
    /// It was answered, and the connection is to end.
    Close,
    /// One other shard has to answer.
    Ask { shard: u16, asked: Asked<'a> },
    /// Several shards have to answer, after every command before.
    Scatter(Fanout),
}

impl Session {
    /// Takes one command, and appends its reply to `out` unless other shards are to give it.
    pub(crate) fn take<'a>(
        &mut self,
        args: Args<'a>,
        here: &mut Here<'_>,
        out: &mut Writer,
    ) -> Outcome<'a> {
        let call = match command::look_up(args, here.now_ms) {
            Ok(call) => call,
            Err(_) if is_http(args) => return Outcome::Close,
            Err(error) => {
                if let Some(transaction) = &mut self.transaction {
                    transaction.spoil();
                }
                return refused(&error, out);
            }
        };
        if !self.is_plain()
            && let Some(done) = self.intercept(call, here, out)
        {
            return done;
        }
        match call.parse() {
            Ok(command) => self.go(call, command, here, out),
            Err(error) => refused(&error, out),
        }
    }

    /// What a transaction or a subscription makes of a call, if it does not let it pass.
    fn intercept(
        &mut self,
        call: Call<'_>,
        here: &mut Here<'_>,
        out: &mut Writer,
    ) -> Option<Outcome<'static>> {
        let name = call.spec.name;
        if self.is_subscribed(out.protocol())
            && !["ping", "subscribe", "psubscribe", "unsubscribe", "punsubscribe", "quit"]
                .contains(&name)
        {
            if let Some(transaction) = &mut self.transaction {
                transaction.spoil();
            }
            return Some(refused(&CommandError::Subscribed(name), out));
        }
        if ["multi", "exec", "discard", "quit"].contains(&name) {
            return None;
        }
        let transaction = self.transaction.as_mut()?;
        let bytes_max = here.facts.limits.command_bytes_max as usize;
        match transaction.queue(call, here.map, bytes_max, out.protocol()) {
            Ok(()) => out.simple("QUEUED"),
            Err(error) => error.encode(out),
        }
        Some(Outcome::Done)
    }

    /// Takes a call, which means `command`, to whoever answers it.
    fn go<'a>(
        &mut self,
        call: Call<'a>,
        command: Command<'a>,
        here: &mut Here<'_>,
        out: &mut Writer,
    ) -> Outcome<'a> {
        match here.map.route(command) {
            Route::Keyed { shard, command } if shard == here.shard => {
                execute_local(&mut here.state.store, here.now_ms, &command, out);
                Outcome::Done
            }
            Route::Keyed { shard, .. } => Outcome::Ask { shard, asked: Asked::Call(call) },
            Route::Local(SessionCommand::Transaction(command)) => self.transact(command, here, out),
            Route::Local(command) => match self.answer(&command, here.facts, here.now_ms, out) {
                Next::Continue => Outcome::Done,
                Next::Close => Outcome::Close,
            },
            Route::Scatter(command) => Outcome::Scatter(Fanout::scatter(command, here.map)),
            Route::All(command) => Outcome::Scatter(Fanout::broadcast(command, here.map)),
            Route::Refused(error) => refused(&error, out),
        }
    }

    fn transact(
        &mut self,
        command: TransactionCommand,
        here: &mut Here<'_>,
        out: &mut Writer,
    ) -> Outcome<'static> {
        let begun = self.transaction.take();
        let text = match (command, begun) {
            (TransactionCommand::Multi, None) => {
                self.transaction = Some(Transaction::default());
                out.ok();
                return Outcome::Done;
            }
            (TransactionCommand::Multi, begun) => {
                self.transaction = begun;
                "ERR MULTI calls can not be nested"
            }
            (TransactionCommand::Exec, Some(transaction)) => match transaction.finish() {
                Ok((calls, shard)) => return self.exec(&calls, shard, here, out),
                Err(error) => return refused(&error, out),
            },
            (TransactionCommand::Exec, None) => "ERR EXEC without MULTI",
            (TransactionCommand::Discard, Some(_)) => {
                out.ok();
                return Outcome::Done;
            }
            (TransactionCommand::Discard, None) => "ERR DISCARD without MULTI",
        };
        refused(&CommandError::Text(text), out)
    }

    /// Carries out a transaction, here or on the shard that owns its keys.
    fn exec(
        &mut self,
        calls: &[OwnedCall],
        owner: Option<u16>,
        here: &mut Here<'_>,
        out: &mut Writer,
    ) -> Outcome<'static> {
        match owner.filter(|owner| *owner != here.shard) {
            None => {
                out.array(calls.len());
                for owned in calls {
                    self.step(owned.borrow_at(here.now_ms), here, out);
                }
                Outcome::Done
            }
            Some(shard) => {
                let mut reply = Writer::new(out.protocol());
                let steps = calls.iter().map(|owned| self.step_of(owned, here, &mut reply));
                let steps = steps.collect();
                out.set_protocol(reply.protocol());
                Outcome::Ask { shard, asked: Asked::Transaction(steps) }
            }
        }
    }

    /// Carries out one call of a transaction here.
    fn step(&mut self, call: Call<'_>, here: &mut Here<'_>, out: &mut Writer) {
        let command = match call.parse() {
            Ok(command) => command,
            Err(error) => return error.encode(out),
        };
        match self.go(call, command, here, out) {
            // `EXEC` is no part of a transaction, so no other is asked for.
            Outcome::Done | Outcome::Close | Outcome::Ask { asked: Asked::Transaction(_), .. } => {}
            // A command without keys, or on the keyspace of the only shard.
            Outcome::Ask { asked: Asked::Call(call), .. } => {
                execute_call(&mut here.state.store, here.now_ms, call, out);
            }
            Outcome::Scatter(Fanout { parts, mut gather }) => {
                for Part { shard, request } in parts {
                    gather.add(shard, execute(here.state, here.now_ms, request));
                }
                gather.finish(here.facts, here.now_ms, out);
            }
        }
    }

    /// One call of a transaction that another shard carries out; what needs no key is answered now,
    /// into `reply`.
    fn step_of(&mut self, owned: &OwnedCall, here: &mut Here<'_>, reply: &mut Writer) -> Step {
        let call = owned.borrow_at(here.now_ms);
        if let Ok(Command::Data(_)) = call.parse() {
            return Step::Call(call.to_owned(reply.protocol()));
        }
        reply.clear();
        self.step(call, here, reply);
        Step::Answered(SmallBytes::from(reply.as_bytes()))
    }
}

/// Whether a browser speaks. A page that it shows may have it send anything to a port of this
/// machine: what looks like commands further down is not to be carried out. As in Redis the client
/// is told nothing.
fn is_http(args: Args<'_>) -> bool {
    let name = args.at(0);
    name.eq_ignore_ascii_case(b"post") || name.eq_ignore_ascii_case(b"host:")
}

fn refused(error: &CommandError<'_>, out: &mut Writer) -> Outcome<'static> {
    error.encode(out);
    Outcome::Done
}
