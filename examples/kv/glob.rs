//! Redis's glob patterns: `*`, `?`, `[a-z]`, `[^a-z]`, and `\` before any of them.

/// Whether `A` is `a`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Case {
    /// It is not: names of keys and channels.
    Sensitive,
    /// It is: names of parameters.
    Ignored,
}

impl Case {
    fn fold(self, byte: u8) -> u8 {
        match self {
            Self::Sensitive => byte,
            Self::Ignored => byte.to_ascii_lowercase(),
        }
    }
}

/// Whether `pattern` matches all of `text`.
pub(crate) fn matches(mut pattern: &[u8], mut text: &[u8], case: Case) -> bool {
    // Where to go on if what follows the last `*` does not match here: it then eats one byte more.
    // An earlier star never needs to be tried again, so the cost is the product of the lengths.
    let mut retry: Option<(&[u8], &[u8])> = None;
    loop {
        if let [b'*', rest @ ..] = pattern {
            retry = Some((rest, text));
            pattern = rest;
            continue;
        }
        match (text, one(pattern, text, case)) {
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
fn one<'p>(pattern: &'p [u8], text: &[u8], case: Case) -> Option<&'p [u8]> {
    let byte = case.fold(*text.first()?);
    let (matched, rest) = match pattern {
        [] => return None,
        [b'?', rest @ ..] => (true, rest),
        [b'[', set @ ..] => one_of(set, byte, case),
        [b'\\', literal, rest @ ..] | [literal, rest @ ..] => (case.fold(*literal) == byte, rest),
    };
    matched.then_some(rest)
}

/// Whether the set, whose `[` was read, holds `byte`; and what follows its `]`.
fn one_of(set: &[u8], byte: u8, case: Case) -> (bool, &[u8]) {
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
        let (low, high) = (case.fold(low), case.fold(high));
        found |= (low.min(high)..=low.max(high)).contains(&byte);
    }
}

#[cfg(test)]
mod tests {
    use super::{Case, matches};

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
            let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
            let shown = pattern.escape_ascii();
            assert_eq!(matches(pattern, text, Case::Ignored), matched, "{shown}");
            let upper = pattern.iter().any(u8::is_ascii_uppercase);
            assert_eq!(matches(pattern, text, Case::Sensitive), matched && !upper, "{shown}");
        }
    }

    #[test]
    fn many_stars_are_cheap() {
        let text = vec![b'a'; 10_000];
        let pattern = [b"*a".repeat(40), b"b".to_vec()].concat();
        assert!(!matches(&pattern, &text, Case::Ignored));
    }
}
