//! The ledger by types of actors, and whether it adds up.

use std::fmt;
use std::rc::Rc;

use super::Shard;
use super::kinds::Kind;
use super::ledger::Ledger;

/// What became of the messages of one type of actor, and where those are that have no end yet.
///
/// Between two polls of tasks, `accepted = handled + undelivered + queued + in_hand`, whatever goes
/// on: the left side is what mailboxes took in, the right what their actors did with it, and the two
/// are counted in different places. (Accepted is counted modulo 2^32 and told apart by the rest:
/// 2^31 messages lost at one place and 2^31 never counted at another would not be seen.)
#[derive(Clone, PartialEq, Eq, Default, Debug)]
#[non_exhaustive]
pub struct TypeLedger {
    /// The name of the actors' type. Empty for messages whose actor was gone, or lives on another
    /// shard, so that its type is not known here.
    pub actor: &'static str,
    /// The name of their messages' type; empty where the actors' is.
    pub message: &'static str,
    /// Actors of the type that are alive.
    pub actors: u64,
    /// Messages by their end.
    pub ledger: Ledger,
    /// Messages in their mailboxes, overflow included.
    pub queued: u64,
    /// Messages in handlers, and those that actors which end are being told of.
    pub in_hand: u64,
}

impl TypeLedger {
    /// Whether every message that was accepted has an end or a place.
    #[must_use]
    pub fn adds_up(&self) -> bool {
        let Ledger { accepted, handled, undelivered, .. } = self.ledger;
        accepted == handled + undelivered.iter().sum::<u64>() + self.queued + self.in_hand
    }

    /// Adds what another shard counted for the same type.
    pub(crate) fn add(&mut self, other: &Self) {
        self.actors += other.actors;
        self.queued += other.queued;
        self.in_hand += other.in_hand;
        self.ledger.add(&other.ledger);
    }
}

/// Ledgers of several shards as one: a line for each type, by name.
pub(crate) fn merge(ledgers: impl IntoIterator<Item = TypeLedger>) -> Vec<TypeLedger> {
    let mut merged: Vec<TypeLedger> = Vec::new();
    for ledger in ledgers {
        let same = |other: &&mut TypeLedger| {
            (other.actor, other.message) == (ledger.actor, ledger.message)
        };
        match merged.iter_mut().find(same) {
            Some(known) => known.add(&ledger),
            None => merged.push(ledger),
        }
    }
    merged.sort_by_key(|ledger| (ledger.actor, ledger.message));
    merged
}

/// A ledger that does not add up, which is a bug of the runtime.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum LedgerError {
    /// Messages of that type were lost, or counted twice.
    Type(Box<TypeLedger>),
    /// The types together accepted another number of messages than the shard did.
    Total {
        /// What the types say.
        types: u64,
        /// What the shard says.
        shard: u64,
    },
}

impl fmt::Display for LedgerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Type(ledger) => write!(f, "messages without an end or a place: {ledger:?}"),
            Self::Total { types, shard } => {
                write!(f, "the shard accepted {shard} messages, its actors {types}")
            }
        }
    }
}

impl std::error::Error for LedgerError {}

/// What one actor adds to the ledger of its type.
pub(crate) struct Share<'a> {
    pub(crate) kind: &'a Rc<Kind>,
    /// Whether a message is in its handler.
    pub(crate) in_hand: bool,
}

impl Shard {
    /// What became of the messages of each type of actor that this shard has had, in the order in
    /// which the types came. Looks at every actor alive.
    #[must_use]
    pub fn ledger_by_type(&self) -> Vec<TypeLedger> {
        let kinds = self.configs.kinds.all();
        let mut lines: Vec<_> = kinds.iter().map(|kind| (kind.entered.get(), line(kind))).collect();
        for task in self.tasks.actors() {
            let (Some(share), Some(door)) = (task.share(), task.door()) else { continue };
            let number = kinds.iter().position(|kind| Rc::ptr_eq(kind, share.kind));
            let Some((entered, line)) = number.map(|number| &mut lines[number]) else { continue };
            let load = door.load();
            *entered = entered.wrapping_add(door.entered());
            line.actors += 1;
            line.queued += (load.queued + load.overflow) as u64;
            line.in_hand += u64::from(share.in_hand);
        }
        lines.into_iter().map(|(entered, line)| with_accepted(line, entered)).collect()
    }

    /// Whether the ledger adds up, type by type and in all. To be asked between turns.
    ///
    /// # Errors
    ///
    /// Says what does not, which is a bug of the runtime.
    pub fn check_ledger(&self) -> Result<(), LedgerError> {
        let (mut types, shard) = (0, self.ledger().accepted);
        for line in self.ledger_by_type() {
            types += line.ledger.accepted;
            if !line.adds_up() {
                return Err(LedgerError::Type(Box::new(line)));
            }
        }
        if types == shard { Ok(()) } else { Err(LedgerError::Total { types, shard }) }
    }
}

/// What a kind has counted itself.
fn line(kind: &Kind) -> TypeLedger {
    TypeLedger {
        actor: kind.actor,
        message: kind.message,
        ledger: Ledger {
            accepted: kind.aside.get(),
            handled: kind.handled.get(),
            refused: kind.refused.get(),
            undelivered: std::array::from_fn(|index| kind.undelivered[index].get()),
        },
        in_hand: kind.leaving.get(),
        ..TypeLedger::default()
    }
}

/// Adds the messages that entered mailboxes, of which the low 32 bits are known: the rest is that of
/// the sum of their ends and places, which is at most 2^31 away.
fn with_accepted(mut line: TypeLedger, entered: u32) -> TypeLedger {
    let Ledger { accepted: aside, handled, undelivered, .. } = line.ledger;
    let found = handled + undelivered.iter().sum::<u64>() + line.queued + line.in_hand;
    let accepted = (aside as u32).wrapping_add(entered);
    let off = accepted.wrapping_sub(found as u32).cast_signed();
    line.ledger.accepted = found.saturating_add_signed(i64::from(off));
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepted_is_told_from_its_low_bits() {
        let at = |handled: u64, entered: u64| {
            let ledger = Ledger { handled, ..Ledger::default() };
            let line = TypeLedger { ledger, ..TypeLedger::default() };
            with_accepted(line, entered as u32)
        };
        for handled in [0, 1, u64::from(u32::MAX), 1 << 32, (1 << 40) - 1] {
            let line = at(handled, handled);
            assert!(line.adds_up() && line.ledger.accepted == handled);
            let line = at(handled, handled + 2);
            assert!(!line.adds_up(), "two are missing");
            assert_eq!(line.ledger.accepted, handled + 2);
        }
        let line = at(1 << 32, (1 << 32) - 1);
        assert_eq!(line.ledger.accepted, (1 << 32) - 1, "one was handled twice");
    }

    #[test]
    fn ledgers_of_several_shards_are_one() {
        let line = |actor, queued| TypeLedger { actor, queued, ..TypeLedger::default() };
        let merged = merge([line("b", 1), line("a", 2), line("b", 4)]);
        assert_eq!(merged, [line("a", 2), line("b", 5)]);
    }
}
