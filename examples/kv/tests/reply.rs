//! Cutting a stream of replies into replies.

/// The length in bytes of the reply at the start of `bytes`, if it is complete.
pub(super) fn len(bytes: &[u8]) -> Option<usize> {
    let line = bytes.windows(2).position(|pair| pair == b"\r\n")? + 2;
    let number = || -> i64 { std::str::from_utf8(&bytes[1..line - 2]).unwrap().parse().unwrap() };
    match bytes[0] {
        b'+' | b'-' | b':' | b',' | b'_' => Some(line),
        b'$' | b'=' => {
            let end = usize::try_from(number()).map_or(line, |len| line + len + 2);
            (bytes.len() >= end).then_some(end)
        }
        b'*' | b'~' | b'>' => elements(number(), bytes, line),
        b'%' => elements(number() * 2, bytes, line),
        kind => panic!("no reply begins with {:?}", char::from(kind)),
    }
}

/// The end of an array of `count` elements that begin at `start`.
fn elements(count: i64, bytes: &[u8], start: usize) -> Option<usize> {
    (0..count.max(0)).try_fold(start, |end, _| Some(end + len(&bytes[end..])?))
}

/// The head of an array, and its elements; none for any other reply.
pub(super) fn array(reply: &[u8]) -> (&[u8], Vec<Vec<u8>>) {
    let line = reply.windows(2).position(|pair| pair == b"\r\n").unwrap() + 2;
    match reply[0] {
        b'*' | b'~' | b'>' | b'%' => (&reply[..line], split(&reply[line..])),
        _ => (reply, Vec::new()),
    }
}

/// The replies that `bytes` consists of.
pub(super) fn split(mut bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut replies = Vec::new();
    while let Some(len) = len(bytes) {
        replies.push(bytes[..len].to_vec());
        bytes = &bytes[len..];
    }
    assert!(bytes.is_empty(), "half a reply: {}", bytes.escape_ascii());
    replies
}
