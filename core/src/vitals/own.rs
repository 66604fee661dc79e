//! A shard's own side of what can be seen of it.

use std::cell::Cell;
use std::sync::Arc;

use super::answers::Answers;
use super::health::Source;
use super::names::SlotKinds;
use super::node::{NodeVitals, ShardVitals};
use super::{Health, Pulse};
use crate::pid::{Pid, ShardId};
use crate::shard::{Settings, Shard};

/// See the module.
#[derive(Debug)]
pub(crate) struct OwnVitals {
    /// What others see.
    seen: Arc<ShardVitals>,
    /// The same of this shard and its siblings.
    node: Arc<NodeVitals>,
    slots: SlotKinds,
    pub(super) answers: Answers,
    /// Whether anything was ever published of an actor of this shard.
    published: Cell<bool>,
}

impl OwnVitals {
    /// Those of one shard of a node; `None` where it has no such shard.
    pub(crate) fn new(node: Arc<NodeVitals>, shard: ShardId) -> Option<Self> {
        let seen = node.of(shard)?.clone();
        let (slots, answers) = (SlotKinds::default(), Answers::default());
        Some(Self { seen, node, slots, answers, published: Cell::new(false) })
    }

    #[inline(always)]
    pub(crate) fn pulse(&self) -> &Pulse {
        &self.seen.pulse
    }

    /// Whether a shard of this node hangs.
    pub(crate) fn is_sick(&self, shard: ShardId) -> bool {
        self.node.of(shard).is_some_and(|vitals| vitals.is_sick())
    }

    /// Notes that a plain task lives in a slot now.
    pub(crate) fn note_task(&self, slot: u32) {
        self.slots.fill(&self.seen.names, slot, 0);
    }

    /// Notes who lives in a slot now.
    pub(crate) fn note_actor(&self, target: (u32, u32), settings: &Settings) {
        let (names, kind) = (&self.seen.names, &settings.kind);
        self.slots.know(names, kind.number, (kind.actor, kind.message));
        self.slots.fill(names, target.0, kind.number);
        if settings.named {
            self.slots.give(names, target, settings.config.name.clone());
        }
    }

    /// Forgets an actor that has ended.
    pub(crate) fn forget(&self, pid: Pid) {
        self.slots.forget(&self.seen.names, pid.slot());
        self.answers.forget(pid);
        if self.published.get() {
            self.seen.published.forget(pid);
        }
    }

    /// Forgets what an incarnation said of itself: the next one is as it begins.
    pub(crate) fn forget_said(&self, pid: Pid) {
        if self.published.get() {
            self.publish(Source::Actor, pid, None);
        }
    }

    fn publish(&self, source: Source, pid: Pid, health: Option<Health>) {
        if let Some(named) = self.seen.names.find(pid.target()) {
            self.published.set(true);
            self.seen.published.set(source, pid, (named.name, named.actor), health);
        }
    }
}

impl Shard {
    /// An actor says how it is.
    pub(crate) fn publish_said(&self, pid: Pid, health: Health) {
        self.vitals.publish(Source::Actor, pid, Some(health));
    }

    /// A watch says how an actor seems to be; nothing where there is nothing to be said any more.
    pub(super) fn publish_seen(&self, pid: Pid, health: Option<Health>) {
        self.vitals.publish(Source::Watch, pid, health);
    }

    /// Begins a step: everything that a driver does with the shard between two looks at what else
    /// there is. A step that does not end is a stall.
    #[inline]
    pub fn begin_step(&self) {
        self.vitals.pulse().begin_step();
    }

    /// Ends a step.
    #[inline]
    pub fn end_step(&self) {
        self.vitals.pulse().end_step();
    }
}
