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

/// The reply without what depends on when the command ran: a time to live that is positive counts
/// in units of 10,000 seconds. The tests give keys such times only.
fn settled(words: &[Vec<u8>], reply: &[u8]) -> Vec<u8> {
    let unit = match words[0].to_ascii_uppercase().as_slice() {
        b"TTL" => 10_000,
        b"PTTL" => 10_000_000,
        _ => return reply.to_vec(),
    };
    let text = std::str::from_utf8(reply).unwrap();
    match text.trim_end().strip_prefix(':').map(|number| number.parse::<i64>().unwrap()) {
        Some(left) if left > 0 => format!(":{}units\r\n", (left + unit / 2) / unit).into_bytes(),
        _ => reply.to_vec(),
    }
}
