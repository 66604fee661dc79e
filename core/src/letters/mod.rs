//! Dead letters: word of messages that were not handled, for those who ask.
//!
//! Where a message ends undelivered, or is given back to its sender, the shard that notices writes a
//! *letter*: for whom it was, of what type, why, when. (Not the message itself: that goes to the
//! actor's `on_undelivered`, or to its sender.) Anybody in the system may subscribe. A subscriber
//! lives on one shard, its home, and has there a queue of bounded length; every other shard keeps
//! for it a bounded backlog and sends that home in batches, the next one only when home has taken the
//! one before. So a flood of letters takes no more than two backlogs and a batch of memory for each
//! shard, and one packet at a time of the way between two of them. What finds no room is counted.
//!
//! Nobody waits for a subscriber: it reads, or it loses. Where nobody subscribes, no letter is
//! written.

mod crossing;
mod letter;
mod post;
mod subscriber;

pub use letter::{DeadLetter, LetterBound, LetterReason, WhenSlow};
pub(crate) use post::Letters;
pub use subscriber::DeadLetters;
