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
