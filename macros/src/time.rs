//! Times as people write them.

/// The units, in milliseconds.
const UNITS: [(&str, u64); 4] = [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000)];

/// A whole number of milliseconds, seconds, minutes or hours, in milliseconds.
pub(crate) fn millis(text: &str) -> Option<u64> {
    let end = text.find(|c: char| !c.is_ascii_digit())?;
    let count: u64 = text[..end].parse().ok()?;
    let (_, unit) = UNITS.into_iter().find(|(name, _)| *name == &text[end..])?;
    count.checked_mul(unit)
}
