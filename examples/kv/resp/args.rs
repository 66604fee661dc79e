//! The arguments of one command, as places in a buffer.

/// Where one argument lies in its buffer. Eight bytes, because a command may have a million
/// arguments; [`super::Limits::command_bytes_max`] keeps every place within a `u32`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub(super) start: u32,
    pub(super) len: u32,
}

impl Span {
    fn of(self, bytes: &[u8]) -> &[u8] {
        &bytes[self.start as usize..][..self.len as usize]
    }
}

/// The arguments of one command: borrowed, never copied out of the receive buffer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Args<'a> {
    bytes: &'a [u8],
    spans: &'a [Span],
}

impl<'a> Args<'a> {
    pub(super) fn new(bytes: &'a [u8], spans: &'a [Span]) -> Self {
        Self { bytes, spans }
    }

    /// How many arguments there are, the command's name included.
    pub(crate) fn len(&self) -> usize {
        self.spans.len()
    }

    /// Argument `index`, if there are that many.
    pub(crate) fn get(&self, index: usize) -> Option<&'a [u8]> {
        self.spans.get(index).map(|span| span.of(self.bytes))
    }

    /// Argument `index`, for as long as the buffer lives.
    ///
    /// # Panics
    ///
    /// If there are not that many; the command's arity is checked before its arguments are read.
    pub(crate) fn at(&self, index: usize) -> &'a [u8] {
        self.spans[index].of(self.bytes)
    }

    /// The arguments from `index` on; none if there are not that many.
    pub(crate) fn tail(&self, index: usize) -> Self {
        Self { bytes: self.bytes, spans: self.spans.get(index..).unwrap_or_default() }
    }

    /// All arguments in order.
    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = &'a [u8]> + use<'a> {
        let bytes = self.bytes;
        self.spans.iter().map(move |span| span.of(bytes))
    }
}
