//! Streams of bytes as frames see them.

use std::future::Future;
use std::io;
use std::task::{Context, Poll};

use greenroom_core::runtime::Buffer;

/// Where bytes come from: a [`crate::Stream`], its read half, or something around one.
pub trait Receive {
    /// Receives what is there: at least one byte, or an empty buffer at the end of the stream,
    /// from then on every time.
    ///
    /// A poll that is not followed by another loses nothing: what arrives meanwhile is given to
    /// the next one.
    ///
    /// # Errors
    ///
    /// What the transport says.
    fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Buffer>>;
}

/// Where bytes go: a [`crate::Stream`], its write half, or something around one.
pub trait Transmit {
    /// Sends all of `data`, and gives the buffer back, empty, to be filled again.
    ///
    /// # Errors
    ///
    /// What the transport says. A part of `data` may have left: after an error nothing can be sent
    /// any more.
    ///
    /// # Cancel safety
    ///
    /// None: of a send that was dropped under way, a part may have left, and nothing can be sent
    /// any more.
    fn send(&mut self, data: Vec<u8>) -> impl Future<Output = io::Result<Vec<u8>>>;
}

impl<R: Receive + ?Sized> Receive for &mut R {
    fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Buffer>> {
        (**self).poll_receive(cx)
    }
}

impl<T: Transmit + ?Sized> Transmit for &mut T {
    fn send(&mut self, data: Vec<u8>) -> impl Future<Output = io::Result<Vec<u8>>> {
        (**self).send(data)
    }
}
