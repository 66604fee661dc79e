//! Text of floating-point numbers, as Redis reads and writes them.

use std::io::Write;

/// Most significant digits that are written: enough to tell any two numbers apart.
const DIGITS: i32 = 17;

/// The number that `text` spells, if it is one that is finite or spelled as infinite.
///
/// What C's `strtod` takes, but for hexadecimal. A number too large or too small for a double is
/// none, and neither is NaN.
pub(crate) fn parse(text: &[u8]) -> Option<f64> {
    let spelled = std::str::from_utf8(text).ok()?;
    let number: f64 = spelled.parse().ok()?;
    let digits = || text.iter().take_while(|byte| !byte.eq_ignore_ascii_case(&b'e'));
    let fits = if number.is_infinite() {
        text.iter().any(u8::is_ascii_alphabetic) && !text.iter().any(u8::is_ascii_digit)
    } else if number == 0.0 {
        !digits().any(|byte| matches!(byte, b'1'..=b'9'))
    } else {
        !number.is_nan()
    };
    fits.then_some(number)
}

/// The text of a number, as C's `%.17g` has it, written without allocating.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Text {
    bytes: [u8; 32],
    len: usize,
}

impl Text {
    /// Formats `number`.
    pub(crate) fn new(number: f64) -> Self {
        let mut text = Self { bytes: [0; 32], len: 0 };
        if number.is_infinite() {
            text.put(if number > 0.0 { b"inf" } else { b"-inf" });
            return text;
        }
        let mut digits = [0; 32];
        let mut rest = &mut digits[..];
        // A sign, 17 digits, a point and an exponent of at most four characters fit.
        write!(rest, "{number:.16e}").expect("a double in scientific form has 24 characters");
        let unused = rest.len();
        text.lay_out(&digits[..32 - unused]);
        text
    }

    /// The text.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    /// Lays `d.dddde±x` out as `%g` does: without exponent where that is short.
    fn lay_out(&mut self, scientific: &[u8]) {
        let at = scientific.iter().position(|&byte| byte == b'e').unwrap_or(scientific.len());
        let (mantissa, exponent) = scientific.split_at(at);
        let exponent = std::str::from_utf8(&exponent[1..]).ok().and_then(|e| e.parse().ok());
        let exponent: i32 = exponent.unwrap_or(0);
        let mantissa = match mantissa.strip_prefix(b"-") {
            Some(mantissa) => {
                self.put(b"-");
                mantissa
            }
            None => mantissa,
        };
        let mut digits = [b'0'; DIGITS as usize];
        let found = mantissa.iter().filter(|byte| byte.is_ascii_digit());
        digits.iter_mut().zip(found).for_each(|(digit, found)| *digit = *found);
        let significant = digits.iter().rposition(|&digit| digit != b'0').map_or(1, |at| at + 1);
        if !(-4..DIGITS).contains(&exponent) {
            self.put_pointed(&digits[..significant], 1);
            self.put(if exponent < 0 { b"e-" } else { b"e+" });
            if exponent.unsigned_abs() < 10 {
                self.put(b"0");
            }
            self.put(crate::decimal::Decimal::new(exponent.abs().into()).as_bytes());
        } else if exponent < 0 {
            self.put(b"0.");
            (exponent..-1).for_each(|_| self.put(b"0"));
            self.put(&digits[..significant]);
        } else {
            let whole = exponent as usize + 1;
            self.put_pointed(&digits[..significant.max(whole)], whole);
        }
    }

    /// Digits with a point after the first `whole`, if any follow.
    fn put_pointed(&mut self, digits: &[u8], whole: usize) {
        let (whole, fraction) = digits.split_at(whole);
        self.put(whole);
        if !fraction.is_empty() {
            self.put(b".");
            self.put(fraction);
        }
    }

    fn put(&mut self, bytes: &[u8]) {
        self.bytes[self.len..][..bytes.len()].copy_from_slice(bytes);
        self.len += bytes.len();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_that_of_seventeen_digits() {
        let table = [
            (0.0, "0"),
            (1.0, "1"),
            (-1.5, "-1.5"),
            (0.1, "0.10000000000000001"),
            (100.0, "100"),
            (123_456_789.125, "123456789.125"),
            (1e16, "10000000000000000"),
            (1e17, "1e+17"),
            (1.234_567_890_123_456_8e17, "1.2345678901234568e+17"),
            (1e20, "1e+20"),
            (1e-4, "0.0001"),
            (1e-5, "1.0000000000000001e-05"),
            (-1e300, "-1.0000000000000001e+300"),
            (f64::MIN_POSITIVE, "2.2250738585072014e-308"),
            (f64::INFINITY, "inf"),
            (f64::NEG_INFINITY, "-inf"),
        ];
        for (number, text) in table {
            assert_eq!(Text::new(number).as_bytes(), text.as_bytes(), "{number}");
            assert_eq!(parse(text.as_bytes()), Some(number));
        }
    }

    #[test]
    fn accepts_numbers_only() {
        for (text, number) in [("+1", 1.0), (".5", 0.5), ("5.", 5.0), ("1E3", 1e3), ("0e5", 0.0)] {
            assert_eq!(parse(text.as_bytes()), Some(number), "{text}");
        }
        for text in ["inf", "+INF", "Infinity"] {
            assert_eq!(parse(text.as_bytes()), Some(f64::INFINITY), "{text}");
        }
        for text in ["", " 1", "1 ", "nan", "-NaN", "1e400", "1e-400", "x", "1e", "--1", "1\0"] {
            assert_eq!(parse(text.as_bytes()), None, "{text:?}");
        }
    }
}
