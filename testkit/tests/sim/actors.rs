//! Actors that several tests use.

use greenroom_core::{Actor, Context, Flow, Reply};

/// Counts, and remembers what it was told in order.
#[derive(Default)]
pub(crate) struct Ledger {
    seen: Vec<(u32, u32)>,
}

pub(crate) enum LedgerMessage {
    /// From whom, and the how-manieth.
    Note(u32, u32),
    /// All that was noted.
    Read(Reply<Vec<(u32, u32)>>),
}

impl Actor for Ledger {
    type Message = LedgerMessage;

    async fn handle(&mut self, message: LedgerMessage, _: &Context<Self>) -> Flow {
        match message {
            LedgerMessage::Note(from, number) => self.seen.push((from, number)),
            LedgerMessage::Read(reply) => reply.send(self.seen.clone()),
        }
        Flow::Continue
    }
}

/// Whether each sender's notes are 0, 1, 2 and so on, in order.
pub(crate) fn in_order(seen: &[(u32, u32)], senders: u32, each: u32) -> bool {
    (0..senders).all(|sender| {
        let numbers = seen.iter().filter(|(from, _)| *from == sender).map(|(_, number)| *number);
        numbers.eq(0..each)
    })
}
