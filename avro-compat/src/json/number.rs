//! Numbers as they were written, and exactly.

use std::borrow::Cow;

/// A number, whose text is kept: it may be larger or finer than any machine number.
#[derive(Clone, Copy, Debug)]
pub struct Number<'a> {
    text: &'a str,
}

impl<'a> Number<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text }
    }

    /// As it was written.
    pub fn text(self) -> &'a str {
        self.text
    }

    /// True if it was written without fraction and exponent: `1`, not `1.0`.
    pub fn is_integer(self) -> bool {
        !self.text.bytes().any(|it| matches!(it, b'.' | b'e' | b'E'))
    }

    /// Its value, if it was written as an integer and fits.
    pub fn as_i64(self) -> Option<i64> {
        if self.is_integer() { self.text.parse().ok() } else { None }
    }

    /// The `double` nearest to it; infinite if it is beyond them.
    pub fn as_f64(self) -> f64 {
        // Every JSON number is one for Rust.
        self.text.parse().unwrap_or(f64::NAN)
    }

    /// The `float` nearest to it; infinite if it is beyond them. Rounded once, not by way of a `double`.
    pub fn as_f32(self) -> f32 {
        self.text.parse().unwrap_or(f32::NAN)
    }

    /// Sign, digits from the first to the last that is not zero, and the power of ten of the last.
    fn parts(self) -> (bool, Cow<'a, str>, i128) {
        let (negative, unsigned) = match self.text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, self.text),
        };
        let (mantissa, exponent) = match unsigned.find(['e', 'E']) {
            Some(at) => (&unsigned[..at], exponent(&unsigned[at + 1..])),
            None => (unsigned, 0),
        };
        let (digits, power) = match mantissa.split_once('.') {
            Some((whole, fraction)) => {
                (Cow::Owned([whole, fraction].concat()), exponent - fraction.len() as i128)
            }
            None => (Cow::Borrowed(mantissa), exponent),
        };
        let kept = digits.trim_end_matches('0').len();
        let power = power + (digits.len() - kept) as i128;
        let leading = digits.len() - digits.trim_start_matches('0').len();
        if leading >= kept {
            return (negative, Cow::Borrowed(""), 0);
        }
        let digits = match digits {
            Cow::Borrowed(it) => Cow::Borrowed(&it[leading..kept]),
            Cow::Owned(it) => Cow::Owned(it[leading..kept].to_owned()),
        };
        (negative, digits, power)
    }
}

/// Exponents beyond all bounds are as good as the bound: no text is long enough to make up for it.
fn exponent(text: &str) -> i128 {
    let bound = i128::from(i64::MAX);
    match text.parse::<i128>() {
        Ok(exponent) => exponent.clamp(-bound, bound),
        Err(_) if text.starts_with('-') => -bound,
        Err(_) => bound,
    }
}

/// Equal are numbers of one value, however written: `1`, `1.0` and `10e-1`. `-0` is not `0`.
impl PartialEq for Number<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text || self.parts() == other.parts()
    }
}

impl Eq for Number<'_> {}
