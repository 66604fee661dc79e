//! `maybe!` in a build for simulations, and in one that is not.

use crate::maybe;

/// Compiles only where a site is a constant, so nothing of it can be left in the program; what it
/// is given is not asked either.
#[cfg(not(feature = "sim"))]
#[test]
fn without_the_feature_a_site_is_the_constant_false() {
    const SITE: bool = maybe!("a site", panic!("asked"));
    const { assert!(!SITE) };
}

#[cfg(feature = "sim")]
#[test]
fn with_the_feature_only_a_simulations_driver_says_yes() {
    assert!(!maybe!("a site", 1.0), "outside any shard");
    let rig = crate::testing::Rig::new(1);
    assert!(!rig.shards[0].enter(|| maybe!("a site", 1.0)), "a driver of another kind");
}
