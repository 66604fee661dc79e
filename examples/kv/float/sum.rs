//! Sums of numbers that are texts.
//!
//! Redis adds with the 64 bits of an x87 long double and prints 17 decimals of the sum, so that 0.1
//! and 0.2 are 0.3 there. Here numbers of up to 17 decimals and 21 digits before the point are
//! added as what they are, decimals, and the sum is exact; all others are added as doubles.

/// Decimals that a sum is printed with.
const DECIMALS: i32 = 17;

/// One, in units of the last decimal.
const ONE: i128 = 10_i128.pow(DECIMALS as u32);

/// What a sum came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Sum {
    /// The text of a number.
    Finite(String),
    /// No number.
    Infinite,
}

/// The sum of what `a` and `b` spell, both of which [`super::parse()`] takes for numbers.
pub(crate) fn sum(a: &[u8], b: &[u8]) -> Sum {
    let exact = || scaled(a)?.checked_add(scaled(b)?);
    if let Some(sum) = exact() {
        let sign = if sum < 0 { "-" } else { "" };
        let (whole, fraction) =
            (sum.unsigned_abs() / ONE as u128, sum.unsigned_abs() % ONE as u128);
        return Sum::Finite(trimmed(format!("{sign}{whole}.{fraction:017}")));
    }
    let number = |text| super::parse(text).unwrap_or(f64::NAN);
    let sum = number(a) + number(b);
    if sum.is_finite() { Sum::Finite(trimmed(format!("{sum:.17}"))) } else { Sum::Infinite }
}

/// The number in units of the last decimal, if it is a whole one of those.
fn scaled(text: &[u8]) -> Option<i128> {
    let text = std::str::from_utf8(text).ok()?;
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let fraction = fraction.trim_end_matches('0');
    let units: i128 = format!("{whole}{fraction}").parse().ok()?;
    let shift = DECIMALS.checked_add(exponent)?.checked_sub(i32::try_from(fraction.len()).ok()?)?;
    if units == 0 {
        return Some(0);
    }
    units.checked_mul(10_i128.checked_pow(u32::try_from(shift).ok()?)?)
}

/// Without zeros that say nothing.
fn trimmed(text: String) -> String {
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_add_up() {
        for (a, b, expected) in [
            ("0.1", "0.2", "0.3"),
            ("3.0", "1.1", "4.1"),
            ("5.0e3", "2.0e2", "5200"),
            ("10.5", "-10.5", "0"),
            ("-0.25", "0", "-0.25"),
            ("1", "1e-17", "1.00000000000000001"),
            ("100000000000000000000", "1", "100000000000000000001"),
            ("+.5", "5.", "5.5"),
            ("1e300", "0", &format!("{:.0}", 1e300)),
            ("0e99", "7", "7"),
            ("1e-30", "0", "0"),
        ] {
            assert_eq!(
                sum(a.as_bytes(), b.as_bytes()),
                Sum::Finite(expected.to_owned()),
                "{a} {b}"
            );
        }
        for (a, b) in [("inf", "1"), ("1e308", "1e308"), ("inf", "-inf")] {
            assert_eq!(sum(a.as_bytes(), b.as_bytes()), Sum::Infinite, "{a} {b}");
        }
    }
}
