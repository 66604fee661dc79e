//! Nothing is left when everybody has ended.

use greenroom_core::{InUse, Ledger};

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
    fn whatever_is_left_is_named() {
        let ledger = Ledger::default();
        assert_eq!(leaks(&ledger, &InUse::default(), 0), Ok(()));
        let used = InUse { timers: 2, operations: 1, ..InUse::default() };
        let said = leaks(&ledger, &used, 1).unwrap_err();
        assert_eq!(said, "left behind: 1 reply ports, 2 timers, 1 operations");
    }
}
