//! Messages of one shard to one actor keep their order where there was no room for some.
//!
//! The rings check the order of packets themselves: each knows the event that pushed it. From
//! there a message goes into a queue, which keeps order by what it is, or into the overflow where
//! the queue is full. Whatever comes from another shard while something is kept has to be kept too.

use std::cell::RefCell;

use greenroom_core::ShardId;

/// What is kept for the actors of a shard.
#[derive(Debug, Default)]
pub(crate) struct Order {
    /// Slot, generation and number; few have any.
    kept: RefCell<Vec<((u32, u32), u32)>>,
}

impl Order {
    /// Whether anything is kept.
    #[inline(always)]
    pub(crate) fn keeps_some(&self) -> bool {
        !self.kept.borrow().is_empty()
    }

    /// A message of another shard went into the mailbox.
    pub(crate) fn arrived(&self, target: (u32, u32), from: ShardId) -> Result<(), String> {
        overtakes(&self.kept.borrow(), target, from)
    }

    pub(crate) fn kept(&self, target: (u32, u32)) {
        let kept = &mut *self.kept.borrow_mut();
        match kept.iter_mut().find(|(other, _)| *other == target) {
            Some((_, count)) => *count += 1,
            None => kept.push((target, 1)),
        }
    }

    /// So many that were kept went into the mailbox.
    pub(crate) fn relieved(&self, target: (u32, u32), count: u32) -> Result<(), String> {
        let kept = &mut *self.kept.borrow_mut();
        let found = kept.iter().position(|(other, _)| *other == target);
        let had = found.map_or(0, |index| kept[index].1);
        if count > had {
            return Err(format!("{count} messages were found room for, of {had} that were kept"));
        }
        if let Some(index) = found {
            kept[index].1 -= count;
            if count == had {
                kept.swap_remove(index);
            }
        }
        Ok(())
    }

    /// The actor has ended, and took what was kept with it.
    pub(crate) fn exited(&self, target: (u32, u32)) {
        self.kept.borrow_mut().retain(|(other, _)| *other != target);
    }
}

fn overtakes(kept: &[((u32, u32), u32)], target: (u32, u32), from: ShardId) -> Result<(), String> {
    match kept.iter().find(|(other, _)| *other == target) {
        None => Ok(()),
        Some((_, count)) => Err(format!(
            "a message from shard {from} for slot {} came out of order: it overtook {count} that \
             wait for room",
            target.0
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_overtakes_what_was_kept_is_found() {
        let (order, from) = (Order::default(), ShardId(1));
        let (one, other) = ((3, 1), (4, 1));
        order.arrived(one, from).unwrap();
        order.kept(one);
        order.kept(one);
        order.arrived(other, from).unwrap();
        assert!(order.arrived(one, from).unwrap_err().contains("out of order"));
        order.relieved(one, 1).unwrap();
        assert!(order.arrived(one, from).is_err());
        order.relieved(one, 1).unwrap();
        order.arrived(one, from).unwrap();
        assert!(order.relieved(one, 1).is_err());
        order.kept(one);
        order.exited(one);
        order.arrived(one, from).unwrap();
    }
}
