//! Reading a trace file.

use std::collections::BTreeMap;

/// One event; the file's layout is that of `greenroom_testkit::Record`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Record {
    pub(crate) seq: u64,
    /// Virtual time in nanoseconds.
    pub(crate) time: u64,
    pub(crate) node: u16,
    /// [`NO_SHARD`] for an event of a node.
    pub(crate) shard: u16,
    pub(crate) kind: u16,
    pub(crate) detail: u16,
    pub(crate) actor: u32,
    /// How many events ago its cause happened; 0 when that is not known.
    pub(crate) cause: u32,
}

/// The shard of an event that happened on none.
pub(crate) const NO_SHARD: u16 = u16::MAX;

/// Bytes of a record in a file.
const RECORD_BYTES: usize = 32;

/// That an actor was spawned.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Name {
    /// How many events there were before.
    pub(crate) since: u64,
    pub(crate) node: u16,
    pub(crate) shard: u16,
    pub(crate) slot: u32,
    pub(crate) name: String,
}

/// That the run failed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Mishap {
    /// The last event before it did.
    pub(crate) at: u64,
    pub(crate) message: String,
}

/// A trace as it was read.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(crate) struct Trace {
    pub(crate) test: String,
    pub(crate) seed: u64,
    pub(crate) policy: String,
    pub(crate) hash: String,
    /// How many shards each node has.
    pub(crate) shards: Vec<u16>,
    /// How many events the run had.
    pub(crate) events: u64,
    pub(crate) mishap: Option<Mishap>,
    pub(crate) kinds: BTreeMap<u16, String>,
    pub(crate) faults: BTreeMap<u32, String>,
    pub(crate) names: Vec<Name>,
    /// The last events of the run, one after the other.
    pub(crate) records: Vec<Record>,
}

const MAGIC: &str = "greenroom trace 1";

impl Trace {
    /// Reads a file.
    ///
    /// # Errors
    ///
    /// What makes it no trace.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, String> {
        let end = bytes.windows(2).position(|two| two == b"\n\n");
        let head = end.and_then(|end| str::from_utf8(&bytes[..end]).ok());
        let (Some(end), Some(head)) = (end, head) else { return Err(no_trace()) };
        let mut lines = head.lines();
        if lines.next() != Some(MAGIC) {
            return Err(no_trace());
        }
        let mut trace = Self::default();
        let mut count = None;
        for (number, line) in (2..).zip(lines) {
            match line.split_once(' ').unwrap_or((line, "")) {
                ("records", rest) => count = rest.parse::<usize>().ok(),
                (word, rest) => trace
                    .take(word, rest)
                    .ok_or_else(|| format!("line {number} is none of a trace: {line}"))?,
            }
        }
        let body = &bytes[end + 2..];
        let (records, rest) = body.as_chunks::<RECORD_BYTES>();
        if count != Some(records.len()) || !rest.is_empty() {
            let bytes = body.len();
            return Err(format!("the file is cut: {count:?} records are in {bytes} bytes"));
        }
        trace.records = records.iter().map(record).collect();
        let mut numbers = trace.records.windows(2);
        match numbers.find(|pair| pair[1].seq != pair[0].seq + 1) {
            Some(pair) => Err(format!("event {} follows on {}", pair[1].seq, pair[0].seq)),
            None => Ok(trace),
        }
    }

    /// Takes a line of the head. `None` when it makes no sense; a word of a later version does.
    fn take(&mut self, word: &str, rest: &str) -> Option<()> {
        match word {
            "test" => self.test = unescaped(rest),
            "seed" => self.seed = u64::from_str_radix(rest.strip_prefix("0x")?, 16).ok()?,
            "policy" => self.policy = rest.to_owned(),
            "hash" => self.hash = rest.to_owned(),
            "shards" => {
                let counts = rest.split(' ').map(|count| count.parse().ok());
                self.shards = counts.collect::<Option<_>>()?;
            }
            "events" => self.events = rest.parse().ok()?,
            "failed" => {
                let (at, message) = rest.split_once(' ')?;
                let (at, message) = (at.parse().ok()?, unescaped(message));
                self.mishap = Some(Mishap { at, message });
            }
            "kind" => {
                let (number, name) = rest.split_once(' ')?;
                self.kinds.insert(number.parse().ok()?, name.to_owned());
            }
            "fault" => {
                let (number, name) = rest.split_once(' ')?;
                self.faults.insert(number.parse().ok()?, name.to_owned());
            }
            "name" => {
                let mut words = rest.splitn(5, ' ');
                let mut next = || words.next();
                self.names.push(Name {
                    since: next()?.parse().ok()?,
                    node: next()?.parse().ok()?,
                    shard: next()?.parse().ok()?,
                    slot: next()?.parse().ok()?,
                    name: unescaped(next()?),
                });
            }
            _ => {}
        }
        Some(())
    }

    /// The record of the event of that number, if it is kept.
    pub(crate) fn at(&self, seq: u64) -> Option<&Record> {
        let first = self.records.first()?.seq;
        self.records.get(usize::try_from(seq.checked_sub(first)?).ok()?)
    }

    /// The event that led to that one, if it is known and kept.
    pub(crate) fn cause_of(&self, record: &Record) -> Option<&Record> {
        let back = u64::from(record.cause);
        if back == 0 { None } else { self.at(record.seq.checked_sub(back)?) }
    }
}

fn no_trace() -> String {
    format!("the file does not begin with `{MAGIC}`: it is no trace, or one of a later format")
}

fn record(bytes: &[u8; RECORD_BYTES]) -> Record {
    let take = |from: usize, count: usize| {
        let little = bytes[from..from + count].iter().rev();
        little.fold(0u64, |number, byte| number << 8 | u64::from(*byte))
    };
    Record {
        seq: take(0, 8),
        time: take(8, 8),
        node: take(16, 2) as u16,
        shard: take(18, 2) as u16,
        kind: take(20, 2) as u16,
        detail: take(22, 2) as u16,
        actor: take(24, 4) as u32,
        cause: take(28, 4) as u32,
    }
}

/// Text whose backslashes and ends of lines were written as `\\`, `\n` and `\r`.
fn unescaped(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (c, if c == '\\' { chars.next() } else { None }) {
            ('\\', Some('n')) => result.push('\n'),
            ('\\', Some('r')) => result.push('\r'),
            ('\\', other) => result.extend(other),
            _ => result.push(c),
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn a_file_is_read_as_it_was_written() {
        let trace = Trace::parse(&sample::bytes()).unwrap();
        assert_eq!((trace.test.as_str(), trace.seed), ("bank::transfer", 0x1f3));
        assert_eq!((trace.shards.as_slice(), trace.events), (&[2, 1][..], 1000));
        let mishap = trace.mishap.as_ref().unwrap();
        assert_eq!(mishap.message, "odd: \\n is no line\n</script><b> & \"quotes\"");
        assert!(trace.at(mishap.at).is_some() && trace.at(0).is_none());
        let delivered =
            trace.records.iter().find(|record| trace.kinds[&record.kind] == "Delivered");
        let pushed = trace.cause_of(delivered.unwrap()).unwrap();
        assert_eq!(trace.kinds[&pushed.kind], "Pushed");
    }

    #[test]
    fn what_is_no_trace_is_refused() {
        let whole = sample::bytes();
        for (bytes, says) in [
            (&b"greenroom decisions 1\n\n"[..], "no trace"),
            (&whole[..whole.len() - 1], "cut"),
            (b"greenroom trace 1\nseed 12\nrecords 0\n\n", "line 2"),
        ] {
            let refused = Trace::parse(bytes).unwrap_err();
            assert!(refused.contains(says), "{refused}");
        }
    }

    #[test]
    fn a_word_of_a_later_version_is_passed_over() {
        let trace = Trace::parse(b"greenroom trace 1\nweather fair\nseed 0x2\nrecords 0\n\n");
        assert_eq!(trace.unwrap().seed, 2);
    }
}
