//! What other shards are asked, and where their answers go.

use std::vec;

use futures_util::future::join_all;
use greenroom::CallError;

use super::KeeperMessage;
use super::shard::Shard;
use crate::exec::{Reply, Request, execute};
use crate::resp::encode;
use crate::route::{Fanout, Gather, Part};

/// Commands of one connection that wait for other shards.
///
/// The connection goes on with its local commands meanwhile, and writes their replies one behind
/// the other. Each reply that is still to come leaves a *hole*: a place in that text. When the
/// answers are there, [`Collected::ask`] puts the text together again.
#[derive(Debug)]
pub(super) struct Collected {
    /// What each shard is to be asked, in order.
    requests: Vec<Vec<Request>>,
    /// In the order of the commands.
    holes: Vec<Hole>,
    /// The text between the holes while it is put together; kept for its memory.
    text: Vec<u8>,
}

/// A reply that is still to come.
#[derive(Debug)]
struct Hole {
    /// Where in the text it belongs.
    at: usize,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    /// The next answer of that shard.
    One(u16),
    /// The next answer of each of these shards, put together.
    Many(Box<(Gather, Vec<u16>)>),
}

/// What one shard answered to its requests.
type Answers = Result<vec::IntoIter<Reply>, CallError>;

impl Collected {
    /// Nothing, for a server of that many shards.
    pub(super) fn new(shards: u16) -> Self {
        let requests = (0..shards).map(|_| Vec::new()).collect();
        Self { requests, holes: Vec::new(), text: Vec::new() }
    }

    /// Adds a command for one shard, whose reply belongs at the end of `out`.
    pub(super) fn push(&mut self, shard: u16, request: Request, out: &[u8]) {
        self.requests[usize::from(shard)].push(request);
        self.holes.push(Hole { at: out.len(), kind: Kind::One(shard) });
    }

    /// Adds a command over several shards, whose reply belongs at the end of `out`. The part of
    /// the connection's own shard is carried out now.
    pub(super) fn scatter(&mut self, fanout: Fanout, here: &Shard, out: &mut Vec<u8>) {
        let Fanout { parts, mut gather } = fanout;
        let now_ms = here.now_ms();
        let mut shards = Vec::with_capacity(parts.len());
        for Part { shard, request } in parts {
            if shard == here.number {
                gather.add(shard, execute(&mut here.store.borrow_mut(), now_ms, request));
            } else {
                self.requests[usize::from(shard)].push(request);
                shards.push(shard);
            }
        }
        if shards.is_empty() {
            gather.finish(&here.facts, now_ms, out);
        } else {
            self.holes.push(Hole { at: out.len(), kind: Kind::Many(Box::new((gather, shards))) });
        }
    }

    /// Asks each shard that is concerned, all at once, and fills the holes in `out`. A command
    /// whose shard did not answer gets an error.
    ///
    /// # Cancel safety
    ///
    /// None: requests may have been carried out, and their answers are lost.
    pub(super) async fn ask(&mut self, here: &Shard, out: &mut Vec<u8>) {
        if self.holes.is_empty() {
            return;
        }
        let limit = here.plan.limits.answer_limit;
        let calls = self.requests.iter_mut().zip(&here.plan.keepers).map(|(requests, keeper)| {
            let requests = std::mem::take(requests);
            async move {
                if requests.is_empty() {
                    return Ok(Vec::new().into_iter());
                }
                let call = keeper.call(|reply| KeeperMessage::Batch { requests, reply });
                call.within(limit).await.map(Vec::into_iter)
            }
        });
        let mut answers = join_all(calls).await;
        self.fill(here, &mut answers, out);
    }

    /// Puts the answers where they belong. Holes are in the order of the requests, so each takes
    /// the next answer of its shard.
    fn fill(&mut self, here: &Shard, answers: &mut [Answers], out: &mut Vec<u8>) {
        let start = self.holes.first().map_or(out.len(), |hole| hole.at);
        self.text.clear();
        self.text.extend_from_slice(&out[start..]);
        out.truncate(start);
        let mut copied = 0;
        for Hole { at, kind } in self.holes.drain(..) {
            out.extend_from_slice(&self.text[copied..at - start]);
            copied = at - start;
            match kind {
                Kind::One(shard) => match next(answers, shard) {
                    Ok(reply) => reply.encode(out),
                    Err(error) => unavailable(&error, out),
                },
                Kind::Many(many) => {
                    let (gather, shards) = *many;
                    match gathered(gather, &shards, answers) {
                        Ok(gather) => gather.finish(&here.facts, here.now_ms(), out),
                        Err(error) => unavailable(&error, out),
                    }
                }
            }
        }
        out.extend_from_slice(&self.text[copied..]);
    }
}

/// Takes every shard's answer, also where an earlier one failed.
fn gathered(
    mut gather: Gather,
    shards: &[u16],
    answers: &mut [Answers],
) -> Result<Gather, CallError> {
    let mut failed = None;
    for &shard in shards {
        match next(answers, shard) {
            Ok(reply) => gather.add(shard, reply),
            Err(error) => failed = Some(error),
        }
    }
    failed.map_or(Ok(gather), Err)
}

fn next(answers: &mut [Answers], shard: u16) -> Result<Reply, CallError> {
    match &mut answers[usize::from(shard)] {
        Ok(answers) => Ok(answers.next().expect("a keeper answers each request of a batch")),
        Err(error) => Err(error.clone()),
    }
}

/// The reply to a command whose shard did not answer; it says whether the command may have had an
/// effect.
fn unavailable(error: &CallError, out: &mut Vec<u8>) {
    encode::error(out, &[b"ERR shard unavailable: ", error.to_string().as_bytes()]);
}
