//! Replies, appended to a buffer.

use super::Protocol;
use crate::decimal::Decimal;
use crate::float;

/// The replies of one connection: the bytes, and the protocol in which they are spelled.
///
/// RESP3 has kinds of replies that RESP2 has not. Each of them has one writer here, which spells it
/// for the protocol that the client chose: a map as names and values in turn, a set and a push as
/// an array, a double as text.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    bytes: Vec<u8>,
    protocol: Protocol,
}

impl Writer {
    /// No replies yet.
    pub(crate) fn new(protocol: Protocol) -> Self {
        Self { bytes: Vec::new(), protocol }
    }

    /// The protocol of what is written from now on.
    pub(crate) fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// Changes the protocol of what is written from now on.
    pub(crate) fn set_protocol(&mut self, protocol: Protocol) {
        self.protocol = protocol;
    }

    /// What was written.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// How many bytes were written.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Takes what was written.
    pub(crate) fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.bytes)
    }

    /// Takes what was written from `start` on, into `text`, which is emptied first.
    pub(crate) fn split_off(&mut self, start: usize, text: &mut Vec<u8>) {
        text.clear();
        text.extend_from_slice(&self.bytes[start..]);
        self.bytes.truncate(start);
    }

    /// Forgets what was written and keeps its memory.
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
    }

    /// Forgets what was written and keeps so many bytes of its memory.
    pub(crate) fn clear_to(&mut self, bytes_kept_max: usize) {
        self.bytes.clear();
        self.bytes.shrink_to(bytes_kept_max);
    }

    /// Writes into that buffer from now on. Nothing may have been written.
    pub(crate) fn reuse(&mut self, buffer: Vec<u8>) {
        debug_assert!(buffer.is_empty() && self.bytes.is_empty());
        self.bytes = buffer;
    }

    /// A reply, or a part of one, that was spelled elsewhere.
    pub(crate) fn raw(&mut self, reply: &[u8]) {
        self.bytes.extend_from_slice(reply);
    }

    /// A status: `+OK`. The text must hold no line end.
    pub(crate) fn simple(&mut self, text: &str) {
        debug_assert!(!text.contains(['\r', '\n']), "a status is one line");
        self.bytes.reserve(text.len() + 3);
        self.bytes.push(b'+');
        self.bytes.extend_from_slice(text.as_bytes());
        self.bytes.extend_from_slice(b"\r\n");
    }

    /// The status that most commands answer with.
    pub(crate) fn ok(&mut self) {
        self.bytes.extend_from_slice(b"+OK\r\n");
    }

    /// An error: `-ERR ..`, made of `parts`. Line ends inside become blanks, as in Redis, because
    /// parts may repeat what the client sent.
    pub(crate) fn error(&mut self, parts: &[&[u8]]) {
        self.bytes.push(b'-');
        for part in parts {
            self.bytes.extend(
                part.iter().map(|&byte| if matches!(byte, b'\r' | b'\n') { b' ' } else { byte }),
            );
        }
        self.bytes.extend_from_slice(b"\r\n");
    }

    /// An integer: `:7`.
    pub(crate) fn integer(&mut self, number: i64) {
        self.header(b':', number);
    }

    /// A count, or whether something holds.
    pub(crate) fn count(&mut self, count: impl TryInto<i64>) {
        // Nothing that is held in memory is counted beyond an i64.
        self.integer(count.try_into().unwrap_or(i64::MAX));
    }

    /// A string of any bytes: `$3\r\nabc`.
    pub(crate) fn bulk(&mut self, value: &[u8]) {
        // One growth for header, value and line end.
        self.bytes.reserve(value.len() + 16);
        self.header(b'$', length(value.len()));
        self.bytes.extend_from_slice(value);
        self.bytes.extend_from_slice(b"\r\n");
    }

    /// The absent string: `$-1`, or RESP3's only null.
    pub(crate) fn null(&mut self) {
        self.by_protocol(b"$-1\r\n", b"_\r\n");
    }

    /// The absent array: `*-1`, or RESP3's only null.
    pub(crate) fn null_array(&mut self) {
        self.by_protocol(b"*-1\r\n", b"_\r\n");
    }

    /// A string, or its absence.
    pub(crate) fn bulk_or_null(&mut self, value: Option<&[u8]>) {
        match value {
            Some(value) => self.bulk(value),
            None => self.null(),
        }
    }

    /// The head of an array; its `len` elements follow.
    pub(crate) fn array(&mut self, len: usize) {
        self.header(b'*', length(len));
    }

    /// The head of a map; its `len` names follow, each with its value.
    pub(crate) fn map(&mut self, len: usize) {
        match self.protocol {
            Protocol::Resp2 => self.header(b'*', length(len * 2)),
            Protocol::Resp3 => self.header(b'%', length(len)),
        }
    }

    /// The head of a set; its `len` members follow, in no order.
    pub(crate) fn set(&mut self, len: usize) {
        self.header(self.kind(b'~'), length(len));
    }

    /// The head of something that nobody has asked for; its `len` elements follow.
    pub(crate) fn push(&mut self, len: usize) {
        self.header(self.kind(b'>'), length(len));
    }

    /// A floating-point number.
    pub(crate) fn double(&mut self, number: f64) {
        let text = float::Text::new(number);
        match self.protocol {
            Protocol::Resp2 => self.bulk(text.as_bytes()),
            Protocol::Resp3 => {
                self.bytes.push(b',');
                self.bytes.extend_from_slice(text.as_bytes());
                self.bytes.extend_from_slice(b"\r\n");
            }
        }
    }

    /// Text for people to read.
    pub(crate) fn verbatim(&mut self, text: &str) {
        match self.protocol {
            Protocol::Resp2 => self.bulk(text.as_bytes()),
            Protocol::Resp3 => {
                self.header(b'=', length(text.len() + 4));
                self.bytes.extend_from_slice(b"txt:");
                self.bytes.extend_from_slice(text.as_bytes());
                self.bytes.extend_from_slice(b"\r\n");
            }
        }
    }

    /// The sign of a kind that RESP2 spells as an array.
    fn kind(&self, sign: u8) -> u8 {
        match self.protocol {
            Protocol::Resp2 => b'*',
            Protocol::Resp3 => sign,
        }
    }

    fn by_protocol(&mut self, resp2: &[u8], resp3: &[u8]) {
        self.bytes.extend_from_slice(match self.protocol {
            Protocol::Resp2 => resp2,
            Protocol::Resp3 => resp3,
        });
    }

    fn header(&mut self, kind: u8, number: i64) {
        if let Ok(digit @ 0..=9) = u8::try_from(number) {
            // Most headers and most counts have one digit.
            self.bytes.extend_from_slice(&[kind, b'0' + digit, b'\r', b'\n']);
            return;
        }
        self.bytes.push(kind);
        self.bytes.extend_from_slice(Decimal::new(number).as_bytes());
        self.bytes.extend_from_slice(b"\r\n");
    }
}

fn length(len: usize) -> i64 {
    // No allocation of Rust is longer than isize::MAX.
    len as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same in RESP2 and in RESP3.
    fn encoded(write: impl Fn(&mut Writer)) -> [String; 2] {
        [Protocol::Resp2, Protocol::Resp3].map(|protocol| {
            let mut out = Writer::new(protocol);
            out.raw(b"before");
            write(&mut out);
            let text = String::from_utf8(out.take()).unwrap();
            text.strip_prefix("before").expect("writers append").to_owned()
        })
    }

    fn alike(text: &str) -> [String; 2] {
        [text.to_owned(), text.to_owned()]
    }

    #[test]
    fn what_both_protocols_have() {
        assert_eq!(encoded(|out| out.simple("PONG")), alike("+PONG\r\n"));
        assert_eq!(encoded(Writer::ok), alike("+OK\r\n"));
        assert_eq!(encoded(|out| out.bulk(b"")), alike("$0\r\n\r\n"));
        assert_eq!(encoded(|out| out.bulk(b"a\r\nb")), alike("$4\r\na\r\nb\r\n"));
        assert_eq!(encoded(|out| out.bulk(&[b'x'; 10])), alike("$10\r\nxxxxxxxxxx\r\n"));
        assert_eq!(encoded(|out| out.bulk_or_null(Some(b"v"))), alike("$1\r\nv\r\n"));
        assert_eq!(encoded(|out| out.array(0)), alike("*0\r\n"));
        assert_eq!(encoded(|out| out.array(1_048_576)), alike("*1048576\r\n"));
        for (number, text) in [(0, "0"), (9, "9"), (10, "10"), (-1, "-1"), (256, "256")] {
            assert_eq!(encoded(|out| out.integer(number)), alike(&format!(":{text}\r\n")));
        }
        assert_eq!(encoded(|out| out.integer(i64::MIN)), alike(":-9223372036854775808\r\n"));
    }

    #[test]
    fn what_each_protocol_spells_its_own_way() {
        let both = |resp2: &str, resp3: &str| [resp2.to_owned(), resp3.to_owned()];
        assert_eq!(encoded(Writer::null), both("$-1\r\n", "_\r\n"));
        assert_eq!(encoded(|out| out.bulk_or_null(None)), both("$-1\r\n", "_\r\n"));
        assert_eq!(encoded(Writer::null_array), both("*-1\r\n", "_\r\n"));
        assert_eq!(encoded(|out| out.map(3)), both("*6\r\n", "%3\r\n"));
        assert_eq!(encoded(|out| out.set(3)), both("*3\r\n", "~3\r\n"));
        assert_eq!(encoded(|out| out.push(3)), both("*3\r\n", ">3\r\n"));
        assert_eq!(encoded(|out| out.double(1.5)), both("$3\r\n1.5\r\n", ",1.5\r\n"));
        assert_eq!(encoded(|out| out.verbatim("a")), both("$1\r\na\r\n", "=5\r\ntxt:a\r\n"));
    }

    #[test]
    fn an_error_stays_on_one_line() {
        let reply = encoded(|out| out.error(&[b"ERR bad '", b"a\r\nb\n", b"'"]));
        assert_eq!(reply, alike("-ERR bad 'a  b '\r\n"));
    }
}
