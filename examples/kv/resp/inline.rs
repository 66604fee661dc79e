//! Inline commands: one line of words, for people at a terminal.
//!
//! Redis's quoting: blanks part words; `"..."` understands `\n \r \t \b \a \xHH` and takes any
//! other escaped byte as itself; `'...'` understands `\'` only. A quote may open in the middle of
//! a word, but it must close at the end of one.

use super::ProtocolError;
use super::args::Span;

/// Splits `line`: words are unquoted into `bytes`, their places appended to `spans`.
///
/// # Errors
///
/// [`ProtocolError::UnbalancedQuotes`].
pub(super) fn split(
    line: &[u8],
    bytes: &mut Vec<u8>,
    spans: &mut Vec<Span>,
) -> Result<(), ProtocolError> {
    let mut rest = skip_blanks(line);
    while !rest.is_empty() {
        let start = bytes.len();
        rest = skip_blanks(word(rest, bytes)?);
        // A line has at most 64 KiB, and unquoting only shortens it.
        spans.push(Span { start: start as u32, len: (bytes.len() - start) as u32 });
    }
    Ok(())
}

/// Unquotes the word that `rest` begins with; returns what follows it.
fn word<'a>(mut rest: &'a [u8], bytes: &mut Vec<u8>) -> Result<&'a [u8], ProtocolError> {
    loop {
        match rest {
            [] | [b' ' | b'\n' | b'\r' | b'\t', ..] => return Ok(rest),
            [b'"', quoted @ ..] => return closed(double_quoted(quoted, bytes)?),
            [b'\'', quoted @ ..] => return closed(single_quoted(quoted, bytes)?),
            [byte, after @ ..] => {
                bytes.push(*byte);
                rest = after;
            }
        }
    }
}

fn double_quoted<'a>(mut rest: &'a [u8], bytes: &mut Vec<u8>) -> Result<&'a [u8], ProtocolError> {
    loop {
        let (byte, after) = match rest {
            [] => return Err(ProtocolError::UnbalancedQuotes),
            [b'"', after @ ..] => return Ok(after),
            [b'\\', b'x', high, low, after @ ..]
                if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() =>
            {
                (nibble(*high) << 4 | nibble(*low), after)
            }
            [b'\\', escaped, after @ ..] => (unescape(*escaped), after),
            [byte, after @ ..] => (*byte, after),
        };
        bytes.push(byte);
        rest = after;
    }
}

fn single_quoted<'a>(mut rest: &'a [u8], bytes: &mut Vec<u8>) -> Result<&'a [u8], ProtocolError> {
    loop {
        let (byte, after) = match rest {
            [] => return Err(ProtocolError::UnbalancedQuotes),
            [b'\'', after @ ..] => return Ok(after),
            [b'\\', b'\'', after @ ..] => (b'\'', after),
            [byte, after @ ..] => (*byte, after),
        };
        bytes.push(byte);
        rest = after;
    }
}

/// What follows a closing quote must be the end of the word.
fn closed(rest: &[u8]) -> Result<&[u8], ProtocolError> {
    match rest.first() {
        Some(&byte) if !is_blank(byte) => Err(ProtocolError::UnbalancedQuotes),
        _ => Ok(rest),
    }
}

fn unescape(byte: u8) -> u8 {
    match byte {
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'b' => 0x08,
        b'a' => 0x07,
        other => other,
    }
}

/// The value of a hexadecimal digit.
fn nibble(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        _ => (digit | 0x20) - b'a' + 10,
    }
}

fn skip_blanks(line: &[u8]) -> &[u8] {
    let blanks = line.iter().take_while(|&&byte| is_blank(byte)).count();
    &line[blanks..]
}

/// What C calls `isspace`.
fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &[u8]) -> Result<Vec<Vec<u8>>, ProtocolError> {
        let (mut bytes, mut spans) = (Vec::new(), Vec::new());
        split(line, &mut bytes, &mut spans)?;
        Ok(super::super::Args::new(&bytes, &spans).iter().map(<[u8]>::to_vec).collect())
    }

    #[test]
    fn words_and_quotes() {
        let table: [(&[u8], &[&[u8]]); 16] = [
            (b"", &[]),
            (b" \t \x0b\x0c", &[]),
            (b"PING", &[b"PING"]),
            (b"  SET  key\tvalue ", &[b"SET", b"key", b"value"]),
            (br#"SET k "a b""#, &[b"SET", b"k", b"a b"]),
            (br#"SET k 'a b'"#, &[b"SET", b"k", b"a b"]),
            (br#""" ''"#, &[b"", b""]),
            (br#"a"b c" d"#, &[b"ab c", b"d"]),
            (br"a'b c' d", &[b"ab c", b"d"]),
            (br#""\n\r\t\b\a\\\"\q""#, &[b"\n\r\t\x08\x07\\\"q"]),
            (br#""\x41\xfF\x4\xzz""#, &[b"A\xffx4xzz"]),
            (br"'\n\'\x41'", &[br"\n'\x41"]),
            (br#"\n "it's""#, &[br"\n", b"it's"]),
            (b"a\x0bb", &[b"a\x0bb"]),
            (b"\"a\"\x0bb", &[b"a", b"b"]),
            (b"caf\xc3\xa9 \x00", &[b"caf\xc3\xa9", b"\x00"]),
        ];
        for (line, expected) in table {
            assert_eq!(words(line).unwrap(), expected, "{}", line.escape_ascii());
        }
    }

    #[test]
    fn unbalanced_quotes() {
        let table: [&[u8]; 8] = [
            br#"""#,
            br"'",
            br#"SET k "a"#,
            br#""a"b"#,
            br"'a'b",
            br#""a\""#,
            br"'a\'",
            br#""a"'b'"#,
        ];
        for line in table {
            let error = words(line).unwrap_err();
            assert_eq!(error, ProtocolError::UnbalancedQuotes, "{}", line.escape_ascii());
        }
    }
}
