//! The policies by name, and what each must do.

use std::fmt;
use std::str::FromStr;

use super::heavy_tail::HeavyTail;
use super::lock_step::LockStep;
use super::pct::Pct;
use super::pos::Pos;
use super::sticky::Sticky;
use super::uniform::Uniform;
use super::urw::Urw;
use crate::draws::Draws;
use crate::world::World;

/// How the next shard is chosen among those that can run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Policy {
    /// Any of them, each time anew.
    Uniform,
    /// All that can run, once each, in an order drawn per round. Superb where racing steps stand
    /// at the same depth, blind to stalls.
    LockStep,
    /// One shard for a drawn number of rounds, then another.
    Sticky,
    /// The one with the highest priority; a shard's priority is drawn anew after each round
    /// (partial order sampling; Yuan, Yang and Gu, 2018).
    Pos,
    /// The one with the highest priority; at `depth - 1` drawn steps the one that runs falls to
    /// the bottom (probabilistic concurrency testing; Burckhardt, Kothari, Musuvathi and
    /// Nagarakatte, 2010).
    Pct {
        /// How many ordering constraints a bug may have; at least 1.
        depth: u8,
    },
    /// Any of them, weighted by how much work waits for it (uniform random walk over what is left
    /// to do; Zhao, Wolff, Mathur and Roychoudhury, 2025).
    Urw,
    /// The one whose time has come: each round takes a time with a heavy tail, so that now and
    /// then a shard stalls while the others run far ahead.
    HeavyTail,
}

impl Policy {
    /// The policy of a seed.
    pub(crate) fn draw(draws: &Draws) -> Self {
        match draws.parameter("policy", 7, 0) {
            0 => Self::Uniform,
            1 => Self::LockStep,
            2 => Self::Sticky,
            3 => Self::Pos,
            4 => Self::Pct { depth: 2 + draws.parameter("depth", 4, 0) as u8 },
            5 => Self::Urw,
            _ => Self::HeavyTail,
        }
    }

    pub(crate) fn strategy(self, world: &World) -> Box<dyn Strategy> {
        match self {
            Self::Uniform => Box::new(Uniform),
            Self::LockStep => Box::new(LockStep::default()),
            Self::Sticky => Box::new(Sticky::new(world)),
            Self::Pos => Box::new(Pos::new(world)),
            Self::Pct { depth } => Box::new(Pct::new(world, depth)),
            Self::Urw => Box::new(Urw),
            Self::HeavyTail => Box::new(HeavyTail::new(world)),
        }
    }
}

impl Policy {
    /// The names of policies, for messages.
    pub(crate) const NAMES: &str =
        "uniform, lock-step, sticky, pos, pct1 to pct255, urw or heavy-tail";
}

impl FromStr for Policy {
    type Err = ();

    /// Reads what `Display` writes.
    fn from_str(text: &str) -> Result<Self, ()> {
        Ok(match text {
            "uniform" => Self::Uniform,
            "lock-step" => Self::LockStep,
            "sticky" => Self::Sticky,
            "pos" => Self::Pos,
            "urw" => Self::Urw,
            "heavy-tail" => Self::HeavyTail,
            _ => {
                let depth = text.strip_prefix("pct").and_then(|depth| depth.parse().ok());
                Self::Pct { depth: depth.filter(|&depth| depth > 0).ok_or(())? }
            }
        })
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Uniform => f.write_str("uniform"),
            Self::LockStep => f.write_str("lock-step"),
            Self::Sticky => f.write_str("sticky"),
            Self::Pos => f.write_str("pos"),
            Self::Pct { depth } => write!(f, "pct{depth}"),
            Self::Urw => f.write_str("urw"),
            Self::HeavyTail => f.write_str("heavy-tail"),
        }
    }
}

/// A policy with its state.
pub(crate) trait Strategy: fmt::Debug {
    /// Chooses one of `ready`, which are at least two; returns its index. What it draws, it draws
    /// with [`Draws::raw`]: the choice is logged by whoever asks.
    fn pick(&mut self, ready: &[u32], world: &World) -> usize;
}

/// A number below `n` that is no choice of its own.
#[inline]
pub(super) fn any_below(draws: &Draws, n: usize) -> usize {
    ((u128::from(draws.raw()) * n as u128) >> 64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_is_read_by_its_name() {
        for seed in 0..100 {
            let policy = Policy::draw(&Draws::new(seed, None));
            assert_eq!(policy.to_string().parse(), Ok(policy));
        }
        assert_eq!("pct0".parse::<Policy>(), Err(()));
    }

    #[test]
    fn seeds_go_round_all_policies_and_depths() {
        let drawn = (0..300).map(|seed| Policy::draw(&Draws::new(seed, None)).to_string());
        let drawn: std::collections::BTreeSet<String> = drawn.collect();
        let all = ["heavy-tail", "lock-step", "pct2", "pct3", "pct4", "pct5", "pos", "sticky"];
        assert!(drawn.iter().map(String::as_str).eq(all.into_iter().chain(["uniform", "urw"])));
    }
}
