//! What a seed was found in.
//!
//! A seed alone says little: with other faults, another number of shards or another testkit it is
//! another run. So the line that makes a failure again has a tag behind the seed, of the test's name
//! and of its settings, and a seed of this test that was found under other settings is refused rather
//! than run as if it were the same.

use std::fmt;

use greenroom_core::hash::mix;

use super::Campaign;
use super::environment::{Steering, parse};
use crate::runtime::Builder;

/// Which test, and which settings.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Tag {
    test: u16,
    settings: u16,
}

impl Tag {
    /// The tag of a run with these settings.
    pub(super) fn of(test: &str, builder: &Builder) -> Self {
        let version = env!("CARGO_PKG_VERSION");
        let settings = hashed(&format!("{version} {}", builder.what_counts()));
        Self { test: hashed(test), settings }
    }

    /// A seed, and the tag behind it if there is one.
    pub(super) fn parse_behind(text: &str) -> Option<(u64, Option<Self>)> {
        let Some((seed, tag)) = text.split_once('@') else { return Some((parse(text)?, None)) };
        let (test, settings) = tag.split_at_checked(4).filter(|(_, rest)| rest.len() == 4)?;
        let number = |digits| u16::from_str_radix(digits, 16).ok();
        Some((parse(seed)?, Some(Self { test: number(test)?, settings: number(settings)? })))
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "@{:04x}{:04x}", self.test, self.settings)
    }
}

impl Campaign {
    /// The tag of a seed.
    pub(super) fn tag(&self, seed: u64) -> Tag {
        Tag::of(&self.test, &self.builder(seed))
    }

    /// # Panics
    ///
    /// When the seed that the environment asks for was found in this test under other settings.
    pub(super) fn check_tag(&self, steering: &Steering) {
        let Some((seed, told)) = steering.seed.zip(steering.tag) else { return };
        let now = self.tag(seed);
        // What was found in another test is not compared: the name of one may be in that of another.
        assert!(
            told.test != now.test || told.settings == now.settings,
            "{}: seed {seed:#x} was found under other settings (nodes, shards, faults, limits, or \
             another version of the testkit), under these it is another run: SIM_SEED={seed:#x} \
             without the tag makes it, SIM_REPLAY with the failure's log the one that was found",
            self.test
        );
    }
}

fn hashed(text: &str) -> u16 {
    (text.bytes().fold(0, |hash, byte| mix(hash ^ u64::from(byte))) >> 48) as u16
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::faults::Faults;

    #[test]
    fn a_tag_is_read_behind_its_seed() {
        let tag = Tag { test: 0x12, settings: 0xfe };
        assert_eq!(Tag::parse_behind(&format!("0x1f{tag}")), Some((0x1f, Some(tag))));
        assert_eq!(Tag::parse_behind("31"), Some((31, None)));
        for text in ["1@", "1@12", "1@0012fe", "1@0012fexx", "@001200fe", "1@001200fe0"] {
            assert_eq!(Tag::parse_behind(text), None, "{text}");
        }
    }

    #[test]
    fn a_seed_of_other_settings_is_refused_and_one_of_another_test_is_not() {
        let of = |test: &str, shards: u16| {
            Campaign::new(test).runtime(move |builder, _| builder.shards(shards))
        };
        let told = of("a", 3).tag(7);
        let steering = |seed| Steering { seed: Some(seed), tag: Some(told), ..Steering::default() };
        of("a", 3).check_tag(&steering(7));
        of("b", 2).check_tag(&steering(7));
        let refused = std::panic::catch_unwind(|| of("a", 2).check_tag(&steering(7)));
        let said = refused.unwrap_err().downcast::<String>().unwrap();
        assert!(said.contains("under other settings"), "{said}");
    }

    #[test]
    fn what_changes_a_run_changes_its_tag() {
        let tag = |builder: Builder| Tag::of("a", &builder);
        let plain = tag(Builder::default());
        assert_eq!(tag(Builder::default().seed(3).keep_trace(true)), plain);
        let delays = Faults::none().delay_probability(0.1);
        for other in [
            Builder::default().nodes(2),
            Builder::default().faults(delays),
            Builder::default().fault_masks(true),
            Builder::default().turn_tasks(3),
            Builder::default().host("a", [10, 0, 0, 1].into()),
            Builder::default().turns_max(9),
        ] {
            assert_ne!(tag(other), plain);
        }
    }
}
