//! What only a ring that is made smaller, or does without something, can show.

mod ends;
mod fallbacks;
mod full_queues;
mod linked;
mod messages;
mod rig;
mod sends;
mod zero_copy;
