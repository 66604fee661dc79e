//! Which events of a trace are looked at.

use super::{Trace, Words};

/// What is asked for; everything by default.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(crate) struct Selection {
    /// Events about actors with this in their name.
    pub(crate) actor: Option<String>,
    /// Events of this node.
    pub(crate) node: Option<u16>,
    /// Events of at most [`AROUND`] before and after this one.
    pub(crate) around: Option<u64>,
    /// The last so many of those.
    pub(crate) last: Option<usize>,
}

/// Events on each side of the one that is looked around.
const AROUND: u64 = 50;

impl Selection {
    /// The places of the events in the trace, in order.
    pub(crate) fn of(&self, trace: &Trace, words: &Words<'_>) -> Vec<usize> {
        let asked = |record: &super::Record| {
            let near = |seq: u64| record.seq.abs_diff(seq) <= AROUND;
            let about = |actor: &String| words.actor(record).is_some_and(|is| is.contains(actor));
            self.around.is_none_or(near)
                && self.node.is_none_or(|node| record.node == node)
                && self.actor.as_ref().is_none_or(about)
        };
        let records = trace.records.iter().enumerate();
        let chosen: Vec<usize> =
            records.filter(|(_, record)| asked(record)).map(|(index, _)| index).collect();
        let first = self.last.map_or(0, |last| chosen.len().saturating_sub(last));
        chosen[first..].to_vec()
    }

    /// The stretch of the run that it is about, with all events in it.
    pub(super) fn stretch(&self) -> Self {
        Self { actor: None, node: None, ..self.clone() }
    }

    /// What narrows the stretch, in the words of the page's search.
    pub(super) fn as_query(&self) -> String {
        let node = self.node.map(|node| format!("n{node}"));
        node.into_iter().chain(self.actor.clone()).collect::<Vec<_>>().join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn filters_narrow_one_another() {
        let trace = sample::trace();
        let words = Words::of(&trace);
        let seqs = |selection: Selection| {
            let chosen = selection.of(&trace, &words);
            chosen.into_iter().map(|index| trace.records[index].seq).collect::<Vec<_>>()
        };
        let all = Selection::default;
        assert_eq!(seqs(all()).len(), 13);
        assert_eq!(seqs(Selection { node: Some(1), ..all() }), [998, 999]);
        let vault = Selection { actor: Some("vau".into()), ..all() };
        assert_eq!(seqs(vault.clone()), [995, 996, 997]);
        assert_eq!(seqs(Selection { last: Some(2), ..vault }), [996, 997]);
        assert_eq!(seqs(Selection { around: Some(900), ..all() }), Vec::<u64>::new());
        assert_eq!(seqs(Selection { around: Some(940), ..all() }), [987, 988, 989, 990]);
    }
}
