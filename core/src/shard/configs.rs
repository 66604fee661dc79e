//! Actor settings, kept once for all actors that share them.

use std::cell::RefCell;
use std::rc::Rc;

use crate::actor::ActorConfig;

/// The last settings used on the shard. Actors are mostly spawned in runs of one kind, so
/// comparing with the last few finds the shared copy nearly always.
#[derive(Debug, Default)]
pub(crate) struct Configs {
    recent: RefCell<Vec<Rc<ActorConfig>>>,
}

const RECENT: usize = 8;

impl Configs {
    pub(crate) fn share(&self, config: ActorConfig) -> Rc<ActorConfig> {
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
}
