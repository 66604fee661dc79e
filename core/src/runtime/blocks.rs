//! Memory that a device can be written from and read into, without a copy on the way.

use std::fmt;
use std::ops::{Deref, DerefMut};

/// Whole blocks of bytes, the first of which lies at a multiple of a block in memory: what files
/// opened for direct I/O are written from and read into.
pub struct Blocks {
    /// One block more than there are, less a byte. Never grown, so that it stays where it is.
    memory: Vec<u8>,
    /// Where the first block begins.
    start: usize,
    len: usize,
}

impl Blocks {
    /// Bytes of a block. No device in use has larger ones.
    pub const BYTES: usize = 4096;

    /// So many blocks of zeroes.
    ///
    /// # Panics
    ///
    /// When there is no such memory.
    #[must_use]
    pub fn new(blocks: usize) -> Self {
        let len = blocks.checked_mul(Self::BYTES).expect("so much memory there is");
        let memory = vec![0; len + Self::BYTES - 1];
        let start = memory.as_ptr().align_offset(Self::BYTES);
        Self { memory, start, len }
    }

    /// The fewest blocks that hold `bytes`, with zeroes behind them.
    #[must_use]
    pub fn holding(bytes: &[u8]) -> Self {
        let mut blocks = Self::new(bytes.len().div_ceil(Self::BYTES));
        blocks[..bytes.len()].copy_from_slice(bytes);
        blocks
    }
}

/// A copy begins at a block as well, which one of the memory as it is would not.
impl Clone for Blocks {
    fn clone(&self) -> Self {
        Self::holding(self)
    }
}

impl Deref for Blocks {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.memory[self.start..self.start + self.len]
    }
}

impl DerefMut for Blocks {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.memory[self.start..self.start + self.len]
    }
}

impl fmt::Debug for Blocks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Blocks").field("bytes", &self.len).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_begin_at_blocks() {
        for count in 0..40 {
            let mut blocks = Blocks::new(count);
            assert_eq!(blocks.len(), count * Blocks::BYTES);
            assert_eq!(blocks.as_ptr() as usize % Blocks::BYTES, 0);
            assert!(blocks.iter().all(|byte| *byte == 0));
            blocks.fill(7);
            let copies: Vec<_> = std::iter::repeat_n(blocks, 5).collect();
            for copy in copies {
                assert_eq!(copy.as_ptr() as usize % Blocks::BYTES, 0);
                assert!(copy.iter().all(|byte| *byte == 7));
            }
        }
    }

    #[test]
    fn a_part_of_a_block_is_filled_up() {
        for (bytes, blocks) in [(0, 0), (1, 1), (4096, 1), (4097, 2)] {
            let held = Blocks::holding(&vec![9; bytes]);
            assert_eq!(held.len(), blocks * Blocks::BYTES);
            assert!(held[..bytes].iter().all(|byte| *byte == 9));
            assert!(held[bytes..].iter().all(|byte| *byte == 0));
        }
    }
}
