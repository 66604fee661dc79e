//! The parser, and the server without sockets behind it, against streams that nobody would write.
//!
//! A stream of the corpus is changed at random, with a grasp of what matters in one (lengths, line
//! ends, whole frames), and fed twice: in one piece, and cut at random. Both must come to the same,
//! and the replies must be whole ones. `KV_FUZZ=1000000 cargo test --release --example kv fuzz` takes
//! longer; a stream that fails is printed, and belongs into `tests/corpus` when it is understood.

use super::Rng;
use super::machine::{Machine, Way};
use super::reply;
use crate::resp::{Decoder, Limits, ProtocolError};

/// Streams that are or were of interest, as files.
const CORPUS: [&[u8]; 8] = [
    include_bytes!("corpus/arrays"),
    include_bytes!("corpus/inline"),
    include_bytes!("corpus/quotes"),
    include_bytes!("corpus/empty"),
    include_bytes!("corpus/lengths"),
    include_bytes!("corpus/types"),
    include_bytes!("corpus/transactions"),
    include_bytes!("corpus/handshake"),
];

/// Small ones, so that random lengths meet them.
const LIMITS: Limits = Limits { args_max: 50, bulk_bytes_max: 1_500, command_bytes_max: 4_000 };

/// Streams for each seed that the suite runs.
const STREAMS: u64 = 40_000;

/// What a stream came to: its commands as they were read, and why it was lost.
type Outcome = (Vec<Vec<Vec<u8>>>, Option<ProtocolError>);

fn decode(stream: &[u8], cuts: &[usize]) -> Outcome {
    let mut decoder = Decoder::new(LIMITS);
    let (mut unread, mut commands) = (Vec::new(), Vec::new());
    for pair in cuts.windows(2) {
        unread.extend_from_slice(&stream[pair[0]..pair[1]]);
        let mut batch = decoder.batch(&unread);
        loop {
            match batch.next_command() {
                Ok(Some(args)) => commands.push(args.iter().map(<[u8]>::to_vec).collect()),
                Ok(None) => break,
                Err(error) => return (commands, Some(error)),
            }
        }
        let consumed = batch.consumed();
        unread.drain(..consumed);
    }
    (commands, None)
}

/// One stream, whole and cut.
fn check(stream: &[u8], rng: &mut Rng) {
    let shown = || stream.escape_ascii().to_string();
    let mut cuts: Vec<usize> =
        (0..rng.below(6)).map(|_| rng.below(stream.len() as u64 + 1) as usize).collect();
    cuts.extend([0, stream.len()]);
    cuts.sort_unstable();
    let whole = decode(stream, &[0, stream.len()]);
    assert_eq!(whole, decode(stream, &cuts), "cut at {cuts:?}: {}", shown());
    for command in &whole.0 {
        assert!(!command.is_empty() && command.len() <= LIMITS.args_max as usize, "{}", shown());
    }
    let mut machine = Machine::with_limits(3, Way::Mixed, LIMITS);
    let answer: Vec<u8> =
        cuts.windows(2).flat_map(|pair| machine.feed(1_000, &stream[pair[0]..pair[1]])).collect();
    // Panics where one is not whole.
    let replies = reply::split(&answer);
    // A command has a reply at least (`SUBSCRIBE` has more), and so has an error of the stream.
    let expected = whole.0.len() + usize::from(whole.1.is_some());
    assert!(machine.is_closed() || replies.len() >= expected, "{}", shown());
}

/// A stream that is like one of the corpus, or like two.
fn stream(rng: &mut Rng) -> Vec<u8> {
    let mut stream = rng.pick(&CORPUS).to_vec();
    if rng.below(4) == 0 {
        let at = rng.below(stream.len() as u64 + 1) as usize;
        stream.splice(at..at, rng.pick(&CORPUS).iter().copied());
    }
    for _ in 0..rng.below(6) {
        let at = rng.below(stream.len() as u64 + 1) as usize;
        let end = (at + rng.below(20) as usize).min(stream.len());
        match rng.below(7) {
            0 => stream.truncate(at),
            1 => drop(stream.drain(at..end)),
            2 => {
                let again = stream[at..end].to_vec();
                stream.splice(at..at, again);
            }
            3 if at < stream.len() => stream[at] = rng.below(256) as u8,
            4 if at < stream.len() && stream[at].is_ascii_digit() => {
                stream[at] = b'0' + rng.below(10) as u8;
            }
            _ => {
                let pieces: [&[u8]; 14] = [
                    b"\r\n",
                    b"\n",
                    b"\r",
                    b"*",
                    b"$",
                    b"-1",
                    b"0",
                    b"$0\r\n\r\n",
                    b"*1\r\n$4\r\nPING\r\n",
                    b"99999999999999999999",
                    b"\"",
                    b"'",
                    b"\\x",
                    b"\0",
                ];
                stream.splice(at..end.min(at + 1), rng.pick(&pieces).iter().copied());
            }
        }
    }
    stream
}

#[test]
fn streams_of_every_kind() {
    let count = std::env::var("KV_FUZZ").ok().and_then(|count| count.parse().ok());
    let mut rng = Rng::new(0x5eed);
    for seed in CORPUS {
        check(seed, &mut rng);
    }
    for _ in 0..count.unwrap_or(STREAMS) {
        let stream = stream(&mut rng);
        check(&stream, &mut rng);
    }
}
