//! Currencies.

use core::fmt;

/// A currency: a code, and how many decimal places its minor unit is.
///
/// ```
/// use ledger::money::Currency;
///
/// let yen = Currency::new("JPY", 0)?;
/// assert_eq!((yen.code(), yen.exponent()), ("JPY", 0));
/// # Ok::<(), ledger::money::CurrencyError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Currency {
    code: [u8; Self::MAX_CODE],
    exponent: u8,
}

/// Why something is no currency.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CurrencyError {
    /// Not from 1 to 8 capital letters and digits.
    #[error("{0:?} is no currency's code: from 1 to 8 of A-Z and 0-9")]
    Code(String),
    /// Above 18.
    #[error("a minor unit of 10^-{0}: at most 18 decimal places are possible")]
    Exponent(u8),
}

impl Currency {
    /// The longest code.
    pub const MAX_CODE: usize = 8;
    /// The most decimal places.
    pub const MAX_EXPONENT: u8 = 18;

    /// A currency of this code whose minor unit is `10^-exponent`.
    ///
    /// # Errors
    ///
    /// A code that is not 1 to 8 of `A-Z` and `0-9`, or an exponent above 18.
    pub fn new(code: &str, exponent: u8) -> Result<Self, CurrencyError> {
        let good = |letter: u8| letter.is_ascii_uppercase() || letter.is_ascii_digit();
        if code.is_empty() || code.len() > Self::MAX_CODE || !code.bytes().all(good) {
            return Err(CurrencyError::Code(code.chars().take(32).collect()));
        }
        if exponent > Self::MAX_EXPONENT {
            return Err(CurrencyError::Exponent(exponent));
        }
        let mut bytes = [0; Self::MAX_CODE];
        bytes[..code.len()].copy_from_slice(code.as_bytes());
        Ok(Self { code: bytes, exponent })
    }

    /// The code.
    #[must_use]
    pub fn code(&self) -> &str {
        let length = self.code.iter().position(|byte| *byte == 0).unwrap_or(Self::MAX_CODE);
        // Only ASCII gets in.
        core::str::from_utf8(&self.code[..length]).unwrap_or_default()
    }

    /// How many decimal places the minor unit is.
    #[must_use]
    pub const fn exponent(&self) -> u8 {
        self.exponent
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.code(), self.exponent)
    }
}
