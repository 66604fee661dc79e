//! A connection: two halves of one socket.
//!
//! Each half keeps the operation it has under way, so the futures that wait for it may come and
//! go:
//!
//! * **A receive** whose future was dropped goes on. What it brings waits in the half for the next
//!   receive: no byte is lost, none comes twice.
//! * **A send** whose future was dropped cannot go on, since nobody would bring the rest, and
//!   cannot be undone. The half is then *torn*: the peer has a prefix of what was sent, and
//!   whatever followed would be taken for the rest of it. A torn half refuses to send; the
//!   connection is of no use any more but to be closed. The same holds after a send that failed.
//!
//! The socket is closed when both halves are gone.

mod read;
mod whole;
mod write;

pub use read::ReadHalf;
pub use whole::{Stream, TcpStream};
pub use write::WriteHalf;
