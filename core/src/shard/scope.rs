//! The context of the message being handled: where deadlines, traces and call chains come from.

use std::rc::Rc;

use super::kinds::Kind;
use super::{Shard, Unposted};
use crate::context::{Chain, Header, HeaderKind, Record, TraceContext};
use crate::pid::Pid;
use crate::time::Instant;
use crate::trace::{Event, Observer};

/// What a call takes over from the message being handled.
pub(crate) struct CallScope {
    pub(crate) deadline: Instant,
    pub(crate) trace: Option<Rc<TraceContext>>,
}

impl Shard {
    /// From here on, until the next such call, that message is being handled.
    #[inline(always)]
    pub(crate) fn set_scope(&self, header: Header) {
        if self.work.scope.replace(header) != header {
            self.forget_casts(header);
        }
    }

    /// Ends the last handler's own use of the context its casts shared.
    #[inline(always)]
    fn forget_casts(&self, header: Header) {
        let casts = self.work.scope_casts.replace(header.casts());
        if !casts.is_none() && !casts.is_unmade() {
            self.records.release(casts);
        }
    }

    pub(super) fn header_deadline(&self, header: Header) -> Instant {
        let deadline = match header.kind() {
            HeaderKind::None => None,
            HeaderKind::Reply(slot, serial) => {
                self.replies.opening((slot, serial), |opening| opening.deadline)
            }
            HeaderKind::Record(slot, serial) => {
                self.records.with((slot, serial), |record| record.deadline)
            }
        };
        deadline.unwrap_or(Instant::NEVER)
    }

    /// The deadline of the message being handled.
    pub(crate) fn scope_deadline(&self) -> Instant {
        self.header_deadline(self.work.scope.get())
    }

    /// The trace of the message being handled.
    pub(crate) fn scope_trace(&self) -> Option<Rc<TraceContext>> {
        match self.work.scope.get().kind() {
            HeaderKind::None => None,
            HeaderKind::Reply(slot, serial) => {
                self.replies.opening((slot, serial), |opening| opening.trace.clone()).flatten()
            }
            HeaderKind::Record(slot, serial) => {
                self.records.with((slot, serial), |record| record.trace.clone()).flatten()
            }
        }
    }

    /// Everybody who waits for the message being handled, nearest first.
    pub(crate) fn scope_chain(&self) -> Vec<Pid> {
        let mut chain = Vec::new();
        self.walk_chain(|pid| {
            chain.push(pid);
            true
        });
        chain
    }

    /// Calls `f` with everybody who waits for the message being handled, nearest first, while it
    /// says to go on. Ends at the first that has its answer: from there on nobody waits.
    pub(super) fn walk_chain(&self, mut f: impl FnMut(Pid) -> bool) {
        let mut header = self.work.scope.get();
        loop {
            match header.kind() {
                HeaderKind::None => return,
                HeaderKind::Reply(slot, serial) => {
                    let link = self.replies.waiting((slot, serial), |opening| {
                        (Pid::in_place(self.home(), opening.caller), opening.parent)
                    });
                    let Some((pid, parent)) = link else { return };
                    if pid.generation() != 0 && !f(pid) {
                        return;
                    }
                    header = parent;
                }
                HeaderKind::Record(slot, serial) => {
                    self.records.with((slot, serial), |record| {
                        let _all = record.chain.as_slice().iter().all(|&pid| f(pid));
                    });
                    return;
                }
            }
        }
    }

    /// The message being handled.
    pub(crate) const fn scope(&self) -> Header {
        self.work.scope.get()
    }

    /// The task that is being polled; generation 0 when none is.
    #[inline(always)]
    pub(crate) fn running(&self) -> Pid {
        Pid::in_place(self.home(), self.vitals.pulse().running())
    }

    /// What a call to `to` out of the message being handled takes over from it, where that is a
    /// deadline and nothing else: most calls are made by a caller that nobody waits for in turn, or
    /// one for whom one other waits that is not the callee.
    #[inline(always)]
    pub(crate) fn plain_call_scope(&self, to: Pid) -> Option<Instant> {
        let scope = self.work.scope.get();
        // Places are told apart within a shard only.
        let place = if self.is(to.home()) { to.place() } else { Pid::NOBODY.place() };
        if place == self.vitals.pulse().running() {
            return None;
        }
        if scope.is_none() {
            return Some(Instant::NEVER);
        }
        self.replies.plain_deadline(scope, place)
    }

    /// What any call takes over.
    ///
    /// # Errors
    ///
    /// When waiting for `to` could never end, because it waits for the task that runs: the path
    /// from that task to `to`.
    #[cold]
    #[inline(never)]
    pub(crate) fn call_scope(&self, to: Pid) -> Result<CallScope, Vec<Pid>> {
        if to == self.running() {
            return Err(vec![to]);
        }
        self.check_chain(to)?;
        Ok(CallScope { deadline: self.scope_deadline(), trace: self.scope_trace() })
    }

    fn check_chain(&self, to: Pid) -> Result<(), Vec<Pid>> {
        let mut path = self.scope_chain();
        match path.iter().position(|&pid| pid == to) {
            None => Ok(()),
            Some(index) => {
                path.truncate(index + 1);
                Err(path)
            }
        }
    }

    /// Posts a message that carries the port of the one being handled.
    pub(crate) fn post_delegated<M: Send + 'static>(
        &self,
        to: Pid,
        message: M,
    ) -> Result<(), Unposted<M>> {
        let (deadline, trace, chain) =
            (self.scope_deadline(), self.scope_trace(), self.scope_chain());
        let chain = match chain.as_slice() {
            [] => Chain::Empty,
            [one] => Chain::One(*one),
            _ => Chain::Many(chain),
        };
        self.post_with(to, Record { deadline, trace, chain }, message)
    }

    /// The header of a cast out of the message being handled: its deadline and trace go on, its
    /// chain does not.
    #[inline(always)]
    pub(crate) fn cast_header(&self) -> Header {
        if self.work.scope_casts.get().is_none() {
            return Header::NONE;
        }
        self.cast_header_of_scope()
    }

    /// Made at the first cast of a handler, shared by the rest.
    fn cast_header_of_scope(&self) -> Header {
        if self.work.scope_casts.get().is_unmade() {
            self.work.scope_casts.set(self.new_cast_header());
        }
        let header = self.work.scope_casts.get();
        if header.is_none() { header } else { self.records.share(header) }
    }

    #[cold]
    fn new_cast_header(&self) -> Header {
        let (deadline, trace) = (self.scope_deadline(), self.scope_trace());
        if deadline.is_never() && trace.is_none() {
            return Header::NONE;
        }
        self.records.insert(Record { deadline, trace, chain: Chain::Empty })
    }

    /// Whether a message's deadline has passed.
    #[inline]
    pub(crate) fn has_expired(&self, header: Header) -> bool {
        self.header_deadline(header) <= self.now()
    }

    /// A message was handled by an actor of that kind.
    #[inline(always)]
    pub(crate) fn message_done(&self, kind: &Kind, header: Header) {
        kind.handled();
        if !header.is_none() {
            self.set_scope(Header::NONE);
            self.end_header(header);
        }
    }

    /// The same for a message that was handled elsewhere.
    pub(crate) fn message_carried(&self, kind: &Kind, header: Header) {
        self.ledger.carry();
        self.message_done(kind, header);
    }

    /// Whether something more urgent than the next message waits.
    #[inline]
    pub(crate) fn need_preempt(&self) -> bool {
        self.driver.need_preempt()
    }

    /// Whether a `maybe!` fires.
    #[cfg(feature = "sim")]
    pub(crate) fn maybe(&self, site: &'static str, probability: f64) -> bool {
        self.driver.maybe(site, probability)
    }

    /// How much a mailbox is to hold whose settings say `depth`.
    #[cfg(feature = "sim")]
    pub(crate) fn mailbox_depth(&self, slot: u32, depth: u32) -> u32 {
        self.driver.mailbox_depth(slot, depth).clamp(1, depth)
    }

    /// A message found no room in a mailbox of this shard. For simulations.
    #[inline]
    pub(super) fn mailbox_was_full(&self, _slot: u32) {
        #[cfg(feature = "sim")]
        self.driver.mailbox_was_full(_slot);
    }

    #[inline]
    pub(super) fn end_header(&self, header: Header) {
        self.records.release(header);
    }

    #[inline]
    pub(crate) fn observe(&self, event: impl FnOnce() -> Event) {
        if let Some(observer) = &self.observer {
            observer.event(event());
        }
    }

    /// Who is told of events.
    pub(crate) fn observer(&self) -> Option<&dyn Observer> {
        self.observer.as_deref()
    }

    pub(crate) fn trace_reply(&self, slot: u32) {
        self.observe(|| Event::Replied { slot });
    }
}
