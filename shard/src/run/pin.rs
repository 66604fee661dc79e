//! Which core a shard's thread may run on.

use super::StartError;
use crate::driver::Cores;

/// How the threads of shards are bound to cores.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
#[non_exhaustive]
pub enum Pin {
    /// Each shard to a core of its own, in the order of their numbers. Where there are more shards
    /// than cores this process may use, none is bound.
    #[default]
    Cores,
    /// Shard `n` to the core at place `n` of the list, beginning again at its end. The numbers are
    /// the operating system's.
    To(Vec<usize>),
    /// None: the operating system moves threads as it likes.
    None,
}

impl Pin {
    /// The core of each shard.
    ///
    /// # Errors
    ///
    /// [`StartError::Core`] when the list names a core that is not among `allowed`, or none at all.
    pub(super) fn cores(
        &self,
        shards: u16,
        allowed: &Cores,
    ) -> Result<Vec<Option<usize>>, StartError> {
        let shards = usize::from(shards);
        let allowed = allowed.numbers();
        match self {
            Self::None => Ok(vec![None; shards]),
            Self::Cores if shards > allowed.len() => Ok(vec![None; shards]),
            Self::Cores => Ok(allowed[..shards].iter().copied().map(Some).collect()),
            Self::To(list) if list.is_empty() => Err(StartError::Core(None)),
            Self::To(list) => list
                .iter()
                .cycle()
                .take(shards)
                .map(|core| match allowed.contains(core) {
                    true => Ok(Some(*core)),
                    false => Err(StartError::Core(Some(*core))),
                })
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_get_cores_of_their_own_or_none() {
        let one = Cores::one(3);
        assert_eq!(Pin::Cores.cores(1, &one).unwrap(), [Some(3)]);
        assert_eq!(Pin::Cores.cores(2, &one).unwrap(), [None, None]);
        assert_eq!(Pin::None.cores(1, &one).unwrap(), [None]);
    }

    #[test]
    fn a_list_is_gone_through_again_and_again() {
        let one = Cores::one(3);
        assert_eq!(Pin::To(vec![3]).cores(3, &one).unwrap(), [Some(3); 3]);
        assert!(matches!(Pin::To(vec![]).cores(1, &one), Err(StartError::Core(None))));
        assert!(matches!(Pin::To(vec![3, 4]).cores(2, &one), Err(StartError::Core(Some(4)))));
    }
}
