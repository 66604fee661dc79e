//! Streams, datagrams, codecs and servers of Greenroom, over the runtime's traits.
//!
//! **This crate has no socket, no ring and no clock.** It knows operations that are submitted with
//! owned data and complete later ([`greenroom_core::runtime::Net`]); which operating system, or
//! which simulated network, carries them out is the driver's business. So everything here runs in
//! the simulator as it does in production.
//!
//! **Dropping a future loses nothing in silence.** An operation belongs to its stream, not to the
//! future that waits for it: a receive or an accept whose future was dropped goes on, and the next
//! one takes its result. The one thing that cannot be taken back is a send of which a part has
//! left; its stream says so and refuses to send more.
//!
//! | to | take |
//! |---|---|
//! | connect, listen | [`TcpStream`], [`TcpListener`] |
//! | the same within a machine, by name | [`UnixStream`], [`UnixListener`] |
//! | send and receive datagrams | [`UdpSocket`] |
//! | read and write from two tasks | [`Stream::split`] |
//! | exchange frames | [`Frames`], [`FrameSink`], with [`LinesCodec`] or [`LengthDelimitedCodec`] |
//! | serve | [`serve()`] |
//! | feed an actor | [`attach()`] |
//! | use a crate written for `AsyncRead` | [`Stream::into_poll`] |
//!
//! A stream belongs to the shard that made it and never leaves it. To use several cores, listen on
//! each shard with [`ListenOptions::reuse_port`].

#![forbid(unsafe_code)]

mod adapter;
mod attach;
mod codec;
#[cfg(feature = "conformance")]
pub mod conformance;
mod frames;
pub mod limits;
mod listener;
mod notice;
mod race;
mod serve;
mod socket;
mod stream;
mod target;
mod transport;
mod udp;
mod unix;

pub use adapter::{PollReader, PollStream, PollWriter};
pub use attach::{AttachEnd, attach};
pub use codec::{
    ByteOrder, Decode, Encode, LengthDelimitedCodec, LengthError, LengthWidth, LineError,
    LinesCodec,
};
pub use frames::{FeedError, FrameError, FrameSink, Frames};
pub use greenroom_core::runtime::{BindOptions, Buffer, ListenOptions, ShutdownSide, UnixAddress};
pub use listener::TcpListener;
pub use serve::{Drained, ServeLimits, Server, ServerCounts, serve};
pub use stream::{ReadHalf, Stream, TcpStream, WriteHalf};
pub use target::Target;
pub use transport::{Receive, Transmit};
pub use udp::{Datagram, UdpSender, UdpSocket};
pub use unix::{UnixListener, UnixStream};
