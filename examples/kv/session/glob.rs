//! Redis's glob patterns: `*`, `?`, `[a-z]`, `[^a-z]`, and `\` before any of them. Case does not
//! matter.

/// Whether `pattern` matches all of `text`.
pub(super) fn matches(mut pattern: &[u8], mut text: &[u8]) -> bool {
    // Where to go on if what follows the last `*` does not match here: it then eats one byte more.
    // An earlier star never needs to be tried again, so the cost is the product of the lengths.
    let mut retry: Option<(&[u8], &[u8])> = None;
    loop {
        if let [b'*', rest @ ..] = pattern {
            retry = Some((rest, text));
            pattern = rest;
            continue;
        }
        match (text, one(pattern, text)) {
            ([], _) if pattern.is_empty() => return true,
            ([_, text_rest @ ..], Some(pattern_rest)) => {
                (pattern, text) = (pattern_rest, text_rest);
            }
            _ => {
                let Some((after_star, [_, text_rest @ ..])) = retry else { return false };
                retry = Some((after_star, text_rest));
                (pattern, text) = (after_star, text_rest);
            }
        }
    }
}

/// What is left of `pattern` once its first element has matched the first byte of `text`.
fn one<'p>(pattern: &'p [u8], text: &[u8]) -> Option<&'p [u8]> {
    let byte = text.first()?.to_ascii_lowercase();
    let (matched, rest) = match pattern {
        [] => return None,
        [b'?', rest @ ..] => (true, rest),
        [b'[', set @ ..] => one_of(set, byte),
        [b'\\', literal, rest @ ..] | [literal, rest @ ..] => {
            (literal.to_ascii_lowercase() == byte, rest)
        }
    };
    matched.then_some(rest)
}

/// Whether the set, whose `[` was read, holds `byte`; and what follows its `]`.
fn one_of(set: &[u8], byte: u8) -> (bool, &[u8]) {
    let (negated, mut set) = match set {
        [b'^', set @ ..] => (true, set),
        set => (false, set),
    };
    let mut found = false;
    loop {
        let (low, high);
        (low, high, set) = match set {
            // An open set ends with the pattern.
            [] => return (found != negated, set),
            [b']', rest @ ..] => return (found != negated, rest),
            [b'\\', literal, rest @ ..] => (*literal, *literal, rest),
            [low, b'-', high, rest @ ..] => (*low, *high, rest),
            [literal, rest @ ..] => (*literal, *literal, rest),
        };
        let (low, high) = (low.to_ascii_lowercase(), high.to_ascii_lowercase());
        found |= (low.min(high)..=low.max(high)).contains(&byte);
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn patterns() {
        let table = [
            ("save", "save", true),
            ("SAVE", "save", true),
            ("save", "saved", false),
            ("saved", "save", false),
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("*", "anything", true),
            ("max*", "maxmemory", true),
            ("*memory", "maxmemory", true),
            ("*mem*", "maxmemory", true),
            ("m*x*y", "maxmemory", true),
            ("m*z*y", "maxmemory", false),
            ("*a*b", "aab-ab", true),
            ("?", "", false),
            ("s?ve", "save", true),
            ("s[a-c]ve", "save", true),
            ("s[c-a]ve", "save", true),
            ("s[^a-c]ve", "save", false),
            ("s[^x]ve", "save", true),
            ("s[xA]ve", "save", true),
            ("s[", "sa", false),
            ("s[a", "sa", true),
            ("s[\\a]", "sa", true),
            ("\\*", "*", true),
            ("\\*", "a", false),
            ("a\\", "a\\", true),
            ("**a**", "bab", true),
        ];
        for (pattern, text, matched) in table {
            assert_eq!(matches(pattern.as_bytes(), text.as_bytes()), matched, "{pattern} {text}");
        }
    }

    #[test]
    fn many_stars_are_cheap() {
        let text = vec![b'a'; 10_000];
        let pattern = [b"*a".repeat(40), b"b".to_vec()].concat();
        assert!(!matches(&pattern, &text));
    }
}
