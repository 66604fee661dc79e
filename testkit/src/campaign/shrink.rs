//! A smaller run that fails in the same way.
//!
//! First what is not needed is dropped: work that the test does ([`crate::TestRuntime::extent`]), faults,
//! choices of a site altogether, and the schedule as a whole. Then the schedule is a list of segments, and
//! segments of one shard are brought together: all within a window at first, then single ones with
//! their neighbours, until nothing more helps. (Edits of single choices stick far from the
//! minimum: a shard must run in one piece before it can be moved.) A run counts as the same
//! failure when it panicked at the same place.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::one::Outcome;
use crate::draws::{Decision, Site};
use crate::faults::Fault;
use crate::replay::{DecisionLog, Script, Segment};
use crate::trace::TraceFile;

/// A failing run, made smaller.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Shrunk {
    /// The choices that lead there.
    pub log: DecisionLog,
    /// Which shard runs when.
    pub schedule: Vec<Segment>,
    /// How often the shard changed before.
    pub switches_before: usize,
    /// How often it changes now.
    pub switches: usize,
    /// How often now another shard runs while the one before could have gone on; the other switches
    /// are the program's own.
    pub preemptions: usize,
    /// The faults that have an effect in it.
    pub faults: Vec<Fault>,
    /// How many runs it took to find it.
    pub replays: u64,
    /// What the test or the simulator says.
    pub message: String,
    /// Where everything stands then: who waits for what, and the last events.
    pub report: String,
    /// Its events as a file that `greenroom-show` reads.
    pub trace: TraceFile,
}

/// What happens so often in a run is seldom.
const SELDOM_MAX: u32 = 4;

/// Segments that are printed.
const SEGMENTS_TOLD: usize = 40;

pub(super) struct Shrinker<'a> {
    run: &'a dyn Fn(Script) -> Outcome,
    fingerprint: String,
    best: Outcome,
    replays: u64,
    deadline: Instant,
}

impl<'a> Shrinker<'a> {
    /// Shrinks that failing outcome with the help of `run`, for at most `budget` of real time.
    #[expect(clippy::disallowed_methods, reason = "the budget is the developer's time")]
    pub(super) fn shrink(
        failing: Outcome,
        budget: Duration,
        run: &'a dyn Fn(Script) -> Outcome,
    ) -> Option<Shrunk> {
        let before = failing.taken.switches();
        let fingerprint = failing.failure.as_ref()?.fingerprint.clone();
        let deadline = Instant::now() + budget;
        let mut shrinker = Self { run, fingerprint, best: failing, replays: 0, deadline };
        shrinker.hurry();
        loop {
            let cost = shrinker.cost();
            shrinker.drop_work();
            shrinker.drop_faults();
            shrinker.drop_choices();
            shrinker.gather();
            while shrinker.merge() {}
            if shrinker.cost() >= cost {
                break;
            }
        }
        shrinker.drop_knobs();
        let Shrinker { best, replays, .. } = shrinker;
        Some(Shrunk {
            schedule: best.taken.segments(),
            switches_before: before,
            switches: best.taken.switches(),
            preemptions: best.taken.preemptions,
            faults: best.effects.iter().filter(|(_, count)| *count > 0).map(|f| f.0).collect(),
            replays,
            message: best.failure?.message,
            log: best.log,
            report: best.report,
            trace: best.trace,
        })
    }

    #[expect(clippy::disallowed_methods, reason = "the budget is the developer's time")]
    fn is_over(&self) -> bool {
        Instant::now() >= self.deadline
    }

    /// How far the best run is from none.
    fn cost(&self) -> Cost {
        cost(&self.best)
    }

    /// Makes a run; keeps it if it fails in the same way and `good` says so, given its cost.
    fn attempt(
        &mut self,
        log: DecisionLog,
        schedule: Option<Vec<Segment>>,
        good: impl FnOnce(Cost) -> bool,
    ) -> bool {
        if self.is_over() {
            return false;
        }
        self.replays += 1;
        let outcome = (self.run)(Script { log: Arc::new(log), schedule });
        let same = outcome.failure.as_ref().is_some_and(|f| f.fingerprint == self.fingerprint);
        let better = same && good(cost(&outcome));
        if better {
            self.best = outcome;
        }
        better
    }

    /// Lets the run know none but the faults that it needs.
    fn drop_faults(&mut self) {
        let knows = |d: &Decision| d.site == Site::Mask && d.chosen == 1;
        let known = self.best.log.decisions.iter().filter(|d| knows(d)).map(|d| d.place);
        for place in known.collect::<Vec<_>>() {
            let mut log = self.best.log.clone();
            let masks = log.decisions.iter_mut().filter(|d| knows(d) && d.place == place);
            masks.for_each(|mask| mask.chosen = 0);
            self.attempt(log, None, |_| true);
        }
    }

    /// Sets the knobs of the world (rings of one slot, slow doorbells) back to what is tame, all of them
    /// or those that are not needed. Last, because in a tame world less can be left out: the canaries'
    /// lost wake-up sticks far from the minimum when this comes first.
    fn drop_knobs(&mut self) {
        let most = self.cost();
        let mut log = self.best.log.clone();
        log.decisions.retain(|decision| decision.site != Site::Swarm);
        if self.attempt(log, None, |cost| (cost.0, cost.1) <= (most.0, most.1)) {
            return;
        }
        let knobs = self.best.log.decisions.iter().filter(|d| d.site == Site::Swarm);
        for place in knobs.map(|d| d.place).collect::<Vec<_>>() {
            let most = self.cost();
            let mut log = self.best.log.clone();
            log.decisions.retain(|d| d.site != Site::Swarm || d.place != place);
            self.attempt(log, None, |cost| (cost.0, cost.1) <= (most.0, most.1));
        }
    }

    /// Makes each extent of the work as small as it goes: what is small is tried first, since a
    /// failure is not monotone in the work.
    fn drop_work(&mut self) {
        let mut number = 0;
        while let Some((_, mut most)) = extent(&self.best.log, number) {
            let (mut least, mut stride) = (0, 1);
            while least < most && !self.is_over() {
                let tried = if stride < most { stride } else { u64::midpoint(least, most) };
                stride = stride.saturating_mul(2);
                let mut log = self.best.log.clone();
                if let Some((index, _)) = extent(&log, number) {
                    log.decisions[index].chosen = tried;
                }
                if self.attempt(log, None, |_| true) {
                    most = tried;
                } else {
                    least = tried + 1;
                }
            }
            number += 1;
        }
    }

    /// Lets what seldom happens happen at its first occasion: the work before it is not needed then.
    fn hurry(&mut self) {
        let mut happens: BTreeMap<(Site, u32), (u32, u32)> = BTreeMap::new();
        let chances = self.best.log.decisions.iter().filter(|d| d.choices == 2 && d.chosen == 1);
        for Decision { site, place, ordinal, .. } in chances {
            happens.entry((*site, *place)).or_insert((*ordinal, 0)).1 += 1;
        }
        let seldom = |(first, count): (u32, u32)| first > 0 && count <= SELDOM_MAX;
        for (key, _) in happens.into_iter().filter(|(_, happened)| seldom(*happened)) {
            let mut log = self.best.log.clone();
            let of_key = |d: &&mut Decision| (d.site, d.place) == key && d.choices == 2;
            if let Some(first) = log.decisions.iter_mut().find(of_key) {
                first.chosen = 1;
                self.attempt(log, None, |_| true);
            }
        }
    }

    /// Takes the tame way at each site in turn, and then the tame schedule.
    fn drop_choices(&mut self) {
        let kept = [Site::Swarm, Site::Mask, Site::Extent, Site::Shard];
        for site in Site::ALL.into_iter().filter(|site| !kept.contains(site)) {
            let mut log = self.best.log.clone();
            let before = log.decisions.len();
            log.decisions.retain(|decision| decision.site != site);
            if log.decisions.len() < before {
                let most = self.cost();
                self.attempt(log, None, |cost| cost.0 <= most.0);
            }
        }
        let most = self.cost();
        self.attempt(self.best.log.clone(), Some(Vec::new()), |cost| cost <= most);
    }

    /// Brings together what each shard does within a window, for smaller and smaller windows.
    fn gather(&mut self) {
        let mut window = self.best.taken.segments().len();
        while window > 3 {
            let mut start = 0;
            loop {
                let mut segments = self.best.taken.segments();
                if start >= segments.len() {
                    break;
                }
                let end = segments.len().min(start + window);
                gather_in(&mut segments[start..end]);
                self.attempt_schedule(segments);
                start += window.div_ceil(2);
            }
            window /= 2;
        }
    }

    /// Moves single segments next to their shard's next one, either way. Returns whether one was.
    fn merge(&mut self) -> bool {
        let (mut merged, mut index) = (false, 0);
        loop {
            let segments = self.best.taken.segments();
            let Some(segment) = segments.get(index) else { return merged };
            let same = |other: &Segment| other.shard == segment.shard;
            let later = segments[index + 1..].iter().position(same).map(|found| found + index + 1);
            let helped = later.is_some_and(|later| {
                let (mut here, mut there) = (segments.clone(), segments.clone());
                let moved = here.remove(later);
                here.insert(index + 1, moved);
                let moved = there.remove(index);
                there.insert(later - 1, moved);
                self.attempt_schedule(here) || self.attempt_schedule(there)
            });
            merged |= helped;
            index += usize::from(!helped);
        }
    }

    /// Keeps a schedule that changes shards less often than the best.
    fn attempt_schedule(&mut self, segments: Vec<Segment>) -> bool {
        let now = self.cost();
        self.attempt(self.best.log.clone(), Some(segments), |cost| cost < now)
    }
}

/// Switches, preemptions, steps: fewer are better, the first above all.
type Cost = (usize, usize, usize);

fn cost(outcome: &Outcome) -> Cost {
    (outcome.taken.switches(), outcome.taken.preemptions, outcome.taken.steps.len())
}

/// The how-manieth extent of a log: where it is, and what it is.
fn extent(log: &DecisionLog, number: usize) -> Option<(usize, u64)> {
    let extents = log.decisions.iter().enumerate();
    let mut extents = extents.filter(|(_, decision)| decision.site == Site::Extent);
    extents.nth(number).map(|(index, decision)| (index, decision.chosen))
}

/// Puts segments of one shard together, shards in the order in which they first come.
fn gather_in(segments: &mut [Segment]) {
    let mut order = Vec::new();
    for segment in &*segments {
        if !order.contains(&segment.shard) {
            order.push(segment.shard);
        }
    }
    segments.sort_by_key(|segment| order.iter().position(|&shard| shard == segment.shard));
}

impl fmt::Display for Shrunk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { switches_before, switches, preemptions, replays, .. } = self;
        let steps: u64 = self.schedule.iter().map(|segment| u64::from(segment.steps)).sum();
        write!(f, "shrunk from {switches_before} switches between shards to {switches}, ")?;
        writeln!(f, "{preemptions} of them preemptions, {steps} steps, in {replays} replays:")?;
        if !self.faults.is_empty() {
            writeln!(f, "  with the faults {:?}", self.faults)?;
        }
        for told in self.schedule.chunks(8).take(SEGMENTS_TOLD / 8) {
            let told = told.iter().map(|segment| {
                let (node, shard) = place_of(&self.log.shards, segment.shard);
                format!("n{node}.{shard} x{}", segment.steps)
            });
            writeln!(f, "  {}", told.collect::<Vec<_>>().join(", "))?;
        }
        let more = self.schedule.len().saturating_sub(SEGMENTS_TOLD);
        if more > 0 {
            writeln!(f, "  and {more} more")?;
        }
        write!(f, "which says: {}\nand stands like this:\n{}", self.message, self.report)
    }
}

/// A shard's node and number there.
fn place_of(shards: &[u16], mut number: u32) -> (usize, u32) {
    for (node, &count) in shards.iter().enumerate() {
        match number.checked_sub(count.into()) {
            Some(rest) => number = rest,
            None => return (node, number),
        }
    }
    (shards.len(), number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shards_segments_come_together_where_its_first_one_is() {
        let segment = |shard, steps| Segment { shard, steps };
        let mut segments = [segment(2, 1), segment(0, 2), segment(2, 3), segment(1, 4)];
        gather_in(&mut segments);
        assert_eq!(segments, [segment(2, 1), segment(2, 3), segment(0, 2), segment(1, 4)]);
        assert_eq!((place_of(&[2, 3], 1), place_of(&[2, 3], 4)), ((0, 1), (1, 2)));
    }
}
