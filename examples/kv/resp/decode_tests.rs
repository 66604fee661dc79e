//! The decoder against whole, cut and broken streams.

use super::*;

/// One command as its arguments.
type Words = Vec<Vec<u8>>;

/// A decoder with its buffer, as a connection holds them.
struct Stream {
    decoder: Decoder,
    buffer: Vec<u8>,
    commands: Vec<Words>,
    error: Option<ProtocolError>,
}

impl Stream {
    fn new(limits: Limits) -> Self {
        let decoder = Decoder::new(limits);
        Self { decoder, buffer: Vec::new(), commands: Vec::new(), error: None }
    }

    /// Hands over one read; nothing is read after an error.
    fn feed(&mut self, bytes: &[u8]) {
        if self.error.is_some() {
            return;
        }
        self.buffer.extend_from_slice(bytes);
        let mut batch = self.decoder.batch(&self.buffer);
        loop {
            match batch.next_command() {
                Ok(Some(args)) => self.commands.push(args.iter().map(<[u8]>::to_vec).collect()),
                Ok(None) => break,
                Err(error) => {
                    self.error = Some(error);
                    break;
                }
            }
        }
        let consumed = batch.consumed();
        self.buffer.drain(..consumed);
    }

    fn outcome(self) -> (Vec<Words>, Option<ProtocolError>, usize) {
        (self.commands, self.error, self.buffer.len())
    }
}

fn whole(limits: Limits, bytes: &[u8]) -> (Vec<Words>, Option<ProtocolError>, usize) {
    let mut stream = Stream::new(limits);
    stream.feed(bytes);
    stream.outcome()
}

fn words(list: &[&str]) -> Words {
    list.iter().map(|word| word.as_bytes().to_vec()).collect()
}

fn array(args: &[&[u8]]) -> Vec<u8> {
    let mut bytes = format!("*{}\r\n", args.len()).into_bytes();
    for arg in args {
        bytes.extend_from_slice(format!("${}\r\n", arg.len()).as_bytes());
        bytes.extend_from_slice(arg);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes
}

/// Streams of every shape, good ones and broken ones.
fn corpus() -> Vec<Vec<u8>> {
    let long = vec![b'v'; 300];
    let mut corpus = vec![
        array(&[b"PING"]),
        array(&[b"SET", b"key", b"value"]),
        array(&[b"SET", b"", b"\r\n$5\r\n*1\r\n"]),
        array(&[b"SET", b"key", &long]),
        array(&[b"a".as_slice(); 25]),
        b"PING\r\n".to_vec(),
        b"PING\n".to_vec(),
        b"  set k \"a \\x41\" 'b'\r\n".to_vec(),
        b"\r\n\n  \r\n".to_vec(),
        b"*0\r\n*-1\r\n*-7\r\n".to_vec(),
        // Neither Redis nor we look at the byte after `\r`, nor at the two after a string.
        b"*1\rx$4\ryPINGzz".to_vec(),
        b"*1\r\n$-1\r\n".to_vec(),
        b"*1\r\n:4\r\n".to_vec(),
        b"*x\r\n".to_vec(),
        b"set \"a\r\n".to_vec(),
    ];
    corpus.extend([9, 10, 99, 100, 999, 1000].map(|len| array(&[b"ECHO", &vec![b'v'; len]])));
    let batch = corpus[..10].concat();
    corpus.push([batch, b"*3\r\n$3\r\nSET\r\n$1\r\nk".to_vec()].concat());
    corpus
}

#[test]
fn arrays_and_lines() {
    let limits = Limits::default();
    let bytes = array(&[b"SET", b"k", b"a\r\nb"]);
    assert_eq!(whole(limits, &bytes), (vec![words(&["SET", "k", "a\r\nb"])], None, 0));
    let bytes = b"\r\n*0\r\nGET 'a b'\r\n*1\r\n$4\r\nPING\r\n*2\r\n$1";
    let expected = vec![words(&["GET", "a b"]), words(&["PING"])];
    assert_eq!(whole(limits, bytes), (expected, None, 6));
}

#[test]
fn cut_at_every_place() {
    for bytes in corpus() {
        let expected = whole(Limits::default(), &bytes);
        for cut in 0..=bytes.len() {
            let mut stream = Stream::new(Limits::default());
            stream.feed(&bytes[..cut]);
            stream.feed(&bytes[cut..]);
            let (commands, error, left) = stream.outcome();
            assert_eq!((&commands, error), (&expected.0, expected.1), "{}", bytes.escape_ascii());
            // After an error what was read of the stream depends on the cut; before, it must not.
            assert!(error.is_some() || left == expected.2);
        }
    }
}

#[test]
fn byte_by_byte() {
    for bytes in corpus() {
        let expected = whole(Limits::default(), &bytes);
        let mut stream = Stream::new(Limits::default());
        for byte in &bytes {
            stream.feed(&[*byte]);
        }
        assert_eq!((stream.commands, stream.error), (expected.0, expected.1));
    }
}

#[test]
fn a_prefix_is_never_a_command() {
    for bytes in [array(&[b"SET", b"key", b"value"]), b"set key value\n".to_vec()] {
        for cut in 0..bytes.len() {
            assert_eq!(whole(Limits::default(), &bytes[..cut]), (vec![], None, cut));
        }
        assert_eq!(whole(Limits::default(), &bytes).0.len(), 1);
    }
}

#[test]
fn a_long_pipeline() {
    let mut bytes = Vec::new();
    let mut expected = Vec::new();
    for number in 0..1000 {
        let key = format!("key:{number}");
        if number % 7 == 0 {
            bytes.extend_from_slice(format!("GET {key}\r\n").as_bytes());
            expected.push(words(&["GET", &key]));
        } else {
            bytes.extend(array(&[b"SET", key.as_bytes(), &vec![b'x'; number % 90]]));
            expected.push(words(&["SET", &key, &"x".repeat(number % 90)]));
        }
    }
    for size in [1, 2, 3, 5, 17, 64, 1000, 16 * 1024, bytes.len()] {
        let mut stream = Stream::new(Limits::default());
        for read in bytes.chunks(size) {
            stream.feed(read);
        }
        assert_eq!(stream.outcome(), (expected.clone(), None, 0), "reads of {size} bytes");
    }
}

#[test]
fn protocol_errors() {
    use ProtocolError as E;
    let table: [(&[u8], E); 20] = [
        (b"*1048577\r\n", E::MultibulkLength),
        (b"*99999999999999999999\r\n", E::MultibulkLength),
        (b"*\r\n", E::MultibulkLength),
        (b"*01\r\n", E::MultibulkLength),
        (b"*+1\r\n", E::MultibulkLength),
        (b"* 1\r\n", E::MultibulkLength),
        (b"*1x\r\n", E::MultibulkLength),
        (b"*1\r\n$-1\r\n", E::BulkLength),
        (b"*1\r\n$536870913\r\n", E::BulkLength),
        (b"*1\r\n$99999999999999999999\r\n", E::BulkLength),
        (b"*1\r\n$\r\n", E::BulkLength),
        (b"*1\r\n$00\r\n", E::BulkLength),
        (b"*00\r\n", E::MultibulkLength),
        (b"*1\r\n$04\r\nPING\r\n", E::BulkLength),
        (b"*1\r\nx3\r\n", E::ExpectedBulk(b'x')),
        (b"*1\r\n:3\r\n", E::ExpectedBulk(b':')),
        (b"*1\r\n\r\r\n", E::ExpectedBulk(b'\r')),
        (b"*2\r\n$1\r\na\r\n*1\r\n", E::ExpectedBulk(b'*')),
        (b"get \"a\n", E::UnbalancedQuotes),
        (b"get 'a'b\n", E::UnbalancedQuotes),
    ];
    for (bytes, error) in table {
        let stream = [array(&[b"PING"]), bytes.to_vec()].concat();
        let outcome = whole(Limits::default(), &stream);
        assert_eq!(outcome.0, [words(&["PING"])], "the command before is good");
        assert_eq!(outcome.1, Some(error), "{}", bytes.escape_ascii());
    }
}

#[test]
fn a_lost_stream_stays_lost() {
    let mut decoder = Decoder::new(Limits::default());
    let error = Some(ProtocolError::BulkLength);
    assert_eq!(decoder.batch(b"*1\r\n$-1\r\n$4\r\nPING\r\n").next_command().err(), error);
    assert_eq!(decoder.batch(b"PING\r\n").next_command().err(), error);
}

#[test]
fn a_line_ends_within_64_kib() {
    use ProtocolError as E;
    let table: [(&[u8], &[u8], E); 3] = [
        (b"", b"\n", E::InlineTooBig),
        (b"*", b"\r\n", E::MultibulkHeaderTooBig),
        (b"*1\r\n$", b"\r\n", E::BulkHeaderTooBig),
    ];
    for (head, end, error) in table {
        let line_start = if head.len() > 1 { 4 } else { 0 };
        let fill = LINE_BYTES_MAX + line_start - head.len();
        let longest = [head, &vec![b'1'; fill], end].concat();
        // The longest line is read, although as a number it is refused for another reason.
        assert_ne!(whole(Limits::default(), &longest).1, Some(error));
        let longer = [head, &vec![b'1'; fill + 1], end].concat();
        assert_eq!(whole(Limits::default(), &longer).1, Some(error));
        // The same verdict when the end never comes, and at the same byte.
        let mut stream = Stream::new(Limits::default());
        let endless = longer.len() - end.len();
        stream.feed(&longer[..endless - 1]);
        assert_eq!(stream.error, None);
        stream.feed(&longer[endless - 1..endless]);
        assert_eq!(stream.error, Some(error));
    }
}

#[test]
fn a_command_has_a_size_limit() {
    let limits = Limits { args_max: 4, bulk_bytes_max: 40, command_bytes_max: 60 };
    let fits = array(&[b"SET", b"key", &[b'v'; 31]]);
    assert_eq!(fits.len(), 60);
    for (len, error) in [(30, None), (31, None), (32, Some(ProtocolError::CommandTooBig))] {
        let bytes = array(&[b"SET", b"key", &vec![b'v'; len]]);
        assert_eq!(whole(limits, &bytes).1, error, "{} bytes", bytes.len());
        // The header is enough: nobody waits for what would be refused.
        assert_eq!(whole(limits, &bytes[..bytes.len() - len - 2]).1, error);
        let mut stream = Stream::new(limits);
        bytes.iter().for_each(|byte| stream.feed(&[*byte]));
        assert_eq!(stream.error, error);
    }
    assert_eq!(whole(limits, b"*1\r\n$41\r\n").1, Some(ProtocolError::BulkLength));
    assert_eq!(whole(limits, b"*5\r\n").1, Some(ProtocolError::MultibulkLength));
    assert_eq!(whole(limits, &[b'x'; 59]).1, Some(ProtocolError::CommandTooBig));
    // The limit is for one command, not for what is pipelined behind it.
    assert_eq!(whole(limits, &fits.repeat(5)).0.len(), 5);
}

#[test]
fn memory_follows_what_arrived() {
    let mut decoder = Decoder::new(Limits::default());
    assert!(decoder.batch(b"*1048576\r\n$536870912\r\n").next_command().unwrap().is_none());
    assert!(decoder.spans.capacity() <= 8, "announced, not sent");

    let many = array(&vec![b"x".as_slice(); SPANS_KEPT_MAX * 4]);
    let mut decoder = Decoder::new(Limits::default());
    let mut batch = decoder.batch(&many);
    assert_eq!(batch.next_command().unwrap().unwrap().len(), SPANS_KEPT_MAX * 4);
    assert!(decoder.batch(b"PING\r\n").next_command().unwrap().is_some());
    assert!(decoder.spans.capacity() <= SPANS_KEPT_MAX * 2, "given back by the next command");
}
