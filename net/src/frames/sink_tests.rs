//! Batches, as a transport sees them.

use std::future::pending;

use futures_lite::future::{block_on, poll_once};

use super::*;
use crate::codec::{LineError, LinesCodec};

/// Remembers every send.
#[derive(Default)]
struct Sends {
    sends: Vec<String>,
    stuck: bool,
    broken: bool,
}

impl Transmit for Sends {
    async fn send(&mut self, mut data: Vec<u8>) -> io::Result<Vec<u8>> {
        if self.broken {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        self.sends.push(String::from_utf8(data.clone()).unwrap());
        if self.stuck {
            self.broken = true;
            pending::<()>().await;
        }
        data.clear();
        Ok(data)
    }
}

fn flush<E>(sink: &mut FrameSink<Sends, E>) {
    block_on(sink.flush()).unwrap();
}

#[test]
fn a_flush_is_one_send() {
    let mut sink = FrameSink::new(Sends::default(), LinesCodec::new(8));
    flush(&mut sink);
    for line in ["a", "b", "c"] {
        sink.feed(line).unwrap();
    }
    assert_eq!(sink.pending_bytes(), 6);
    flush(&mut sink);
    flush(&mut sink);
    sink.feed("d").unwrap();
    flush(&mut sink);
    assert_eq!(sink.into_inner().sends, ["a\nb\nc\n", "d\n"]);
}

#[test]
fn a_full_batch_gives_the_frame_back() {
    let mut sink = FrameSink::with_batch_bytes(Sends::default(), LinesCodec::new(8), 4);
    sink.feed("abc".to_owned()).unwrap();
    let full = sink.feed("d".to_owned());
    assert_eq!(full, Err(FeedError::Full("d".to_owned())));
    flush(&mut sink);
    sink.feed("d".to_owned()).unwrap();
    // Less than full: one more may go over.
    sink.feed("efghij".to_owned()).unwrap();
    flush(&mut sink);
    assert_eq!(sink.into_inner().sends, ["abc\n", "d\nefghij\n"]);
}

#[test]
fn an_empty_batch_takes_a_frame_whatever_its_bound() {
    let mut sink = FrameSink::with_batch_bytes(Sends::default(), LinesCodec::new(8), 0);
    sink.feed("a").unwrap();
    assert_eq!(sink.feed("b"), Err(FeedError::Full("b")));
    flush(&mut sink);
    sink.feed("b").unwrap();
}

/// Writes half an item and then fails.
struct Halfway;

impl Encode<&str> for Halfway {
    type Error = LineError;

    fn encode(&mut self, item: &str, out: &mut Vec<u8>) -> Result<(), LineError> {
        out.extend_from_slice(&item.as_bytes()[..item.len() / 2]);
        if item == "refused" {
            return Err(LineError::LineBreak);
        }
        out.extend_from_slice(&item.as_bytes()[item.len() / 2..]);
        Ok(())
    }
}

#[test]
fn a_frame_that_cannot_be_encoded_leaves_the_batch_as_it_was() {
    let mut sink = FrameSink::new(Sends::default(), Halfway);
    sink.feed("one").unwrap();
    assert_eq!(sink.feed("refused"), Err(FeedError::Codec(LineError::LineBreak)));
    sink.feed("two").unwrap();
    flush(&mut sink);
    assert_eq!(sink.into_inner().sends, ["onetwo"]);
}

#[test]
fn a_dropped_flush_is_not_followed_by_another() {
    let mut sink = FrameSink::new(Sends { stuck: true, ..Sends::default() }, LinesCodec::new(8));
    sink.feed("first").unwrap();
    assert!(block_on(poll_once(sink.flush())).is_none());
    sink.feed("second").unwrap();
    assert_eq!(block_on(sink.flush()).unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    assert_eq!(sink.into_inner().sends, ["first\n"]);
}

#[test]
fn the_buffer_is_used_again_unless_it_has_grown_out_of_proportion() {
    let mut sink = FrameSink::with_batch_bytes(Sends::default(), LinesCodec::new(1 << 20), 64);
    sink.feed("a").unwrap();
    flush(&mut sink);
    assert!(sink.batch.capacity() > 0, "a buffer of normal size was thrown away");
    sink.feed("x".repeat(1 << 20)).unwrap();
    flush(&mut sink);
    assert_eq!(sink.batch.capacity(), 0, "a huge buffer is kept");
}

/// The loop that every writer of many frames needs.
#[test]
fn feeding_and_flushing_compose() {
    async fn send_all(sink: &mut FrameSink<Sends, LinesCodec>, lines: &[&str]) -> io::Result<()> {
        for line in lines {
            while let Err(FeedError::Full(_)) = sink.feed(*line) {
                sink.flush().await?;
            }
        }
        sink.flush().await
    }
    let mut sink = FrameSink::with_batch_bytes(Sends::default(), LinesCodec::new(8), 4);
    block_on(send_all(&mut sink, &["ab", "cd", "ef"])).unwrap();
    assert_eq!(sink.into_inner().sends, ["ab\ncd\n", "ef\n"]);
}
