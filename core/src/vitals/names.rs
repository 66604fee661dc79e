//! Who is in which slot, for those who know the slot alone.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Slots of one piece of the table.
const CHUNK: usize = 1024;

type Chunk = Arc<[AtomicU16]>;

/// The numbers of kinds by slot, as others read them, and the names behind them.
#[derive(Debug, Default)]
pub(super) struct Names(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    chunks: Vec<Chunk>,
    /// Actor and message type of each kind, by number.
    kinds: Vec<(&'static str, &'static str)>,
    /// Names that actors were given, with the generation, by slot.
    given: BTreeMap<u32, (u32, Cow<'static, str>)>,
}

/// How an actor is called.
#[derive(Debug)]
pub(super) struct Named {
    pub(super) name: Cow<'static, str>,
    pub(super) actor: &'static str,
    pub(super) message: &'static str,
}

impl Names {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is known of the actor in a slot; `None` where that is a plain task, or nobody.
    pub(super) fn find(&self, (slot, generation): (u32, u32)) -> Option<Named> {
        let inner = self.lock();
        let chunk = inner.chunks.get(slot as usize / CHUNK)?;
        let number = chunk[slot as usize % CHUNK].load(Ordering::Relaxed);
        let &(actor, message) = inner.kinds.get(usize::from(number).checked_sub(1)?)?;
        let given = inner.given.get(&slot).filter(|(of, _)| *of == generation);
        let name = given.map_or(Cow::Borrowed(actor), |(_, name)| name.clone());
        Some(Named { name, actor, message })
    }
}

/// The same table as its shard writes it: two bytes for each slot.
#[derive(Debug, Default)]
pub(crate) struct SlotKinds {
    chunks: RefCell<Vec<Chunk>>,
    /// Kinds whose names are in the table.
    known: Cell<u16>,
    /// Actors in it that have a name of their own.
    given: Cell<usize>,
}

impl SlotKinds {
    /// Notes that a task of that kind lives in a slot now; 0 is that of no actor.
    pub(super) fn fill(&self, names: &Names, slot: u32, number: u16) {
        let (chunk, place) = (slot as usize / CHUNK, slot as usize % CHUNK);
        let mut chunks = self.chunks.borrow_mut();
        while chunks.len() <= chunk {
            let fresh: Chunk = (0..CHUNK).map(|_| AtomicU16::new(0)).collect();
            chunks.push(fresh.clone());
            names.lock().chunks.push(fresh);
        }
        chunks[chunk][place].store(number, Ordering::Relaxed);
    }

    /// Notes the names of a kind, before the first of its actors.
    pub(super) fn know(&self, names: &Names, number: u16, kind: (&'static str, &'static str)) {
        if number > self.known.get() {
            self.known.set(number);
            names.lock().kinds.push(kind);
        }
    }

    /// Notes a name that an actor was given.
    pub(super) fn give(
        &self,
        names: &Names,
        (slot, generation): (u32, u32),
        name: Cow<'static, str>,
    ) {
        if names.lock().given.insert(slot, (generation, name)).is_none() {
            self.given.set(self.given.get() + 1);
        }
    }

    /// Forgets the name of an actor that has ended, if it was given one.
    pub(super) fn forget(&self, names: &Names, slot: u32) {
        if self.given.get() > 0 {
            let forgotten = names.lock().given.remove(&slot);
            self.given.set(self.given.get() - usize::from(forgotten.is_some()));
        }
    }
}
