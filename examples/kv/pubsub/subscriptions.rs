//! What one connection listens to.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

use super::{Outbox, Topics};
use crate::command::Subscription;
use crate::resp::Writer;

/// Most channels and patterns of one connection.
const SUBSCRIPTIONS_MAX: usize = 1 << 16;

/// The channels and patterns of one connection; they end with it.
#[derive(Debug)]
pub(crate) struct Subscriptions {
    channels: BTreeSet<Box<[u8]>>,
    patterns: BTreeSet<Box<[u8]>>,
    /// The connection's number on its shard.
    number: u64,
    outbox: Rc<Outbox>,
    topics: Rc<RefCell<Topics>>,
}

impl Subscriptions {
    /// None yet. What is published goes to `outbox`.
    pub(crate) fn new(number: u64, outbox: Rc<Outbox>, topics: Rc<RefCell<Topics>>) -> Self {
        let (channels, patterns) = (BTreeSet::new(), BTreeSet::new());
        Self { channels, patterns, number, outbox, topics }
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.channels.len() + self.patterns.len()
    }

    /// What was published and not yet sent.
    pub(crate) fn outbox(&self) -> &Outbox {
        &self.outbox
    }

    /// Carries out `command` and appends the replies, one for each name.
    pub(crate) fn answer(&mut self, command: &Subscription<'_>, out: &mut Writer) {
        // What was published before comes before.
        self.outbox.drain_into(out);
        let names: Vec<Box<[u8]>> = match command.ends && command.names.len() == 0 {
            true => self.names(command.patterns).iter().cloned().collect(),
            false => command.names.iter().map(Box::from).collect(),
        };
        let kind = match (command.ends, command.patterns) {
            (false, false) => "subscribe",
            (false, true) => "psubscribe",
            (true, false) => "unsubscribe",
            (true, true) => "punsubscribe",
        };
        if names.is_empty() {
            self.confirm(kind, None, out);
        }
        for name in names {
            if command.ends {
                self.end(command.patterns, &name);
            } else if !self.begin(command.patterns, &name) {
                out.error(&[b"ERR too many subscriptions"]);
                continue;
            }
            self.confirm(kind, Some(&name), out);
        }
    }

    /// Whether there is room for it.
    fn begin(&mut self, patterns: bool, name: &[u8]) -> bool {
        if self.len() >= SUBSCRIPTIONS_MAX && !self.names(patterns).contains(name) {
            return false;
        }
        if self.names(patterns).insert(name.into()) {
            self.topics.borrow_mut().add(patterns, name, self.number, &self.outbox);
        }
        true
    }

    fn end(&mut self, patterns: bool, name: &[u8]) {
        if self.names(patterns).remove(name) {
            self.topics.borrow_mut().remove(patterns, name, self.number);
        }
    }

    fn confirm(&self, kind: &str, name: Option<&[u8]>, out: &mut Writer) {
        out.push(3);
        out.bulk(kind.as_bytes());
        out.bulk_or_null(name);
        out.count(self.len());
    }

    fn names(&mut self, patterns: bool) -> &mut BTreeSet<Box<[u8]>> {
        if patterns { &mut self.patterns } else { &mut self.channels }
    }
}

impl Drop for Subscriptions {
    fn drop(&mut self) {
        let mut topics = self.topics.borrow_mut();
        for (patterns, names) in [(false, &self.channels), (true, &self.patterns)] {
            names.iter().for_each(|name| topics.remove(patterns, name, self.number));
        }
    }
}
