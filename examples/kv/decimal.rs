//! Canonical decimal text of 64-bit integers.
//!
//! Redis takes an integer in exactly one spelling: no leading zero, no plus sign, no blank, no
//! `-0`. That makes text and number interchangeable, which is why a counter can be stored as its
//! text and why `INCR` may rewrite it without changing what `GET` would have answered.

/// Longest text of an `i64`: a sign and 19 digits.
const TEXT_LEN_MAX: usize = 20;

/// The integer that `text` spells, or `None` if `text` is not its canonical spelling or does not
/// fit.
pub(crate) fn parse_i64(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    match digits {
        [b'0'] if !negative => return Some(0),
        // Nineteen digits cannot overflow a u64, so the loop below needs no check.
        [b'1'..=b'9', ..] if digits.len() < TEXT_LEN_MAX => {}
        _ => return None,
    }
    let mut magnitude = 0_u64;
    for byte in digits {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        magnitude = magnitude * 10 + u64::from(digit);
    }
    if negative { 0_i64.checked_sub_unsigned(magnitude) } else { i64::try_from(magnitude).ok() }
}

/// The text of one integer, formatted without allocating.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Decimal {
    text: [u8; TEXT_LEN_MAX],
    start: usize,
}

impl Decimal {
    /// Formats `number`.
    pub(crate) fn new(number: i64) -> Self {
        let mut decimal = Self { text: [0; TEXT_LEN_MAX], start: TEXT_LEN_MAX };
        let mut rest = number.unsigned_abs();
        // Two digits a division: the division is what costs.
        while rest >= 10 {
            let pair = (rest % 100) as usize * 2;
            rest /= 100;
            decimal.push_front(PAIRS[pair + 1]);
            decimal.push_front(PAIRS[pair]);
        }
        // The last pair of an even count of digits leaves nothing, except for zero itself.
        if rest > 0 || decimal.start == TEXT_LEN_MAX {
            decimal.push_front(b'0' + rest as u8);
        }
        if number < 0 {
            decimal.push_front(b'-');
        }
        decimal
    }

    /// The text.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.text[self.start..]
    }

    fn push_front(&mut self, byte: u8) {
        self.start -= 1;
        self.text[self.start] = byte;
    }
}

/// "00" to "99", one after the other.
static PAIRS: [u8; 200] = pairs();

const fn pairs() -> [u8; 200] {
    let mut pairs = [0; 200];
    let mut number = 0;
    while number < 100 {
        pairs[number * 2] = b'0' + (number / 10) as u8;
        pairs[number * 2 + 1] = b'0' + (number % 10) as u8;
        number += 1;
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_exactly_the_canonical_spelling() {
        let accepted: [(&[u8], i64); 9] = [
            (b"0", 0),
            (b"7", 7),
            (b"-1", -1),
            (b"10", 10),
            (b"100", 100),
            (b"9223372036854775807", i64::MAX),
            (b"-9223372036854775808", i64::MIN),
            (b"-9223372036854775807", i64::MIN + 1),
            (b"1000000000000000000", 1_000_000_000_000_000_000),
        ];
        for (text, number) in accepted {
            assert_eq!(parse_i64(text), Some(number), "{}", text.escape_ascii());
        }
        let refused: [&[u8]; 18] = [
            b"",
            b"-",
            b"+1",
            b"-0",
            b"00",
            b"01",
            b"-01",
            b" 1",
            b"1 ",
            b"1\n",
            b"0x10",
            b"1.0",
            b"1e3",
            b"--1",
            b"9223372036854775808",
            b"-9223372036854775809",
            b"18446744073709551616",
            b"99999999999999999999",
        ];
        for text in refused {
            assert_eq!(parse_i64(text), None, "{}", text.escape_ascii());
        }
    }

    #[test]
    fn formats_as_the_standard_library_does() {
        let mut numbers = vec![0, 1, 9, 10, 11, 99, 100, 101, 999, 1000, i64::MAX, i64::MIN];
        for shift in 0..63 {
            numbers.extend([1 << shift, (1 << shift) - 1, -(1 << shift)]);
        }
        for exponent in 0..19 {
            let power = 10_i64.pow(exponent);
            numbers.extend([power, power - 1, -power, 1 - power]);
        }
        for number in numbers {
            let decimal = Decimal::new(number);
            assert_eq!(decimal.as_bytes(), number.to_string().as_bytes());
            assert_eq!(parse_i64(decimal.as_bytes()), Some(number));
        }
    }
}
