//! No message for the dead, none for a namesake, and everybody who ends is gone.

use std::cell::{Cell, RefCell};

use greenroom_core::NodeId;

/// Who lives on a shard, as its events tell.
#[derive(Debug, Default)]
pub(crate) struct Lives {
    /// By slot.
    slots: RefCell<Vec<Life>>,
    tasks: Cell<usize>,
}

#[derive(Clone, Copy, Default, Debug)]
struct Life {
    /// 0 where nobody lives.
    generation: u32,
    /// An actor that has ended, whose task is still there.
    ended: bool,
}

impl Lives {
    /// Tasks and actors that came and did not go.
    pub(crate) const fn tasks(&self) -> usize {
        self.tasks.get()
    }

    pub(crate) fn spawned(&self, slot: u32, generation: u32) -> Result<(), String> {
        let slots = &mut *self.slots.borrow_mut();
        if slots.len() <= slot as usize {
            slots.resize(slot as usize + 1, Life::default());
        }
        let before =
            std::mem::replace(&mut slots[slot as usize], Life { generation, ended: false });
        if before.generation != 0 {
            return Err(format!("slot {slot} was given to {generation} while it was not empty"));
        }
        self.tasks.set(self.tasks.get() + 1);
        Ok(())
    }

    /// Whether that actor may be given a message.
    #[inline(always)]
    pub(crate) fn lives(&self, slot: u32, generation: u32) -> bool {
        let slots = self.slots.borrow();
        let life = slots.get(slot as usize);
        life.is_some_and(|life| life.generation == generation && !life.ended)
    }

    /// Why it may not.
    #[cold]
    pub(crate) fn why(&self, slot: u32, generation: u32) -> Result<(), String> {
        Err(stale(slot, generation, self.slots.borrow().get(slot as usize)))
    }

    /// A message left for an actor of another node.
    pub(crate) fn astray(node: NodeId, slot: u32) -> Result<(), String> {
        Err(format!(
            "a message for slot {slot} of node {} left for an actor of this node, a namesake at best",
            node.index()
        ))
    }

    pub(crate) fn exited(&self, slot: u32, generation: u32) -> Result<(), String> {
        let slots = &mut *self.slots.borrow_mut();
        match slots.get_mut(slot as usize) {
            // One that is dropped with its shard has left its slot before.
            Some(life) if life.generation == generation && life.ended => {
                Err(format!("the actor in slot {slot} of generation {generation} ended twice"))
            }
            Some(life) if life.generation == generation => {
                life.ended = true;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    pub(crate) fn removed(&self, slot: u32) {
        let slots = &mut *self.slots.borrow_mut();
        let life = slots.get_mut(slot as usize).filter(|life| life.generation != 0);
        // A slot whose factory failed was never filled.
        if let Some(life) = life {
            *life = Life::default();
            self.tasks.set(self.tasks.get() - 1);
        }
    }
}

fn stale(slot: u32, generation: u32, life: Option<&Life>) -> String {
    let there = match life {
        Some(Life { generation: 0, .. }) | None => "nobody is there".to_owned(),
        Some(Life { generation, ended: true }) => {
            format!("generation {generation} has ended there")
        }
        Some(Life { generation, .. }) => format!("generation {generation} lives there"),
    };
    format!("generation {generation} of slot {slot} was given a message, but {there}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_for_the_dead_is_found() {
        let lives = Lives::default();
        lives.spawned(3, 7).unwrap();
        assert!(lives.lives(3, 7));
        assert_eq!(lives.tasks(), 1);
        assert!(!lives.lives(3, 6) && !lives.lives(4, 1));
        let why = |slot, generation| lives.why(slot, generation).unwrap_err();
        assert!(why(3, 6).contains("generation 7 lives there"));
        assert!(why(4, 1).contains("nobody is there"));
        lives.exited(3, 7).unwrap();
        assert!(!lives.lives(3, 7) && why(3, 7).contains("has ended there"));
        assert!(lives.exited(3, 7).unwrap_err().contains("ended twice"));
        assert_eq!(lives.tasks(), 1, "its task may still have its last poll");
        lives.removed(3);
        assert_eq!(lives.tasks(), 0);
    }

    #[test]
    fn two_in_one_slot_are_found() {
        let lives = Lives::default();
        lives.spawned(0, 1).unwrap();
        assert!(lives.spawned(0, 2).is_err());
    }
}
