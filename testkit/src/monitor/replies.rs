//! Exactly one answer, or the news that there is none, for each call.

use std::cell::RefCell;

/// The reply slots of a shard, as its events tell.
#[derive(Debug, Default)]
pub(crate) struct Replies {
    /// By slot: whether a port for it is out.
    out: RefCell<Vec<bool>>,
}

impl Replies {
    #[inline]
    pub(crate) fn called(&self, slot: u32) -> Result<(), String> {
        let out = &mut *self.out.borrow_mut();
        if out.len() <= slot as usize {
            out.resize(slot as usize + 1, false);
        }
        if std::mem::replace(&mut out[slot as usize], true) {
            return Err(format!("reply slot {slot} was opened while its port was out"));
        }
        Ok(())
    }

    /// The port was used up, by an answer or without.
    #[inline]
    pub(crate) fn ended(&self, slot: u32) -> Result<(), String> {
        match self.out.borrow_mut().get_mut(slot as usize) {
            Some(out) if *out => {
                *out = false;
                Ok(())
            }
            _ => Err(format!("reply slot {slot} was answered, and no port for it was out")),
        }
    }

    /// Ports that were not used up.
    pub(crate) fn open(&self) -> usize {
        self.out.borrow().iter().filter(|out| **out).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_answer_and_a_slot_that_is_opened_twice_are_found() {
        let replies = Replies::default();
        replies.called(2).unwrap();
        assert_eq!(replies.open(), 1);
        replies.ended(2).unwrap();
        assert!(replies.ended(2).unwrap_err().contains("answered"));
        assert!(replies.ended(9).is_err());
        replies.called(2).unwrap();
        assert!(replies.called(2).unwrap_err().contains("opened while"));
    }
}
