//! Putting sets together.

use std::collections::BTreeSet;

use crate::command::Combination;

/// What comes of `sets`, in their order; a set that is missing is empty.
pub(crate) fn combine<'m, S>(
    combination: Combination,
    sets: impl IntoIterator<Item = S>,
) -> BTreeSet<&'m [u8]>
where
    S: IntoIterator<Item = &'m [u8]>,
{
    let mut sets = sets.into_iter();
    let mut members: BTreeSet<&[u8]> = sets.next().into_iter().flatten().collect();
    for set in sets {
        match combination {
            Combination::Union => members.extend(set),
            Combination::Inter => {
                members = set.into_iter().filter(|member| members.contains(member)).collect();
            }
            Combination::Diff => set.into_iter().for_each(|member| {
                members.remove(member);
            }),
        }
    }
    members
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_combination() {
        let sets = [&["a", "b", "c"][..], &["b", "c", "d"], &["c"]];
        for (combination, expected) in [
            (Combination::Inter, &["c"][..]),
            (Combination::Union, &["a", "b", "c", "d"]),
            (Combination::Diff, &["a"]),
        ] {
            let sets = sets.iter().map(|set| set.iter().map(|member| member.as_bytes()));
            let members = combine(combination, sets);
            assert!(members.into_iter().eq(expected.iter().map(|member| member.as_bytes())));
        }
    }
}
