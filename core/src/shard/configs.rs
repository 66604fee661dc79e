//! Actor settings, kept once for all actors that share them.

use std::any::TypeId;
use std::cell::RefCell;
use std::rc::Rc;

use crate::actor::{Actor, ActorConfig};

/// The last settings used on the shard. Actors are mostly spawned in runs of one kind, so
/// comparing with the last few finds the shared copy nearly always.
#[derive(Debug, Default)]
pub(crate) struct Configs {
    /// Those that somebody chose.
    recent: RefCell<Vec<Rc<ActorConfig>>>,
    /// The default ones, under the name of the actor's type: the last used at the front.
    defaults: RefCell<Vec<(TypeId, Rc<ActorConfig>)>>,
}

const RECENT: usize = 8;

impl Configs {
    /// The settings under a name: without one they have that of the actor's type.
    pub(crate) fn share<A: Actor>(&self, mut config: ActorConfig) -> Rc<ActorConfig> {
        if !config.name.is_empty() {
            return Rc::new(config);
        }
        config.name = std::any::type_name::<A>().into();
        let mut recent = self.recent.borrow_mut();
        if let Some(shared) = recent.iter().find(|shared| ***shared == config) {
            return shared.clone();
        }
        let shared = Rc::new(config);
        if recent.len() == RECENT {
            recent.remove(0);
        }
        recent.push(shared.clone());
        shared
    }

    /// The default settings, under the name of the actor's type.
    #[inline]
    pub(crate) fn share_default<A: Actor>(&self) -> Rc<ActorConfig> {
        let defaults = self.defaults.borrow();
        match defaults.first() {
            Some((of, shared)) if *of == TypeId::of::<A>() => shared.clone(),
            _ => {
                drop(defaults);
                self.find_default(TypeId::of::<A>(), std::any::type_name::<A>())
            }
        }
    }

    #[cold]
    fn find_default(&self, of: TypeId, name: &'static str) -> Rc<ActorConfig> {
        let mut defaults = self.defaults.borrow_mut();
        let found = defaults.iter().position(|(type_id, _)| *type_id == of);
        let entry = match found {
            Some(index) => defaults.remove(index),
            None => (of, Rc::new(ActorConfig::named(name))),
        };
        let shared = entry.1.clone();
        defaults.insert(0, entry);
        defaults.truncate(RECENT);
        shared
    }
}
