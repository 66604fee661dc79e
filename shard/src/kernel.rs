//! Which kernel this is.

/// Its major and minor version; `None` where it calls itself something else.
pub(crate) fn version() -> Option<(u32, u32)> {
    parse(rustix::system::uname().release().to_str().ok()?)
}

/// The version in a release such as `6.1.0-18-amd64`.
fn parse(release: &str) -> Option<(u32, u32)> {
    let mut numbers = release.trim().split(|c: char| !c.is_ascii_digit());
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_read_from_a_release() {
        assert_eq!(parse("6.1.0-18-amd64"), Some((6, 1)));
        assert_eq!(parse("5.10"), Some((5, 10)));
        assert_eq!(parse("unknown"), None);
        assert!(version() >= Some((5, 8)), "{:?} runs no shard", version());
    }
}
