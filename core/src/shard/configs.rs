//! Actor settings, kept once for all actors that share them.

use std::cell::RefCell;
use std::rc::Rc;

use super::kinds::{Kind, Kinds};
use crate::actor::{Actor, ActorConfig};

/// Settings, and the kind of the actors that have them.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) config: ActorConfig,
    pub(crate) kind: Rc<Kind>,
    /// Whether somebody chose the name.
    pub(crate) named: bool,
}

/// The last settings used on the shard. Actors are mostly spawned in runs of one kind, so
/// comparing with the last few finds the shared copy nearly always.
#[derive(Debug, Default)]
pub(crate) struct Configs {
    /// Those that somebody chose.
    recent: RefCell<Vec<Rc<Settings>>>,
    /// The default ones, under the name of the actor's type: the last used at the front.
    defaults: RefCell<Vec<Rc<Settings>>>,
    pub(super) kinds: Kinds,
}

const RECENT: usize = 8;

impl Configs {
    /// The settings under a name: without one they have that of the actor's type.
    pub(crate) fn share<A: Actor>(&self, mut config: ActorConfig) -> Rc<Settings> {
        if !config.name.is_empty() {
            return Rc::new(Settings { config, kind: self.kinds.of::<A>(), named: true });
        }
        config.name = std::any::type_name::<A>().into();
        let mut recent = self.recent.borrow_mut();
        let same = |shared: &&Rc<Settings>| shared.kind.is_of::<A>() && shared.config == config;
        if let Some(shared) = recent.iter().find(same) {
            return shared.clone();
        }
        let shared = Rc::new(Settings { config, kind: self.kinds.of::<A>(), named: false });
        if recent.len() == RECENT {
            recent.remove(0);
        }
        recent.push(shared.clone());
        shared
    }

    /// The default settings, under the name of the actor's type.
    #[inline]
    pub(crate) fn share_default<A: Actor>(&self) -> Rc<Settings> {
        let defaults = self.defaults.borrow();
        match defaults.first() {
            Some(shared) if shared.kind.is_of::<A>() => shared.clone(),
            _ => {
                drop(defaults);
                self.find_default::<A>()
            }
        }
    }

    #[cold]
    fn find_default<A: Actor>(&self) -> Rc<Settings> {
        let mut defaults = self.defaults.borrow_mut();
        let found = defaults.iter().position(|shared| shared.kind.is_of::<A>());
        let shared = match found {
            Some(index) => defaults.remove(index),
            None => {
                let config = ActorConfig::named(std::any::type_name::<A>());
                Rc::new(Settings { config, kind: self.kinds.of::<A>(), named: false })
            }
        };
        defaults.insert(0, shared.clone());
        defaults.truncate(RECENT);
        shared
    }
}
