//! The bytes towards one end of a connection.

use std::ops::Range;

/// What has arrived and was not received, and behind it what is on its way: in one piece, so that
/// nothing has to be copied as it arrives.
#[derive(Default, Debug)]
pub(super) struct Pipe {
    bytes: Vec<u8>,
    /// Where they begin; what is before that was received.
    start: usize,
    /// How many of them have arrived.
    arrived: usize,
}

/// More than that many bytes that were received are not kept in front of those that were not.
const RECEIVED_MAX: usize = 4096;

impl Pipe {
    /// Bytes that have arrived and were not received.
    pub(super) const fn arrived(&self) -> usize {
        self.arrived
    }

    /// Bytes on their way.
    pub(super) const fn flying(&self) -> usize {
        self.len() - self.arrived
    }

    /// All of them.
    pub(super) const fn len(&self) -> usize {
        self.bytes.len() - self.start
    }

    /// Sends bytes on their way.
    pub(super) fn send(&mut self, bytes: &[u8]) {
        if self.start > 0 && (self.len() == 0 || self.start > RECEIVED_MAX.max(self.len())) {
            self.bytes.drain(..self.start);
            self.start = 0;
        }
        self.bytes.extend_from_slice(bytes);
    }

    /// The first so many of the bytes that are on their way.
    pub(super) fn first(&mut self, count: usize) -> &mut [u8] {
        let from = self.start + self.arrived;
        &mut self.bytes[from..from + count]
    }

    /// Lets the first so many of the bytes that are on their way arrive.
    pub(super) fn arrive(&mut self, count: usize) {
        debug_assert!(count <= self.flying(), "more than is on its way");
        self.arrived += count;
    }

    /// Loses the first so many of the bytes that are on their way.
    pub(super) fn lose(&mut self, count: usize) {
        let from = self.start + self.arrived;
        self.remove(from..from + count);
    }

    /// Loses all that is on its way.
    pub(super) fn lose_all(&mut self) {
        self.bytes.truncate(self.start + self.arrived);
    }

    /// Forgets what has arrived.
    pub(super) fn forget(&mut self) {
        self.remove(self.start..self.start + self.arrived);
        self.arrived = 0;
    }

    /// Takes out so many of the bytes that have arrived.
    pub(super) fn receive(&mut self, count: usize) -> Vec<u8> {
        assert!(count <= self.arrived, "more than has arrived");
        let received = self.bytes[self.start..self.start + count].to_vec();
        self.start += count;
        self.arrived -= count;
        received
    }

    fn remove(&mut self, range: Range<usize>) {
        if range.start == self.start {
            self.start = range.end;
        } else {
            self.bytes.drain(range);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use greenroom_core::hash::mix;

    use super::*;

    #[test]
    fn it_does_what_two_queues_do() {
        let (mut pipe, mut draw) = (Pipe::default(), 1);
        let (mut arrived, mut flying) = (VecDeque::new(), VecDeque::new());
        let mut below = |n: usize| {
            draw = mix(draw + 1);
            (draw % n as u64) as usize
        };
        for _ in 0..20_000 {
            match below(16) {
                0..=6 => {
                    let bytes: Vec<u8> = (0..below(900)).map(|_| below(256) as u8).collect();
                    pipe.send(&bytes);
                    flying.extend(bytes);
                    assert!(pipe.start <= RECEIVED_MAX.max(pipe.len()), "it only grows");
                }
                7..=9 => {
                    let count = below(flying.len() + 1);
                    assert!(pipe.first(count).iter().eq(flying.range(..count)));
                    pipe.arrive(count);
                    arrived.extend(flying.drain(..count));
                }
                10..=13 => {
                    let count = below(arrived.len() + 1);
                    assert!(pipe.receive(count).into_iter().eq(arrived.drain(..count)));
                }
                14 if below(4) == 0 => {
                    let count = below(flying.len() + 1);
                    pipe.lose(count);
                    flying.drain(..count);
                }
                15 if below(8) == 0 => {
                    pipe.forget();
                    arrived.clear();
                }
                15 if below(8) == 0 => {
                    pipe.lose_all();
                    flying.clear();
                }
                _ => {}
            }
            assert_eq!((pipe.arrived(), pipe.flying()), (arrived.len(), flying.len()));
        }
    }
}
