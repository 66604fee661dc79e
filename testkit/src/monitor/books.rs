//! The ledger adds up, and nothing is left when everybody has ended.

use greenroom_core::{InUse, Ledger};

/// Whether every message that was accepted is handled, undelivered, queued, or being handled.
/// Asked between turns.
pub(crate) fn books(ledger: &Ledger, used: &InUse) -> Result<(), String> {
    let ended = ledger.handled + ledger.undelivered.iter().sum::<u64>();
    let there = (used.queued + used.handling) as u64;
    let Some(open) = ledger.accepted.checked_sub(ended) else {
        return Err(format!("more messages ended than were accepted: {ledger:?}"));
    };
    // An actor on its way out may have messages that are no longer queued.
    if open < there || (open > there && used.ending == 0) {
        return Err(format!(
            "{open} messages are accepted and not ended, but {} queued and {} being handled: \
             {ledger:?}",
            used.queued, used.handling
        ));
    }
    Ok(())
}

/// Whether a shard whose actors and tasks have all ended holds nothing more. `ports` is how many
/// reply ports are out.
pub(crate) fn leaks(ledger: &Ledger, used: &InUse, ports: usize) -> Result<(), String> {
    let left = [
        ("tasks", used.tasks),
        ("calls", used.replies),
        ("reply ports", ports),
        ("contexts of messages", used.records),
        ("timers", used.timers),
        ("operations", used.operations),
        ("messages", used.queued),
        ("senders that wait", used.parked),
        ("messages without an end", ledger.open() as usize),
    ];
    let left = left.into_iter().filter(|(_, count)| *count > 0);
    let left: Vec<String> = left.map(|(what, count)| format!("{count} {what}")).collect();
    if left.is_empty() { Ok(()) } else { Err(format!("left behind: {}", left.join(", "))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_that_is_nowhere_is_found() {
        let mut ledger = Ledger { accepted: 10, handled: 5, ..Ledger::default() };
        ledger.undelivered[0] = 2;
        let mut used = InUse { queued: 2, handling: 1, ..InUse::default() };
        assert_eq!(books(&ledger, &used), Ok(()));
        used.queued = 1;
        assert!(books(&ledger, &used).is_err(), "one is lost");
        used.ending = 1;
        assert_eq!(books(&ledger, &used), Ok(()), "it may be with the one that ends");
        used.queued = 3;
        assert!(books(&ledger, &used).is_err(), "one is counted twice");
        ledger.handled = 9;
        assert!(books(&ledger, &used).unwrap_err().contains("more messages ended"));
    }

    #[test]
    fn whatever_is_left_is_named() {
        let ledger = Ledger::default();
        assert_eq!(leaks(&ledger, &InUse::default(), 0), Ok(()));
        let used = InUse { timers: 2, operations: 1, ..InUse::default() };
        let said = leaks(&ledger, &used, 1).unwrap_err();
        assert_eq!(said, "left behind: 1 reply ports, 2 timers, 1 operations");
    }
}
