//! RESP, the protocol between a Redis client and its server.
//!
//! A request is an array of bulk strings (`*2\r\n$3\r\nGET\r\n$1\r\nk\r\n`) or, for people at a
//! terminal, one line of words. Replies are typed by their first byte. Clients *pipeline*: they
//! send many requests without waiting, so one read may hold hundreds of commands and end in the
//! middle of one. Both directions therefore work on plain byte buffers that the connection owns:
//! the decoder points into the buffer it was given and remembers only where it stopped; the
//! writer appends. Neither does I/O. A client that sends `HELLO 3` is answered in RESP3.
//!
//! The rules are those of Redis 7.0, including the text of its protocol errors. Protocol:
//! <https://redis.io/docs/latest/develop/reference/protocol-spec/>.

mod args;
mod decode;
mod error;
mod inline;
mod limits;
mod owned;
mod protocol;
mod writer;

pub(crate) use args::Args;
pub(crate) use decode::Decoder;
pub(crate) use error::ProtocolError;
pub(crate) use limits::Limits;
pub(crate) use owned::{ArgsList, ArgsPlace, OwnedArgs};
pub(crate) use protocol::Protocol;
pub(crate) use writer::Writer;
