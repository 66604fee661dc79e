//! The sites of `maybe!`, in one run.
//!
//! A site that fires now and then under every seed is one more noise in all of them. So each is
//! active under one seed in four, all others are plain `false` there, and a seed shows what two or
//! three of them do together.

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::draws::{SURE, Site, place_of};
use crate::faults::parts;
use crate::trace::Kind;
use crate::world::World;

/// A site of `maybe!` that a run came by.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct MaybeSite {
    /// Its name.
    pub name: &'static str,
    /// Whether it is active in this run.
    pub active: bool,
    /// How often it has fired.
    pub fired: u64,
}

/// The sites that a run has come by.
#[derive(Debug, Default)]
pub(crate) struct MaybeSites(RefCell<BTreeMap<&'static str, MaybeSite>>);

/// How many seeds a site is active under.
const ACTIVE: u32 = SURE / 4;

impl MaybeSites {
    /// All of them, by name.
    pub(crate) fn all(&self) -> Vec<MaybeSite> {
        self.0.borrow().values().copied().collect()
    }
}

impl World {
    /// Whether a site fires now, on that shard.
    pub(crate) fn maybe(&self, shard: u32, name: &'static str, probability: f64) -> bool {
        let parts = parts(probability);
        let place = place_of(name);
        let mut sites = self.maybe_sites.0.borrow_mut();
        let site = sites.entry(name).or_insert_with(|| {
            let active = self.draws.chance(Site::Maybe, place, ACTIVE);
            MaybeSite { name, active, fired: 0 }
        });
        let fires = site.active && self.draws.seldom(Site::Maybe, place, parts);
        if fires {
            site.fired += 1;
            self.note(shard, Kind::Maybe, place, site.fired);
        }
        fires
    }
}
