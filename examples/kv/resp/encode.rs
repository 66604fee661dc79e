//! Replies, appended to a buffer.

use crate::decimal::Decimal;

/// A status: `+OK`. The text must hold no line end.
pub(crate) fn simple(out: &mut Vec<u8>, text: &str) {
    debug_assert!(!text.contains(['\r', '\n']), "a status is one line");
    out.reserve(text.len() + 3);
    out.push(b'+');
    out.extend_from_slice(text.as_bytes());
    out.extend_from_slice(b"\r\n");
}

/// The status that most commands answer with.
pub(crate) fn ok(out: &mut Vec<u8>) {
    out.extend_from_slice(b"+OK\r\n");
}

/// An error: `-ERR ..`, made of `parts`. Line ends inside become blanks, as in Redis, because
/// parts may repeat what the client sent.
pub(crate) fn error(out: &mut Vec<u8>, parts: &[&[u8]]) {
    out.push(b'-');
    for part in parts {
        out.extend(
            part.iter().map(|&byte| if matches!(byte, b'\r' | b'\n') { b' ' } else { byte }),
        );
    }
    out.extend_from_slice(b"\r\n");
}

/// An integer: `:7`.
pub(crate) fn integer(out: &mut Vec<u8>, number: i64) {
    header(out, b':', number);
}

/// A string of any bytes: `$3\r\nabc`.
pub(crate) fn bulk(out: &mut Vec<u8>, value: &[u8]) {
    // One growth for header, value and line end.
    out.reserve(value.len() + 16);
    header(out, b'$', length(value.len()));
    out.extend_from_slice(value);
    out.extend_from_slice(b"\r\n");
}

/// The absent string: `$-1`.
pub(crate) fn null(out: &mut Vec<u8>) {
    out.extend_from_slice(b"$-1\r\n");
}

/// A string, or its absence.
pub(crate) fn bulk_or_null(out: &mut Vec<u8>, value: Option<&[u8]>) {
    match value {
        Some(value) => bulk(out, value),
        None => null(out),
    }
}

/// The head of an array; its `len` elements follow.
pub(crate) fn array(out: &mut Vec<u8>, len: usize) {
    header(out, b'*', length(len));
}

fn header(out: &mut Vec<u8>, kind: u8, number: i64) {
    if let Ok(digit @ 0..=9) = u8::try_from(number) {
        // Most headers and most counts have one digit.
        out.extend_from_slice(&[kind, b'0' + digit, b'\r', b'\n']);
        return;
    }
    out.push(kind);
    out.extend_from_slice(Decimal::new(number).as_bytes());
    out.extend_from_slice(b"\r\n");
}

fn length(len: usize) -> i64 {
    // No allocation of Rust is longer than isize::MAX.
    len as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = b"before".to_vec();
        write(&mut out);
        let text = String::from_utf8(out).unwrap();
        text.strip_prefix("before").expect("writers append").to_owned()
    }

    #[test]
    fn every_kind_of_reply() {
        assert_eq!(encoded(|out| simple(out, "PONG")), "+PONG\r\n");
        assert_eq!(encoded(ok), "+OK\r\n");
        assert_eq!(encoded(null), "$-1\r\n");
        assert_eq!(encoded(|out| bulk(out, b"")), "$0\r\n\r\n");
        assert_eq!(encoded(|out| bulk(out, b"a\r\nb")), "$4\r\na\r\nb\r\n");
        assert_eq!(encoded(|out| bulk(out, &[b'x'; 10])), "$10\r\nxxxxxxxxxx\r\n");
        assert_eq!(encoded(|out| bulk_or_null(out, None)), "$-1\r\n");
        assert_eq!(encoded(|out| bulk_or_null(out, Some(b"v"))), "$1\r\nv\r\n");
        assert_eq!(encoded(|out| array(out, 0)), "*0\r\n");
        assert_eq!(encoded(|out| array(out, 1_048_576)), "*1048576\r\n");
        for (number, text) in [(0, "0"), (9, "9"), (10, "10"), (-1, "-1"), (256, "256")] {
            assert_eq!(encoded(|out| integer(out, number)), format!(":{text}\r\n"));
        }
        assert_eq!(encoded(|out| integer(out, i64::MIN)), ":-9223372036854775808\r\n");
    }

    #[test]
    fn an_error_stays_on_one_line() {
        let reply = encoded(|out| error(out, &[b"ERR bad '", b"a\r\nb\n", b"'"]));
        assert_eq!(reply, "-ERR bad 'a  b '\r\n");
    }
}
