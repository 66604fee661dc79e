//! The request decoder: bytes in, arguments out, nothing copied.
//!
//! The connection owns one growing buffer. It appends what it reads, runs a [`Batch`] over the
//! unread part, and drops what the batch consumed. Between two batches the decoder keeps how far
//! into the unfinished command it got, so a command that arrives in many pieces is scanned once,
//! not once a piece. It allocates for what has arrived, never for what a header announces: a
//! client that claims a million arguments pays for them first.

use super::args::Span;
use super::limits::LINE_BYTES_MAX;
use super::{Args, Limits, ProtocolError, inline};
use crate::decimal;

/// Places of arguments that are kept allocated between commands (8 KiB); a larger command gives
/// its memory back.
const SPANS_KEPT_MAX: usize = 1024;

/// The decoder of one connection.
#[derive(Debug)]
pub(crate) struct Decoder {
    limits: Limits,
    /// First byte of the unfinished command that is not understood yet, counted from its start.
    cursor: usize,
    /// Bytes from `cursor` on in which no line end was found.
    scanned: usize,
    /// Arguments of the unfinished array that are still to come; 0 between commands.
    missing: u32,
    /// Length of the argument at `cursor`, once its header was read.
    bulk_len: Option<u32>,
    /// The arguments found so far.
    spans: Vec<Span>,
    /// The words of an inline command, unquoted. Arrays are read in place.
    words: Vec<u8>,
    /// Why the stream is lost, once it is.
    error: Option<ProtocolError>,
}

/// What one step made of the bytes at hand. Sizes are in bytes from the command's start.
enum Step {
    Incomplete,
    /// An empty array or line: no command and no answer.
    Skip(usize),
    Array(usize),
    Inline(usize),
}

impl Decoder {
    /// A decoder at the start of a stream.
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            limits,
            cursor: 0,
            scanned: 0,
            missing: 0,
            bulk_len: None,
            spans: Vec::new(),
            words: Vec::new(),
            error: None,
        }
    }

    /// Reads the commands that `input` holds. `input` must begin where the last batch stopped
    /// consuming: with the bytes that it left over, followed by whatever has arrived since.
    pub(crate) fn batch<'d, 'b>(&'d mut self, input: &'b [u8]) -> Batch<'d, 'b> {
        Batch { decoder: self, input, consumed: 0 }
    }

    /// Reads one command from `input`, which begins where the command does.
    fn step(&mut self, input: &[u8]) -> Result<Step, ProtocolError> {
        if self.missing == 0 {
            match input.first() {
                None => return Ok(Step::Incomplete),
                Some(b'*') => match self.array_header(input)? {
                    None => return Ok(Step::Incomplete),
                    Some(0) => return Ok(Step::Skip(self.finish())),
                    Some(len) => self.missing = len,
                },
                Some(_) => return self.inline(input),
            }
        }
        while self.missing > 0 {
            let Some(len) = self.bulk_header(input)? else { return Ok(Step::Incomplete) };
            let end = self.cursor + len as usize + 2;
            if input.len() < end {
                return Ok(Step::Incomplete);
            }
            // `limits.command_bytes_max` is a u32 and bounds the cursor.
            self.spans.push(Span { start: self.cursor as u32, len });
            self.cursor = end;
            self.bulk_len = None;
            self.missing -= 1;
        }
        Ok(Step::Array(self.finish()))
    }

    /// The length that the array's header gives; nothing and null count as 0.
    fn array_header(&mut self, input: &[u8]) -> Result<Option<u32>, ProtocolError> {
        let len = match self.short_header(input, b'*') {
            Some(len) => i64::from(len),
            None => {
                let too_big = ProtocolError::MultibulkHeaderTooBig;
                let Some(line) = self.header(input, too_big)? else { return Ok(None) };
                decimal::parse_i64(&line[1..]).ok_or(ProtocolError::MultibulkLength)?
            }
        };
        if len > i64::from(self.limits.args_max) {
            return Err(ProtocolError::MultibulkLength);
        }
        self.clear();
        Ok(Some(len.max(0) as u32))
    }

    /// The length of the argument at the cursor, whose header is read if it was not yet.
    fn bulk_header(&mut self, input: &[u8]) -> Result<Option<u32>, ProtocolError> {
        if self.bulk_len.is_some() {
            return Ok(self.bulk_len);
        }
        let len = match self.short_header(input, b'$') {
            Some(len) => Some(len),
            None => {
                let too_big = ProtocolError::BulkHeaderTooBig;
                match self.header(input, too_big)? {
                    None => return Ok(None),
                    Some([b'$', digits @ ..]) => {
                        decimal::parse_i64(digits).and_then(|len| u32::try_from(len).ok())
                    }
                    Some([other, ..]) => return Err(ProtocolError::ExpectedBulk(*other)),
                    // An empty line shows its own line end.
                    Some([]) => return Err(ProtocolError::ExpectedBulk(b'\r')),
                }
            }
        };
        let len = len
            .filter(|len| *len <= self.limits.bulk_bytes_max)
            .ok_or(ProtocolError::BulkLength)?;
        if self.cursor + len as usize + 2 > self.limits.command_bytes_max as usize {
            return Err(ProtocolError::CommandTooBig);
        }
        self.bulk_len = Some(len);
        Ok(self.bulk_len)
    }

    /// The length in the header at the cursor, if it is complete and has at most three digits,
    /// as nearly all have; the cursor then moves behind it. Otherwise nothing is decided.
    #[inline]
    fn short_header(&mut self, input: &[u8], kind: u8) -> Option<u32> {
        let digit = |byte: u8| u32::from(byte - b'0');
        // In a complete command at least six bytes begin here, so the input's end is looked for once.
        let (first, head) = input.get(self.cursor..)?.first_chunk::<6>()?.split_first()?;
        if *first != kind {
            return None;
        }
        let (len, digits) = match *head {
            [a @ b'0'..=b'9', b'\r', ..] => (digit(a), 1),
            [a @ b'1'..=b'9', b @ b'0'..=b'9', b'\r', ..] => (digit(a) * 10 + digit(b), 2),
            [a @ b'1'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9', b'\r', _] => {
                (digit(a) * 100 + digit(b) * 10 + digit(c), 3)
            }
            _ => return None,
        };
        self.cursor += 1 + digits + 2;
        self.scanned = 0;
        Some(len)
    }

    /// The header line at the cursor, which then moves behind it. As in Redis the line ends at
    /// `\r` and the byte after that is not looked at.
    fn header<'b>(
        &mut self,
        input: &'b [u8],
        too_big: ProtocolError,
    ) -> Result<Option<&'b [u8]>, ProtocolError> {
        let line = &input[self.cursor..];
        let Some(len) = self.line_len(line, b'\r', too_big)? else { return Ok(None) };
        if line.len() < len + 2 {
            return Ok(None);
        }
        self.cursor += len + 2;
        self.scanned = 0;
        Ok(Some(&line[..len]))
    }

    /// Splits the line at the start of `input` into words.
    fn inline(&mut self, input: &[u8]) -> Result<Step, ProtocolError> {
        let too_big = ProtocolError::InlineTooBig;
        let Some(len) = self.line_len(input, b'\n', too_big)? else {
            return Ok(Step::Incomplete);
        };
        self.clear();
        let line = input[..len].strip_suffix(b"\r").unwrap_or(&input[..len]);
        inline::split(line, &mut self.words, &mut self.spans)?;
        self.cursor = len + 1;
        let empty = self.spans.is_empty();
        let consumed = self.finish();
        Ok(if empty { Step::Skip(consumed) } else { Step::Inline(consumed) })
    }

    /// The length of `line`, which starts at the cursor, up to its `end`; `None` if that has not
    /// arrived. Where a line is refused depends on its bytes alone, not on how they were cut into
    /// reads, so no run depends on the network's timing.
    fn line_len(
        &mut self,
        line: &[u8],
        end: u8,
        too_big: ProtocolError,
    ) -> Result<Option<usize>, ProtocolError> {
        let room = (self.limits.command_bytes_max as usize).saturating_sub(self.cursor + 2);
        let (len_max, error) = if room < LINE_BYTES_MAX {
            (room, ProtocolError::CommandTooBig)
        } else {
            (LINE_BYTES_MAX, too_big)
        };
        let window = &line[..line.len().min(len_max + 1)];
        match window[self.scanned..].iter().position(|&byte| byte == end) {
            Some(at) => {
                self.scanned += at;
                Ok(Some(self.scanned))
            }
            None if window.len() > len_max => Err(error),
            None => {
                self.scanned = window.len();
                Ok(None)
            }
        }
    }

    /// Forgets the last command's arguments.
    fn clear(&mut self) {
        self.words.clear();
        self.spans.clear();
        self.spans.shrink_to(SPANS_KEPT_MAX);
    }

    /// Ends the command: the next one starts where it stopped, which is returned.
    fn finish(&mut self) -> usize {
        self.scanned = 0;
        std::mem::take(&mut self.cursor)
    }
}

/// The commands of one stretch of input, in order.
#[derive(Debug)]
pub(crate) struct Batch<'d, 'b> {
    decoder: &'d mut Decoder,
    input: &'b [u8],
    consumed: usize,
}

impl Batch<'_, '_> {
    /// The next command's arguments (at least one); `None` if it has not arrived completely.
    ///
    /// # Errors
    ///
    /// [`ProtocolError`]: the stream is lost, now and for every later call. The commands before
    /// it were good.
    pub(crate) fn next_command(&mut self) -> Result<Option<Args<'_>>, ProtocolError> {
        loop {
            let input = &self.input[self.consumed..];
            if let Some(error) = self.decoder.error {
                return Err(error);
            }
            match self.decoder.step(input).inspect_err(|error| self.decoder.error = Some(*error))? {
                Step::Incomplete => return Ok(None),
                Step::Skip(len) => self.consumed += len,
                Step::Array(len) => {
                    self.consumed += len;
                    return Ok(Some(Args::new(input, &self.decoder.spans)));
                }
                Step::Inline(len) => {
                    self.consumed += len;
                    return Ok(Some(Args::new(&self.decoder.words, &self.decoder.spans)));
                }
            }
        }
    }

    /// Bytes at the start of the input that are done with. The rest belongs to the next batch.
    pub(crate) fn consumed(&self) -> usize {
        self.consumed
    }
}

#[cfg(test)]
#[path = "decode_tests.rs"]
mod tests;
