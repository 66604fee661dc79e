//! What other shards are asked, and where their answers go.

use std::collections::VecDeque;

use futures_util::future::join_all;
use greenroom::CallError;

use super::KeeperMessage;
use super::keeper::Answers;
use super::shard::Shard;
use crate::exec::{Reply, Request, execute};
use crate::resp::Writer;
use crate::route::{Fanout, Gather, Part};

/// Commands of one connection that wait for other shards.
///
/// The connection goes on with its local commands meanwhile, and writes their replies one behind
/// the other. Each reply that is still to come leaves a *hole*: a place in that text. When the
/// answers are there, [`Collected::ask`] puts the text together again.
#[derive(Debug)]
pub(super) struct Collected {
    /// What each shard is asked, and answers.
    desks: Vec<Desk>,
    /// In the order of the commands.
    holes: VecDeque<Hole>,
    /// The text between the holes while it is put together; kept for its memory.
    text: Vec<u8>,
    /// Whether the holes are places in `text`, a part of which was put together already.
    parted: bool,
}

/// One other shard.
#[derive(Debug, Default)]
struct Desk {
    /// What it is to be asked, in order.
    requests: Vec<Request>,
    /// Its answers so far, in order.
    answers: VecDeque<Reply>,
    /// Why it answers no more.
    failed: Option<CallError>,
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
    Many(Box<Many>),
}

#[derive(Debug)]
struct Many {
    gather: Gather,
    /// The shards that have not answered yet.
    shards: Vec<u16>,
    failed: Option<CallError>,
}

impl Collected {
    /// Nothing, for a server of that many shards.
    pub(super) fn new(shards: u16) -> Self {
        let desks = (0..shards).map(|_| Desk::default()).collect();
        Self { desks, holes: VecDeque::new(), text: Vec::new(), parted: false }
    }

    /// Adds a command for one shard, whose reply belongs at the end of `out`.
    pub(super) fn push(&mut self, shard: u16, request: Request, out: &Writer) {
        self.desks[usize::from(shard)].requests.push(request);
        self.holes.push_back(Hole { at: out.len(), kind: Kind::One(shard) });
    }

    /// Adds a command over several shards, whose reply belongs at the end of `out`. The part of
    /// the connection's own shard is carried out now.
    pub(super) fn scatter(&mut self, fanout: Fanout, here: &Shard, out: &mut Writer) {
        let Fanout { parts, mut gather } = fanout;
        let now_ms = here.now_ms();
        let mut shards = Vec::with_capacity(parts.len());
        for Part { shard, request } in parts {
            if shard == here.number {
                gather.add(shard, execute(&mut here.state.borrow_mut(), now_ms, request));
            } else {
                self.desks[usize::from(shard)].requests.push(request);
                shards.push(shard);
            }
        }
        if shards.is_empty() {
            gather.finish(&here.facts, now_ms, out);
        } else {
            let many = Many { gather, shards, failed: None };
            self.holes.push_back(Hole { at: out.len(), kind: Kind::Many(Box::new(many)) });
        }
    }

    /// Asks each shard that is concerned, all at once, and fills the holes in `out`; whether all
    /// are filled. Where the answers are large some are not: then `out` holds what comes before
    /// the first of them, to be sent and taken away, and the rest is to be asked for again. A
    /// command whose shard did not answer gets an error.
    ///
    /// # Cancel safety
    ///
    /// None: requests may have been carried out, and their answers are lost.
    pub(super) async fn ask(&mut self, here: &Shard, out: &mut Writer) -> bool {
        if self.holes.is_empty() {
            return true;
        }
        let (limit, bytes_max) = (here.plan.limits.answer_limit, here.plan.limits.batch_bytes_max);
        let calls = self.desks.iter_mut().zip(&here.plan.keepers).map(async |(desk, keeper)| {
            // What it has answered is taken before more is.
            if desk.requests.is_empty() || !desk.answers.is_empty() {
                return;
            }
            let requests = std::mem::take(&mut desk.requests);
            let call = keeper.call(|reply| KeeperMessage::Batch { requests, bytes_max, reply });
            match call.within(limit).await {
                Ok(Answers { answers, rest }) => {
                    (desk.answers, desk.requests) = (answers.into(), rest);
                }
                Err(error) => desk.failed = Some(error),
            }
        });
        join_all(calls).await;
        self.fill(here, out);
        if self.holes.is_empty() {
            self.desks.iter_mut().for_each(|desk| desk.failed = None);
        }
        self.holes.is_empty()
    }

    /// Puts the answers where they belong, up to the first that is missing. Holes are in the order
    /// of the requests, so each takes the next answer of its shard.
    fn fill(&mut self, here: &Shard, out: &mut Writer) {
        let start = match self.holes.front() {
            Some(first) if !self.parted => {
                out.split_off(first.at, &mut self.text);
                first.at
            }
            _ => 0,
        };
        let mut copied = 0;
        while let Some(Hole { at, kind }) = self.holes.front_mut() {
            let at = *at - start;
            out.raw(&self.text[copied..at]);
            copied = at;
            if !kind.fill(&mut self.desks, here, out) {
                break;
            }
            self.holes.pop_front();
        }
        self.parted = !self.holes.is_empty();
        if self.parted {
            self.text.drain(..copied);
            self.holes.iter_mut().for_each(|hole| hole.at -= start + copied);
        } else {
            out.raw(&self.text[copied..]);
            self.text.clear();
            self.text.shrink_to(TEXT_BYTES_KEPT_MAX);
        }
    }
}

/// Memory for text that is kept from one batch to the next.
const TEXT_BYTES_KEPT_MAX: usize = 64 * 1024;

impl Kind {
    /// Writes the reply, if all of its answers are there.
    fn fill(&mut self, desks: &mut [Desk], here: &Shard, out: &mut Writer) -> bool {
        match self {
            Self::One(shard) => match desks[usize::from(*shard)].next() {
                None => return false,
                Some(Ok(reply)) => reply.encode(out),
                Some(Err(error)) => unavailable(&error, out),
            },
            Self::Many(many) => {
                let Many { gather, shards, failed } = &mut **many;
                shards.retain(|shard| match desks[usize::from(*shard)].next() {
                    None => true,
                    Some(Ok(reply)) => {
                        gather.add(*shard, reply);
                        false
                    }
                    Some(Err(error)) => {
                        *failed = Some(error);
                        false
                    }
                });
                if !shards.is_empty() {
                    return false;
                }
                match failed {
                    None => gather.finish(&here.facts, here.now_ms(), out),
                    Some(error) => unavailable(error, out),
                }
            }
        }
        true
    }
}

impl Desk {
    /// The next answer, if it is there.
    fn next(&mut self) -> Option<Result<Reply, CallError>> {
        match self.answers.pop_front() {
            Some(answer) => Some(Ok(answer)),
            None => self.failed.clone().map(Err),
        }
    }
}

/// The reply to a command whose shard did not answer; it says whether the command may have had an
/// effect.
fn unavailable(error: &CallError, out: &mut Writer) {
    out.error(&[b"ERR shard unavailable: ", error.to_string().as_bytes()]);
}
