//! Ranges of indices, where negative ones count from the end.

/// The elements from index `first` to index `last`, both included, of `len` that there are: the
/// place of the first one and how many there are.
pub(super) fn stretch(first: i64, last: i64, len: usize) -> Option<(usize, usize)> {
    let len_signed = len as i64;
    let from_end = |index: i64| if index < 0 { index.saturating_add(len_signed) } else { index };
    let first = from_end(first).max(0);
    let last = from_end(last).min(len_signed - 1);
    // Both are between 0 and the length now, unless nothing lies between.
    (first <= last).then(|| (first as usize, (last - first) as usize + 1))
}

#[cfg(test)]
mod tests {
    use super::stretch;

    #[test]
    fn indices_from_both_ends() {
        for (first, last, expected) in [
            (0, -1, Some((0, 5))),
            (1, 2, Some((1, 2))),
            (-2, -1, Some((3, 2))),
            (-100, 100, Some((0, 5))),
            (4, 4, Some((4, 1))),
            (5, 9, None),
            (3, 2, None),
            (-1, -2, None),
            (0, -6, None),
            (i64::MIN, i64::MAX, Some((0, 5))),
            (i64::MAX, i64::MIN, None),
        ] {
            assert_eq!(stretch(first, last, 5), expected, "{first} {last}");
        }
        assert_eq!(stretch(0, -1, 0), None);
    }
}
