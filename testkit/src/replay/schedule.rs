//! Which shard runs for how long, as a list.

use std::cell::{Cell, RefCell};

/// Steps of one shard in a row.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Segment {
    /// The shard's number among all shards of the run.
    pub shard: u32,
    /// How many steps.
    pub steps: u32,
}

/// A schedule as it is carried out.
///
/// It is an order, not a script: a shard that cannot run when its segment has come is passed over
/// and runs when it can, so a schedule that was cut and put together anew always runs.
#[derive(Debug)]
pub(crate) struct Schedule {
    segments: RefCell<Vec<Segment>>,
    /// The segment that runs.
    current: Cell<usize>,
    /// All segments before this one are over.
    first: Cell<usize>,
}

impl Schedule {
    pub(crate) fn new(segments: Vec<Segment>) -> Self {
        Self { segments: RefCell::new(segments), current: Cell::new(0), first: Cell::new(0) }
    }

    /// The index of the shard that runs next; `None` when the schedule knows nothing of those.
    pub(crate) fn choose(&self, ready: &[u32]) -> Option<usize> {
        let segments = self.segments.borrow();
        let runs = |index: usize| {
            let segment = segments.get(index)?;
            let wanted = (segment.steps > 0).then_some(segment.shard)?;
            ready.iter().position(|&shard| shard == wanted)
        };
        if let Some(found) = runs(self.current.get()) {
            return Some(found);
        }
        let found =
            (self.first.get()..segments.len()).find_map(|index| Some((index, runs(index)?)));
        let (index, found) = found?;
        self.current.set(index);
        Some(found)
    }

    /// Says that a shard took a step.
    pub(crate) fn took(&self, shard: u32) {
        let segments = &mut *self.segments.borrow_mut();
        let is_for = |segment: &Segment| segment.steps > 0 && segment.shard == shard;
        let current = self.current.get();
        let index = if segments.get(current).is_some_and(is_for) {
            Some(current)
        } else {
            let first = self.first.get();
            segments[first..].iter().position(is_for).map(|found| found + first)
        };
        if let Some(index) = index {
            segments[index].steps -= 1;
            self.current.set(index);
        }
        let over = segments[self.first.get()..].iter().take_while(|segment| segment.steps == 0);
        self.first.set(self.first.get() + over.count());
    }
}

/// The schedule that a run took.
#[derive(Clone, Default, Debug)]
pub(crate) struct Taken {
    /// Which shard took each step.
    pub(crate) steps: Vec<u32>,
    /// How often another shard ran while the one before could have gone on.
    pub(crate) preemptions: usize,
}

impl Taken {
    pub(crate) fn segments(&self) -> Vec<Segment> {
        let runs = self.steps.chunk_by(|a, b| a == b);
        runs.map(|run| Segment { shard: run[0], steps: run.len() as u32 }).collect()
    }

    /// How often the shard changes.
    pub(crate) fn switches(&self) -> usize {
        self.steps.windows(2).filter(|pair| pair[0] != pair[1]).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn segment(shard: u32, steps: u32) -> Segment {
        Segment { shard, steps }
    }

    #[test]
    fn steps_make_segments() {
        let taken = Taken { steps: vec![3, 3, 0, 3], preemptions: 0 };
        assert_eq!(taken.segments(), [segment(3, 2), segment(0, 1), segment(3, 1)]);
        assert_eq!(taken.switches(), 2);
        assert!(Taken::default().segments().is_empty());
    }

    #[test]
    fn a_shard_that_cannot_run_is_passed_over_and_comes_later() {
        let schedule = Schedule::new(vec![segment(0, 2), segment(1, 2)]);
        let next = |ready: &[u32]| {
            let shard = ready[schedule.choose(ready)?];
            schedule.took(shard);
            Some(shard)
        };
        assert_eq!(next(&[1, 0]), Some(0));
        assert_eq!(next(&[1, 2]), Some(1));
        assert_eq!(next(&[0, 1]), Some(1), "a segment that began goes on");
        assert_eq!(next(&[0, 1]), Some(0));
        assert_eq!(next(&[0, 1]), None);
    }
}
