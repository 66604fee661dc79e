//! The arguments of one command, apart from any buffer.

use super::Args;
use super::args::Span;

/// Arguments that were copied out of the receive buffer, to wait or to travel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OwnedArgs {
    bytes: Box<[u8]>,
    spans: Box<[Span]>,
}

impl OwnedArgs {
    /// The arguments.
    pub(crate) fn borrow(&self) -> Args<'_> {
        Args::new(&self.bytes, &self.spans)
    }

    /// Memory in bytes.
    pub(crate) fn used_bytes(&self) -> usize {
        self.bytes.len() + size_of_val(&*self.spans)
    }
}

impl From<Args<'_>> for OwnedArgs {
    fn from(args: Args<'_>) -> Self {
        let mut bytes = Vec::with_capacity(args.iter().map(<[u8]>::len).sum());
        let spans = args.iter().map(|arg| {
            // Never longer than the command was, which a u32 counts.
            let span = Span { start: bytes.len() as u32, len: arg.len() as u32 };
            bytes.extend_from_slice(arg);
            span
        });
        let spans = spans.collect();
        Self { bytes: bytes.into_boxed_slice(), spans }
    }
}

/// Copies of the arguments of several commands, one behind the other: no command has a block of
/// its own.
#[derive(Debug, Default)]
pub(crate) struct ArgsList {
    bytes: Vec<u8>,
    spans: Vec<Span>,
}

/// Where the arguments of one command lie in their [`ArgsList`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct ArgsPlace {
    bytes_start: usize,
    spans_start: u32,
    len: u32,
}

impl ArgsList {
    /// Adds a copy of `args`.
    ///
    /// # Panics
    ///
    /// If there are 4,294,967,296 arguments in the list; far fewer fit into a batch.
    pub(crate) fn push(&mut self, args: Args<'_>) -> ArgsPlace {
        let bytes_start = self.bytes.len();
        let spans_start = u32::try_from(self.spans.len()).expect("a batch is not that large");
        for arg in args.iter() {
            // Counted from the start of the command, which is never longer than a u32 counts.
            let start = (self.bytes.len() - bytes_start) as u32;
            self.spans.push(Span { start, len: arg.len() as u32 });
            self.bytes.extend_from_slice(arg);
        }
        ArgsPlace { bytes_start, spans_start, len: args.len() as u32 }
    }

    /// The arguments at `place`, which this list gave.
    pub(crate) fn at(&self, place: ArgsPlace) -> Args<'_> {
        let spans = &self.spans[place.spans_start as usize..][..place.len as usize];
        Args::new(&self.bytes[place.bytes_start..], spans)
    }

    /// Forgets everything, and keeps memory for so many bytes and arguments.
    pub(crate) fn clear(&mut self, bytes_kept_max: usize) {
        self.bytes.clear();
        self.bytes.shrink_to(bytes_kept_max);
        self.spans.clear();
        self.spans.shrink_to(bytes_kept_max / size_of::<Span>());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resp::{Decoder, Limits};

    #[test]
    fn a_list_gives_back_what_it_was_given() {
        let bytes = b"GET a\r\nSET b ''\r\nPING\r\n*3\r\n$1\r\nx\r\n$0\r\n\r\n$2\r\nyz\r\n";
        let mut list = ArgsList::default();
        for _ in 0..2 {
            let mut decoder = Decoder::new(Limits::default());
            let mut batch = decoder.batch(bytes);
            let mut places = Vec::new();
            while let Some(args) = batch.next_command().unwrap() {
                places.push(list.push(args));
            }
            let found: Vec<Vec<_>> =
                places.iter().map(|at| list.at(*at).iter().collect()).collect();
            let expected: [&[&[u8]]; 4] =
                [&[b"GET", b"a"], &[b"SET", b"b", b""], &[b"PING"], &[b"x", b"", b"yz"]];
            assert_eq!(found, expected);
            list.clear(8);
            assert!(list.bytes.capacity() <= 8 && list.spans.capacity() <= 1);
        }
    }
}
