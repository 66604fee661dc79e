//! The bytes of a file, and which of them are not what was written there last.

use crate::faults::Fault;

/// What a device writes whole or not at all, in bytes.
pub(super) const SECTOR: usize = 512;

/// See the module.
#[derive(Clone, Default, Debug)]
pub(super) struct Image {
    bytes: Vec<u8>,
    wrong: Vec<Wrong>,
}

/// Bytes that are wrong, and why.
#[derive(Clone, Copy, Debug)]
struct Wrong {
    from: usize,
    to: usize,
    fault: Fault,
}

impl Wrong {
    const fn touches(&self, from: usize, to: usize) -> bool {
        self.from < to && from < self.to
    }
}

impl Image {
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// No bytes lead to no length.
    pub(super) fn write(&mut self, from: usize, data: &[u8]) {
        if data.is_empty() {
            return;
        }
        let to = from + data.len();
        if self.bytes.len() < to {
            self.bytes.resize(to, 0);
        }
        self.bytes[from..to].copy_from_slice(data);
        if !self.wrong.is_empty() {
            self.is_right(from, to);
        }
    }

    pub(super) fn resize(&mut self, len: usize) {
        self.bytes.resize(len, 0);
        self.wrong.retain(|wrong| wrong.from < len);
        self.wrong.iter_mut().for_each(|wrong| wrong.to = wrong.to.min(len));
    }

    /// Flips a bit for good.
    pub(super) fn flip(&mut self, byte: usize, bit: u8) {
        if let Some(flipped) = self.bytes.get_mut(byte) {
            *flipped ^= 1 << bit;
            self.mark(byte, byte + 1, Fault::BitRot);
        }
    }

    /// Says that bytes are wrong; at most to the file's end.
    pub(super) fn mark(&mut self, from: usize, to: usize, fault: Fault) {
        let to = to.min(self.bytes.len());
        if from < to {
            self.wrong.push(Wrong { from, to, fault });
        }
    }

    /// What is wrong with bytes: each fault once.
    pub(super) fn faults(&self, from: usize, to: usize) -> Vec<Fault> {
        let touching = self.wrong.iter().filter(|wrong| wrong.touches(from, to));
        let mut faults: Vec<Fault> = touching.map(|wrong| wrong.fault).collect();
        faults.sort_unstable();
        faults.dedup();
        faults
    }

    /// Bytes were written anew. A sector that cannot be read is mended only as a whole.
    fn is_right(&mut self, from: usize, to: usize) {
        for wrong in std::mem::take(&mut self.wrong) {
            if !wrong.touches(from, to) {
                self.wrong.push(wrong);
            } else if wrong.fault != Fault::LatentError {
                let Wrong { fault, .. } = wrong;
                self.mark(wrong.from, from.min(wrong.to), fault);
                self.mark(to.max(wrong.from), wrong.to, fault);
            } else if wrong.from < from || to < wrong.to {
                self.wrong.push(wrong);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_anew_is_right_again() {
        let mut image = Image::default();
        image.write(0, &[7; 2048]);
        image.mark(10, 20, Fault::PhantomWrite);
        image.write(12, &[8; 3]);
        let wrong = |from, to| image.faults(from, to);
        assert_eq!(wrong(0, 12), [Fault::PhantomWrite]);
        assert_eq!(wrong(12, 15), []);
        assert_eq!(wrong(15, 16), [Fault::PhantomWrite]);
        assert_eq!(wrong(20, 2048), []);
        image.flip(5, 1);
        assert_eq!((image.bytes()[5], image.faults(0, 11).len()), (5, 2));
        image.resize(11);
        image.resize(2048);
        assert_eq!(image.faults(11, 2048), []);
    }

    #[test]
    fn a_sector_that_cannot_be_read_is_mended_as_a_whole() {
        let mut image = Image::default();
        image.write(0, &[7; 1024]);
        image.mark(512, 1024, Fault::LatentError);
        image.write(512, &[8; 500]);
        assert_eq!(image.faults(0, 1024), [Fault::LatentError]);
        image.write(512, &[8; 512]);
        assert_eq!(image.faults(0, 1024), []);
    }
}
