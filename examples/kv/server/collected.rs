//! What other shards are asked, and where their answers go.

use std::collections::VecDeque;

use futures_util::future::join_all;
use greenroom::{ActorRef, CallError};

use super::shard::Shard;
use super::{Keeper, KeeperMessage};
#[cfg(test)]
use crate::exec::State;
use crate::exec::{Answered, Asked, Batch, execute};
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
    /// What it is to be asked, and has answered; one of the shard's spares, while there is anything.
    batch: Option<Box<Batch>>,
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
    pub(super) fn push(&mut self, shard: u16, asked: Asked<'_>, here: &Shard, out: &Writer) {
        self.desks[usize::from(shard)].batch(here).push(asked, out.protocol());
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
                self.desks[usize::from(shard)].batch(here).push_part(request);
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
        let desks = self.desks.iter_mut().zip(&here.plan.keepers);
        let mut asked = desks.filter(|(desk, _)| desk.is_to_be_asked());
        match (asked.next(), asked.next()) {
            (None, _) => {}
            // Nothing to join, and nothing to allocate for it.
            (Some((desk, keeper)), None) => desk.ask(keeper, here).await,
            (Some(first), Some(second)) => {
                let asked = [first, second].into_iter().chain(asked);
                join_all(asked.map(async |(desk, keeper)| desk.ask(keeper, here).await)).await;
            }
        }
        self.finish(here, out)
    }

    /// Fills the holes whose answers are there; whether that is all of them.
    fn finish(&mut self, here: &Shard, out: &mut Writer) -> bool {
        self.fill(here, out);
        let is_complete = self.holes.is_empty();
        self.desks.iter_mut().for_each(|desk| desk.settle(is_complete, here));
        is_complete
    }

    /// As [`Collected::ask`], where the one shard that is asked is `state`.
    #[cfg(test)]
    pub(super) fn answer_with(&mut self, state: &mut State, here: &Shard, out: &mut Writer) {
        let batches = self.desks.iter_mut().filter_map(|desk| desk.batch.as_mut());
        batches.for_each(|batch| batch.carry_out(state, here.now_ms(), usize::MAX));
        if !self.holes.is_empty() {
            assert!(self.finish(here, out), "every answer is there");
        }
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
                Some(Ok(Answered::Text(reply))) => out.raw(reply),
                Some(Ok(Answered::Part(part))) => unreachable!("{part:?} is a part of a reply"),
                Some(Err(error)) => unavailable(&error, out),
            },
            Self::Many(many) => {
                let Many { gather, shards, failed } = &mut **many;
                shards.retain(|shard| match desks[usize::from(*shard)].next() {
                    None => true,
                    Some(Ok(Answered::Part(part))) => {
                        gather.add(*shard, part);
                        false
                    }
                    Some(Ok(Answered::Text(_))) => unreachable!("a whole reply in place of a part"),
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
    /// What is to be asked next.
    fn batch(&mut self, here: &Shard) -> &mut Batch {
        self.batch.get_or_insert_with(|| here.spares.take())
    }

    /// Whether something is asked. What was answered is taken before more is.
    fn is_to_be_asked(&self) -> bool {
        self.batch.as_ref().is_some_and(|batch| batch.len() > 0 && !batch.is_answered())
    }

    async fn ask(&mut self, keeper: &ActorRef<Keeper>, here: &Shard) {
        let limits = &here.plan.limits;
        let Some(batch) = self.batch.take() else { return };
        let bytes_max = limits.batch_bytes_max;
        let call = keeper.call(|reply| KeeperMessage::Batch { batch, bytes_max, reply });
        match call.within(limits.answer_limit).await {
            Ok(batch) => self.batch = Some(batch),
            Err(error) => self.failed = Some(error),
        }
    }

    /// The next answer, if it is there.
    fn next(&mut self) -> Option<Result<Answered<'_>, CallError>> {
        match self.batch.as_mut().and_then(|batch| batch.fetch()) {
            Some(answer) => Some(Ok(answer)),
            None => self.failed.clone().map(Err),
        }
    }

    /// Gives back what is not needed any more.
    fn settle(&mut self, is_complete: bool, here: &Shard) {
        if let Some(batch) = &mut self.batch {
            batch.settle();
        }
        if is_complete {
            self.failed = None;
            self.batch.take().into_iter().for_each(|batch| here.spares.give_back(batch));
        }
    }
}

/// The reply to a command whose shard did not answer; it says whether the command may have had an
/// effect.
fn unavailable(error: &CallError, out: &mut Writer) {
    out.error(&[b"ERR shard unavailable: ", error.to_string().as_bytes()]);
}
