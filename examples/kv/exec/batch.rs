//! Commands on their way to another shard, and their replies on the way back.

use std::collections::VecDeque;

use super::remote::{execute_call, execute_transaction};
use super::{Asked, Reply, Request, State, Step, execute};
use crate::command::ListedCall;
use crate::resp::{ArgsList, Protocol, Writer};

/// Memory for arguments, and for replies, that is kept from one batch to the next.
const BYTES_KEPT_MAX: usize = 16 * 1024;

/// What one connection asks of another shard in one turn, and what that shard answers.
///
/// It travels there and back in one box, and is filled again: arguments lie one behind the other
/// in one block, and so do the replies, spelled as the client gets them. So a command that crosses
/// costs two copies and, once the blocks have grown, no allocation.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    /// What has not been carried out, in order.
    errands: VecDeque<Errand>,
    args: ArgsList,
    /// What came of the others and was not fetched, in order.
    answers: VecDeque<Answer>,
    text: Writer,
    /// How much of the text was fetched.
    fetched: usize,
}

#[derive(Debug)]
enum Errand {
    Call(ListedCall),
    Transaction(Box<[Step]>, Protocol),
    Part(Request),
}

#[derive(Debug)]
enum Answer {
    /// That many bytes of the text.
    Text(usize),
    Part(Reply),
}

/// One answer.
#[derive(Debug)]
pub(crate) enum Answered<'a> {
    /// The reply as the client gets it.
    Text(&'a [u8]),
    /// What a part of a command came to.
    Part(Reply),
}

const _: () = {
    const fn crosses_shards<T: Send + 'static>() {}
    crosses_shards::<Batch>();
};

impl Batch {
    /// Adds what is asked, to be answered in `protocol`.
    pub(crate) fn push(&mut self, asked: Asked<'_>, protocol: Protocol) {
        self.errands.push_back(match asked {
            Asked::Call(call) => Errand::Call(call.list(&mut self.args, protocol)),
            Asked::Transaction(steps) => Errand::Transaction(steps, protocol),
        });
    }

    /// Adds a part of a command.
    pub(crate) fn push_part(&mut self, request: Request) {
        self.errands.push_back(Errand::Part(request));
    }

    /// Carries out what was asked on `state`, which owns all keys concerned, in order, until the
    /// answers bring so many bytes. The present is that of this shard.
    pub(crate) fn carry_out(&mut self, state: &mut State, now_ms: u64, bytes_max: usize) {
        let mut part_bytes = 0;
        while self.text.len() + part_bytes < bytes_max
            && let Some(errand) = self.errands.pop_front()
        {
            let (store, start) = (&mut state.store, self.text.len());
            match errand {
                Errand::Call(call) => {
                    self.text.set_protocol(call.protocol);
                    execute_call(store, now_ms, call.borrow(&self.args), &mut self.text);
                }
                Errand::Transaction(steps, protocol) => {
                    self.text.set_protocol(protocol);
                    execute_transaction(store, now_ms, &steps, &mut self.text);
                }
                Errand::Part(request) => {
                    let reply = execute(state, now_ms, request);
                    part_bytes += reply.len();
                    self.answers.push_back(Answer::Part(reply));
                    continue;
                }
            }
            self.answers.push_back(Answer::Text(self.text.len() - start));
        }
    }

    /// How many commands, and parts of them, wait to be carried out.
    pub(crate) fn len(&self) -> usize {
        self.errands.len()
    }

    /// Whether answers wait to be fetched.
    pub(crate) fn is_answered(&self) -> bool {
        !self.answers.is_empty()
    }

    /// The next answer, in the order in which was asked; `None` where it is not there.
    pub(crate) fn fetch(&mut self) -> Option<Answered<'_>> {
        Some(match self.answers.pop_front()? {
            Answer::Part(reply) => Answered::Part(reply),
            Answer::Text(len) => {
                let start = self.fetched;
                self.fetched += len;
                Answered::Text(&self.text.as_bytes()[start..self.fetched])
            }
        })
    }

    /// Gives back the memory of answers that were fetched, and of what was carried out.
    pub(crate) fn settle(&mut self) {
        if self.answers.is_empty() {
            self.text.clear_to(BYTES_KEPT_MAX);
            self.fetched = 0;
        }
        if self.errands.is_empty() {
            self.args.clear(BYTES_KEPT_MAX);
        }
    }
}

/// The bug that a test plants: see `ServerLimits::stale_reads`.
#[cfg(test)]
impl Batch {
    /// The keys of the `GET`s that wait, `None` for anything else.
    pub(crate) fn reads(&self) -> Vec<Option<String>> {
        let key = |errand: &Errand| match errand {
            Errand::Call(call) => {
                let call = call.borrow(&self.args);
                (call.spec.name == "get").then(|| call.at(1).escape_ascii().to_string())
            }
            _ => None,
        };
        self.errands.iter().map(key).collect()
    }

    /// Puts what `change` makes of it in place of each reply, which it is given with its number
    /// among the answers.
    pub(crate) fn rewrite(&mut self, mut change: impl FnMut(usize, &[u8]) -> Vec<u8>) {
        let (text, mut start) = (self.text.take(), 0);
        for (number, answer) in self.answers.iter_mut().enumerate() {
            if let Answer::Text(len) = answer {
                let reply = change(number, &text[start..start + *len]);
                start += *len;
                *len = reply.len();
                self.text.raw(&reply);
            }
        }
    }
}
