//! Who listens on one shard.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::Outbox;
use crate::glob::{self, Case};
use crate::resp::Writer;

/// The subscriptions of one shard's connections, each known by its number.
#[derive(Debug, Default)]
pub(crate) struct Topics {
    channels: Listeners,
    patterns: Listeners,
}

/// Channels or patterns, and the connections that listen there. None is without.
type Listeners = BTreeMap<Box<[u8]>, BTreeMap<u64, Rc<Outbox>>>;

impl Topics {
    /// Sends `message` to all who listen to `channel`; returns how many subscriptions that met.
    pub(crate) fn publish(&self, channel: &[u8], message: &[u8]) -> usize {
        let mut count = 0;
        for outbox in self.channels.get(channel).into_iter().flat_map(BTreeMap::values) {
            outbox.push(|out| push(out, &[b"message", channel, message]));
            count += 1;
        }
        for (pattern, listeners) in &self.patterns {
            if glob::matches(pattern, channel, Case::Sensitive) {
                for outbox in listeners.values() {
                    outbox.push(|out| push(out, &[b"pmessage", pattern, channel, message]));
                    count += 1;
                }
            }
        }
        count
    }

    pub(super) fn add(&mut self, patterns: bool, name: &[u8], number: u64, outbox: &Rc<Outbox>) {
        let listeners = self.listeners(patterns).entry(name.into()).or_default();
        listeners.insert(number, outbox.clone());
    }

    pub(super) fn remove(&mut self, patterns: bool, name: &[u8], number: u64) {
        let all = self.listeners(patterns);
        let Some(listeners) = all.get_mut(name) else { return };
        listeners.remove(&number);
        if listeners.is_empty() {
            all.remove(name);
        }
    }

    fn listeners(&mut self, patterns: bool) -> &mut Listeners {
        if patterns { &mut self.patterns } else { &mut self.channels }
    }
}

fn push(out: &mut Writer, parts: &[&[u8]]) {
    out.push(parts.len());
    parts.iter().for_each(|part| out.bulk(part));
}
