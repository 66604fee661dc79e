//! What users hold: refs to actors, futures of what they asked for, and the system itself.
//!
//! One file a verb: the handle is where a framework grows a monster.

mod actor_ref;
mod call;
mod cast;
mod end;
mod gather;
mod health;
mod if_up;
mod monitored;
mod outside;
mod placement;
mod recipient;
mod room;
mod send;
mod spawn;
mod system;

pub use actor_ref::{ActorRef, RefError};
pub use call::{Call, CallError, CallPath};
pub use cast::CastError;
pub use end::Exit;
pub(crate) use end::exit_of;
pub use gather::Gathered;
pub(crate) use gather::await_each;
pub use monitored::MonitoredSpawn;
pub use outside::{Outside, OutsideError, SystemHandle};
pub use placement::Placement;
pub use recipient::Recipient;
pub use send::{Send, SendError};
pub(crate) use spawn::{News, Started, spawn_from};
pub use spawn::{Spawn, SpawnError};
pub use system::System;
