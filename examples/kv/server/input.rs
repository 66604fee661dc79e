//! Bytes that were received and not yet understood.

use greenroom::net::Buffer;

/// Memory that a connection keeps for commands that arrive in pieces, while there are none.
const KEPT_BYTES_MAX: usize = 64 * 1024;

/// A connection's query buffer.
///
/// What was received is read in place. Only the start of a command whose rest is still to come is
/// copied; so clients whose commands arrive whole cause no copy and no memory of their own.
#[derive(Debug)]
pub(super) struct Input {
    /// The start of a command, and what has arrived since. Unless it is empty, all is here.
    kept: Vec<u8>,
    received: Buffer,
    /// Where the unread bytes begin, in the one or in the other.
    start: usize,
}

impl Input {
    /// No bytes.
    pub(super) fn new() -> Self {
        Self { kept: Vec::new(), received: Buffer::new(Vec::new()), start: 0 }
    }

    /// Adds what was received. What was there must have been settled.
    pub(super) fn push(&mut self, received: Buffer) {
        debug_assert!(self.start == 0 && self.received.is_empty());
        if self.kept.is_empty() {
            self.received = received;
        } else {
            self.kept.extend_from_slice(&received);
        }
    }

    /// The bytes that nobody has consumed.
    pub(super) fn unread(&self) -> &[u8] {
        let bytes: &[u8] = if self.kept.is_empty() { &self.received } else { &self.kept };
        &bytes[self.start..]
    }

    /// Marks the first `count` unread bytes as read.
    pub(super) fn consume(&mut self, count: usize) {
        self.start += count;
    }

    /// Keeps what is unread, and gives the received buffer back to the shard.
    pub(super) fn settle(&mut self) {
        if self.kept.is_empty() {
            self.kept.extend_from_slice(&self.received[self.start..]);
            self.received = Buffer::new(Vec::new());
        } else {
            self.kept.drain(..self.start);
        }
        self.start = 0;
        if self.kept.is_empty() {
            self.kept.shrink_to(KEPT_BYTES_MAX);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_make_up_the_stream() {
        let stream: Vec<u8> = (0..=255).collect();
        for piece in 1..20 {
            for step in 1..7 {
                let mut input = Input::new();
                let mut read = Vec::new();
                for bytes in stream.chunks(piece) {
                    input.push(Buffer::new(bytes.to_vec()));
                    while input.unread().len() >= step {
                        read.extend_from_slice(&input.unread()[..step]);
                        input.consume(step);
                    }
                    input.settle();
                }
                read.extend_from_slice(input.unread());
                assert_eq!(read, stream, "pieces of {piece}, {step} at a time");
            }
        }
    }

    #[test]
    fn a_large_command_gives_its_memory_back() {
        let mut input = Input::new();
        for _ in 0..100 {
            input.push(Buffer::new(vec![b'x'; 16 * 1024]));
            input.settle();
        }
        input.consume(100 * 16 * 1024);
        input.settle();
        assert!(input.kept.capacity() <= KEPT_BYTES_MAX);
    }
}
