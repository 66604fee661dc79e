//! The bug that a test plants: see `ServerLimits::stale_reads`.

use super::Keeper;
use crate::exec::Batch;

impl Keeper {
    /// Puts what was answered to each `GET` the time before in place of its answer. `reads` are the
    /// keys of the `GET`s in the batch, each at its place.
    pub(super) fn with_stale_reads(&mut self, reads: &[Option<String>], batch: &mut Batch) {
        let Some(stale) = &mut self.stale else { return };
        batch.rewrite(|number, reply| match &reads[number] {
            None => reply.to_vec(),
            Some(key) => {
                let before = stale.insert(key.clone(), reply.to_vec());
                before.unwrap_or_else(|| reply.to_vec())
            }
        });
    }
}
