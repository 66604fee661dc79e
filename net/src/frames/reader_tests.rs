//! Frames from a source that does as it is told.

use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::pin::pin;
use std::task::Waker;

use futures_lite::future::block_on;
use greenroom_core::runtime::Buffer;

use super::*;
use crate::codec::{LineError, LinesCodec};

#[derive(Clone)]
enum Step {
    Chunk(Vec<u8>),
    Wait,
    Fail(io::ErrorKind),
}

/// Takes one step at each poll; at its end of stream from then on.
struct Script(VecDeque<Step>);

impl Script {
    fn of(chunks: &[&str]) -> Self {
        Self(chunks.iter().map(|chunk| Step::Chunk(chunk.as_bytes().to_vec())).collect())
    }
}

impl Receive for Script {
    fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Buffer>> {
        match self.0.pop_front() {
            None => Poll::Ready(Ok(Buffer::new(Vec::new()))),
            Some(Step::Chunk(bytes)) => Poll::Ready(Ok(Buffer::new(bytes))),
            Some(Step::Fail(kind)) => Poll::Ready(Err(kind.into())),
            Some(Step::Wait) => {
                cx.waker().wake_by_ref();
                Poll::Pending
            }
        }
    }
}

/// Never finds an item.
struct Never;

impl Decode for Never {
    type Item = ();
    type Error = LineError;

    fn item_bytes_max(&self) -> usize {
        10
    }

    fn decode(&mut self, _: &mut BytesMut) -> Result<Option<()>, LineError> {
        Ok(None)
    }
}

fn next<R: Receive, D: Decode>(
    frames: &mut Frames<R, D>,
) -> Result<Option<D::Item>, FrameError<D::Error>> {
    block_on(frames.next())
}

#[test]
fn frames_come_out_of_whatever_chunks_there_are() {
    let mut frames =
        Frames::new(Script::of(&["a\nb", "b\n", "cc\ndd\nee", "\n"]), LinesCodec::new(4));
    for line in ["a", "bb", "cc", "dd", "ee"] {
        assert_eq!(next(&mut frames).unwrap().as_deref(), Some(line));
    }
    assert!(next(&mut frames).unwrap().is_none());
    assert!(next(&mut frames).unwrap().is_none(), "the end is not for once");
}

#[test]
fn an_end_within_a_frame_is_an_error() {
    let mut frames = Frames::new(Script::of(&["a\n", "bcd"]), LinesCodec::new(4));
    assert_eq!(next(&mut frames).unwrap().as_deref(), Some("a"));
    assert!(matches!(next(&mut frames), Err(FrameError::Truncated { left: 3 })));
    assert!(next(&mut frames).unwrap().is_none());
}

#[test]
fn the_end_may_complete_a_frame() {
    let codec = LinesCodec::new(4).accept_unterminated();
    let mut frames = Frames::new(Script::of(&["a\n", "bcd"]), codec);
    assert_eq!(next(&mut frames).unwrap().as_deref(), Some("a"));
    assert_eq!(next(&mut frames).unwrap().as_deref(), Some("bcd"));
    assert!(next(&mut frames).unwrap().is_none());
}

#[test]
fn a_decoder_that_finds_nothing_does_not_fill_the_memory() {
    let mut frames = Frames::new(Script::of(&["12345", "67890", "more"]), Never);
    assert!(matches!(next(&mut frames), Err(FrameError::TooLong { buffer_max: 10 })));
    let (source, ..) = frames.into_parts();
    assert_eq!(source.0.len(), 1, "received after the bound was reached");

    let mut frames = Frames::with_buffer_max(Script::of(&["12345", "67890"]), Never, 4);
    assert!(matches!(next(&mut frames), Err(FrameError::TooLong { buffer_max: 4 })));
}

#[test]
fn an_error_is_the_end() {
    let chunk = Step::Chunk(b"a\nb".to_vec());
    let steps = [chunk.clone(), Step::Fail(io::ErrorKind::ConnectionReset), chunk];
    let mut frames = Frames::new(Script(steps.into()), LinesCodec::new(4));
    assert_eq!(next(&mut frames).unwrap().as_deref(), Some("a"));
    let failed = next(&mut frames);
    assert!(
        matches!(&failed, Err(FrameError::Io(e)) if e.kind() == io::ErrorKind::ConnectionReset)
    );
    assert!(next(&mut frames).unwrap().is_none());

    let mut frames = Frames::new(Script::of(&["abcdef\na\n"]), LinesCodec::new(4));
    assert!(matches!(next(&mut frames), Err(FrameError::Codec(LineError::TooLong { .. }))));
    assert!(next(&mut frames).unwrap().is_none(), "read on behind what was refused");
}

#[test]
fn a_dropped_next_loses_nothing() {
    let chunk = |text: &str| Step::Chunk(text.as_bytes().to_vec());
    let steps = [chunk("ab"), Step::Wait, chunk("c\nd"), Step::Wait, Step::Wait, chunk("\n")];
    let mut frames = Frames::new(Script(steps.into()), LinesCodec::new(4));
    let mut lines = Vec::new();
    let mut dropped = 0;
    loop {
        // Polled once and dropped, over and over.
        let polled = pin!(frames.next()).poll(&mut Context::from_waker(Waker::noop()));
        match polled {
            Poll::Pending => dropped += 1,
            Poll::Ready(line) => match line.unwrap() {
                Some(line) => lines.push(line),
                None => break,
            },
        }
    }
    assert_eq!((lines, dropped), (vec!["abc".to_owned(), "d".to_owned()], 3));
}

#[test]
fn the_parts_hold_what_was_not_decoded() {
    let mut frames = Frames::new(Script::of(&["UPGRADE\nbinary", "more"]), LinesCodec::new(8));
    assert_eq!(next(&mut frames).unwrap().as_deref(), Some("UPGRADE"));
    let (source, _, left) = frames.into_parts();
    assert_eq!((&left[..], source.0.len()), (&b"binary"[..], 1));
}
