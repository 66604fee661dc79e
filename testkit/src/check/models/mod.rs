//! Models of things that many programs have.
//!
//! Each is made of parts named by a key; a program with one of them has the key `()`.

mod cas;
mod lock;
mod queue;
mod register;
mod set;
#[cfg(test)]
mod tests;

pub use cas::{Cas, CasOp, CasResult};
pub use lock::{Lock, LockOp};
pub use queue::{Queue, QueueOp, QueueResult};
pub use register::{Register, RegisterOp, RegisterResult};
pub use set::{Set, SetOp};
