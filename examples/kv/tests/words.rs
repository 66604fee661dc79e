//! Commands as words, and when two replies to one are the same.

use super::machine::Machine;
use super::redis::Client;
use super::reply;

/// The words of a command.
pub(super) type Words = Vec<Vec<u8>>;

/// The words of a line. `''` is the empty word, and visible signs stand for bytes that would part
/// words: `␠` for a blank, `␍` and `␊` for a line end, `␀` for a zero byte.
pub(super) fn words(line: &str) -> Words {
    let word = |word: &str| match word {
        "''" => Vec::new(),
        word => {
            let word = word.replace('␠', " ").replace('␍', "\r").replace('␊', "\n");
            word.replace('␀', "\0").into_bytes()
        }
    };
    line.split_whitespace().map(word).collect()
}

/// The command on the wire.
pub(super) fn wire(words: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = format!("*{}\r\n", words.len()).into_bytes();
    for word in words {
        bytes.extend_from_slice(format!("${}\r\n", word.len()).as_bytes());
        bytes.extend_from_slice(word);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes
}

/// Runs `commands` as one pipeline through Redis and through each machine, at Redis's own time,
/// and compares every reply.
pub(super) fn compare(commands: &[Words], redis: &mut Client, machines: &mut [Machine]) {
    let bytes: Vec<u8> = commands.iter().flat_map(|words| wire(words)).collect();
    let now_ms = redis.now_ms();
    let theirs = redis.replies(&bytes, commands.len());
    for machine in machines {
        let ours = reply::split(&machine.feed(now_ms, &bytes));
        assert_alike(commands, &ours, &theirs, &machine.to_string());
    }
}

/// Compares two sequences of replies to `commands`.
pub(super) fn assert_alike(commands: &[Words], ours: &[Vec<u8>], theirs: &[Vec<u8>], whose: &str) {
    assert_eq!(ours.len(), theirs.len());
    for ((words, ours), theirs) in commands.iter().zip(ours).zip(theirs) {
        assert_eq!(
            settled(words, ours).escape_ascii().to_string(),
            settled(words, theirs).escape_ascii().to_string(),
            "{} (ours left, theirs right; {whose})",
            words.join(&b' ').escape_ascii(),
        );
    }
}

/// The reply without what depends on when the command ran or on a hash function: a time to live that
/// is positive counts in units of 10,000 seconds (the tests give keys such times only), what comes in
/// no order is sorted, and connections have no number.
fn settled(words: &[Vec<u8>], reply: &[u8]) -> Vec<u8> {
    let name = words[0].to_ascii_uppercase();
    match name.as_slice() {
        b"TTL" => time_to_live(reply, 10_000),
        b"PTTL" => time_to_live(reply, 10_000_000),
        b"HGETALL" => sorted(reply, 2),
        b"HKEYS" | b"HVALS" | b"SMEMBERS" | b"SINTER" | b"SUNION" | b"SDIFF" | b"SPOP"
        | b"SRANDMEMBER" | b"KEYS" => sorted(reply, 1),
        b"HELLO" | b"EXEC" => without_id(reply),
        _ => reply.to_vec(),
    }
}

fn time_to_live(reply: &[u8], unit: i64) -> Vec<u8> {
    let text = std::str::from_utf8(reply).unwrap();
    match text.trim_end().strip_prefix(':').map(|number| number.parse::<i64>().unwrap()) {
        Some(left) if left > 0 => format!(":{}units\r\n", (left + unit / 2) / unit).into_bytes(),
        _ => reply.to_vec(),
    }
}

/// The reply with its elements, so many at a time, in order.
fn sorted(reply: &[u8], together: usize) -> Vec<u8> {
    let (head, elements) = reply::array(reply);
    let mut elements: Vec<Vec<u8>> = elements.chunks(together).map(<[_]>::concat).collect();
    elements.sort();
    [head, &elements.concat()].concat()
}

fn without_id(reply: &[u8]) -> Vec<u8> {
    let mark = b"\r\nid\r\n:";
    let Some(at) = reply.windows(mark.len()).position(|window| window == mark) else {
        return reply.to_vec();
    };
    let (head, tail) = reply.split_at(at + mark.len());
    let digits = tail.iter().take_while(|byte| byte.is_ascii_digit()).count();
    [head, b"id", &tail[digits..]].concat()
}
