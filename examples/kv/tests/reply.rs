//! Cutting a stream of replies into replies.

/// The length in bytes of the reply at the start of `bytes`, if it is complete.
pub(super) fn len(bytes: &[u8]) -> Option<usize> {
    let line = bytes.windows(2).position(|pair| pair == b"\r\n")? + 2;
    let number = || -> i64 { std::str::from_utf8(&bytes[1..line - 2]).unwrap().parse().unwrap() };
    match bytes[0] {
        b'+' | b'-' | b':' => Some(line),
        b'$' => {
            let end = usize::try_from(number()).map_or(line, |len| line + len + 2);
            (bytes.len() >= end).then_some(end)
        }
        b'*' => (0..number().max(0)).try_fold(line, |end, _| Some(end + len(&bytes[end..])?)),
        kind => panic!("no reply begins with {:?}", char::from(kind)),
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
