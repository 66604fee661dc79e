//! What the assertions of all seeds saw together.

use std::collections::BTreeMap;
use std::fmt;

use greenroom_core::assertions::{Asserted, Count, Site, Tally, catalogue};

/// What a campaign's assertions saw; see [`greenroom_core::assertions`].
#[derive(Clone, Default, Debug)]
pub struct Summary {
    runs: u64,
    pub(super) is_whole: bool,
    counts: BTreeMap<&'static Site, Count>,
}

impl Summary {
    /// How many runs there were.
    #[must_use]
    pub const fn runs(&self) -> u64 {
        self.runs
    }

    /// Whether the campaign ran as it is: all its seeds, whatever else the environment asked for,
    /// and not one seed, one log or what fits a time. What has to happen under some seed can be
    /// asked for only then.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        self.is_whole
    }

    /// How often the assertion of that name was reached and true, over all runs.
    #[must_use]
    pub fn hits(&self, name: &str) -> u64 {
        self.named(name).map(|count| count.hits).sum()
    }

    /// The highest value of the [`greenroom_core::watermark!`] of that name, if there was one.
    #[must_use]
    pub fn highest(&self, name: &str) -> Option<i64> {
        let seen = self.named(name).filter(|count| count.hits > 0);
        seen.map(|count| count.highest).max()
    }

    fn named(&self, name: &str) -> impl Iterator<Item = &Count> {
        self.counts.iter().filter(move |(site, _)| site.name() == name).map(|(_, count)| count)
    }

    pub(super) fn add(&mut self, tally: &Tally) {
        self.runs += 1;
        for &(site, count) in tally {
            self.counts.entry(site).or_default().add(count);
        }
    }

    /// A line for each assertion that has to be true once and never was: one that was asked, or
    /// stands in one of these modules.
    pub(super) fn missing(&self, covered: &[String]) -> String {
        let is_covered = |site: &&Site| {
            covered.iter().any(|module| {
                let below = site.module().strip_prefix(module.as_str());
                below.is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
            })
        };
        let once =
            |site: &&Site| matches!(site.asserted(), Asserted::Sometimes | Asserted::Reachable);
        let hit = |site: &Site| self.counts.get(site).is_some_and(|count| count.hits > 0);
        let asked = self.counts.keys().copied();
        let mut sites: Vec<&Site> =
            asked.chain(catalogue().into_iter().filter(is_covered)).collect();
        sites.sort_unstable();
        sites.dedup();
        let missing = sites.into_iter().filter(once).filter(|site| !hit(site));
        missing.map(|site| format!("\n  {site}")).collect()
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} runs", self.runs)?;
        for (site, count) in &self.counts {
            write!(f, "\n  {site}: true {} times, false {}", count.hits, count.misses)?;
            if site.asserted() == Asserted::Watermark {
                write!(f, ", highest {}", count.highest)?;
            }
        }
        Ok(())
    }
}
